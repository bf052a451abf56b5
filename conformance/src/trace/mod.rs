//! From what is asked to what proves it: sentence or property, check, mutant, kind of evidence.
//!
//! A catalogue is only as good as its weakest link, so the links are data and [`Trace::gaps`] looks for those that are
//! missing: `sealcheck trace --ci` fails on each.
//!
//! | file | holds |
//! |---|---|
//! | `links` | [`Trace`]: every sentence, property and check with what it leads to |
//! | `gap` | [`Gap`]: a link that is missing, or that contradicts another |
//! | `essence` | what a check judges, without the words that only label it |
//! | `counts` | [`Counts`] of a catalogue, and the least that it must have |

mod counts;
mod essence;
mod gap;
mod links;
#[cfg(test)]
mod stage;

pub use counts::{Counted, Counts};
pub use gap::Gap;
pub use links::{CheckLine, Material, PropertyLine, SentenceLine, Trace};
