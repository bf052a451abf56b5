//! Results for people and for other tools.
//!
//! A report is a pure function from results to text. Colours are always in the text; the output stream takes them out
//! where nobody wants them, so a report looks the same everywhere but for them.
//!
//! | file | holds |
//! |---|---|
//! | `terminal` | [`terminal`]: the table of a run |
//! | `text` | [`text()`]: the same, or the tables of several runs beside each other |
//! | `junit` | JUnit XML |
//! | `format` | [`ReportFormat`]: the forms of a report |
//! | `closing` | what is said of the run as a whole, the tally last |
//! | `explain` | [`explain`]: a case or a check in prose |
//! | `script` | the steps of a script in plain words |
//! | `predicate` | what a check asserts and when it applies, in plain words |
//! | `checkup` | [`checkup()`]: the points of an examined adapter |
//! | `evidence` | [`summary`]: one line for each kind of fact |
//! | `cited` | [`cited`]: the evidence that an outcome rests on, and all that was seen |
//! | `recording` | [`Compared`]: a recording, judged or played again |
//! | `system_call` | the lines for system calls and processes |
//! | `matrix` | [`KillMatrix`]: which mutant died by which check |
//! | `visit` | [`visit()`]: what a watched command did and left |
//! | `sweep` | [`sweep()`]: what became of sessions that were disturbed at every call |
//! | `trace` | [`trace()`]: what is asked, and what proves it |
//! | `progress` | [`Progress`]: the line that overwrites itself while a run goes on |
//! | `layout` | width, wrapping, and text that may be hostile made printable |
//! | `palette` | colours by meaning |

mod checkup;
mod cited;
mod closing;
mod evidence;
mod explain;
mod format;
mod junit;
mod layout;
mod matrix;
mod palette;
mod predicate;
mod progress;
mod recording;
#[cfg(test)]
pub(crate) mod sample;
mod script;
mod sweep;
mod system_call;
mod terminal;
mod text;
mod trace;
#[cfg(target_os = "linux")]
mod visit;

pub use self::sweep::{is_flawless, sweep, sweep_json};
pub use self::trace::{trace, trace_markdown};
pub use checkup::{checkup, checkup_json};
pub use cited::cited;
pub use evidence::summary;
pub use explain::{Explanation, explain};
pub use format::{ReportFormat, Reported, UnknownFormat};
pub use layout::{Width, printable};
pub use matrix::{HonestRow, KillMatrix, MutantRow};
pub use progress::Progress;
pub use recording::Compared;
pub use terminal::terminal;
pub use text::text;
#[cfg(target_os = "linux")]
pub use visit::visit;
