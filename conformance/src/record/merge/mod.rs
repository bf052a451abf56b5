//! Joins the results of shards to those of one run, and puts runs of several machines beside each other.
//!
//! Strict, because a merge is what stands for a whole matrix: a shard that is missing, one that was cut off, results of
//! different catalogues, a check with two outcomes in the same world: each is an error that names the files. A check that
//! was not run is not an error; it is left out, and fails the merge unless that was allowed.
//!
//! | file | holds |
//! |---|---|
//! | `merge` | [`merge`]: which files belong together |
//! | `join` | the shards of one run become its results |
//! | `allowance` | what may be left out |
//! | `error` | [`MergeError`] |

mod allowance;
mod error;
mod join;
#[expect(clippy::module_inception, reason = "the module is named for what it does, and so is its main file")]
mod merge;
#[cfg(test)]
mod tests;

use allowance::Allowance;
pub use error::MergeError;
pub use merge::{Merge, MergedRun, NamedResults, merge};
