//! Sweeps: one fault at every point that it can hit, one world for each.
//!
//! A case has its faults where somebody thought of them. A sweep asks at the first call of a session, at the second, and
//! so on until the calls have run out, and says how many of the calls it struck and what was lost at which. The run that finds
//! no call left is the control: what does not work there was not broken by a fault.
//!
//! | file | holds |
//! |---|---|
//! | `script` | [`SweepScript`]: what is disturbed, from `sweeps.toml` |
//! | `point` | [`Point`]: one fault at one call, and playing it |
//! | `control` | what a script must do where nothing is disturbed |
//! | `flaw` | [`Flaw`]: what can go wrong at a point, by what was seen |
//! | `series` | [`Series`]: one script with one effect at every call, and [`sweep`] |

mod control;
#[cfg(test)]
mod evidence_of;
mod flaw;
mod point;
mod script;
mod series;

pub use flaw::Flaw;
pub use point::{Disturbance, Point};
pub use script::{SweepScript, scripts};
pub use series::{Flawed, Series, Swept, sweep};
