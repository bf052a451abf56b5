//! Results for people and for other tools.
//!
//! A report is a pure function from results to text. Colours are always in the text; the output stream takes them out
//! where nobody wants them, so a report looks the same everywhere but for them.
//!
//! | file | holds |
//! |---|---|
//! | `terminal` | [`terminal`]: the table of a run |
//! | `closing` | what is said of the run as a whole, the tally last |
//! | `explain` | [`explain`]: a case or a check in prose |
//! | `script` | the steps of a script in plain words |
//! | `predicate` | what a check asserts and what witnesses it, in plain words |
//! | `evidence` | [`summary`]: one line for each kind of fact |
//! | `system_call` | the lines for system calls and processes |
//! | `matrix` | [`KillMatrix`]: which mutant died by which check |
//! | `progress` | [`Progress`]: the line that overwrites itself while a run goes on |
//! | `layout` | width, wrapping, and text that may be hostile made printable |
//! | `palette` | colours by meaning |

mod closing;
mod evidence;
mod explain;
mod layout;
mod matrix;
mod palette;
mod predicate;
mod progress;
#[cfg(test)]
pub(crate) mod sample;
mod script;
mod system_call;
mod terminal;

pub use evidence::summary;
pub use explain::{Explanation, explain};
pub use layout::{Width, printable};
pub use matrix::{HonestRow, KillMatrix, MutantRow};
pub use progress::Progress;
pub use terminal::terminal;
