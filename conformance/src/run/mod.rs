//! From a case to its two observations: worlds, sessions, observers, in order.
//!
//! | file | holds |
//! |---|---|
//! | `options` | [`RunOptions`]: what all runs of one invocation have in common |
//! | `twin` | [`Play`]: what a case, or its twin, plays |
//! | `premises` | [`Premises`]: one home with whatever protects it |
//! | `stage` | [`Stage`]: one world with everyone who watches it |
//! | `beacon` | the leaks that prove the observers |
//! | `tap` | what reaches the authority, scanned |
//! | `plant` | what is put into the world before a session |
//! | `performance` | [`Performance`]: what a script asks of one session |
//! | `live` | a session that runs, whoever speaks in it |
//! | `session` | one session: its process, its conversation, what it left |
//! | `conversation` | its requests and replies |
//! | `meeting` | holds sessions that overlap at their rendezvous |
//! | `kept` | what sessions give back for later ones |
//! | `episode` | [`observe`]: a whole script in a fresh world |
//! | `visit` | [`visit()`]: a command of a person's in a world, without an adapter |
//! | `schedule` | [`run_cases`]: many cases, several at a time, twins shared |

mod beacon;
mod conversation;
mod episode;
mod kept;
mod live;
mod meeting;
mod options;
mod performance;
mod plant;
mod premises;
mod schedule;
mod session;
mod stage;
mod tap;
mod twin;
#[cfg(target_os = "linux")]
mod visit;

pub use beacon::BeaconError;
pub use conversation::{Interrupted, Patience};
pub use episode::observe;
pub(crate) use live::{Closed, Live};
pub use options::RunOptions;
pub use performance::Performance;
pub use plant::PlantError;
pub(crate) use premises::unwatched;
pub use premises::{Premises, PremisesError};
pub use schedule::{CaseRun, Observations, Progress, run_cases};
pub use stage::{Seen, Stage, StageError};
pub use twin::Play;
#[cfg(target_os = "linux")]
pub use visit::{Visit, VisitEnd, VisitError, Visited, Watch, visit};
