//! From a case to its two observations: worlds, sessions, observers, in order.
//!
//! | file | holds |
//! |---|---|
//! | `options` | [`RunOptions`]: what all runs of one invocation have in common |
//! | `twin` | [`Play`]: what a case, or its twin, plays |
//! | `premises` | [`Premises`]: one home with its bus and its keyring |
//! | `stage` | [`Stage`]: one world with everyone who watches it |
//! | `beacon` | the leaks that prove the observers |
//! | `tap` | what crosses the bus and reaches the authority, scanned |
//! | `plant` | what is put into the world before a session |
//! | `conversation` | one session's requests and replies |
//! | `episode` | [`observe`]: a whole script in a fresh world |
//! | `schedule` | [`run_cases`]: many cases, several at a time, twins shared |

mod beacon;
mod conversation;
mod episode;
mod options;
mod plant;
mod premises;
mod schedule;
mod stage;
mod tap;
mod twin;

pub use beacon::BeaconError;
pub use conversation::{Interrupted, Patience};
pub use episode::observe;
pub use options::RunOptions;
pub use plant::PlantError;
pub use premises::{Premises, PremisesError};
pub use schedule::{CaseRun, Observations, Progress, run_cases};
pub use stage::{Performance, Seen, Stage, StageError};
pub use twin::Play;
