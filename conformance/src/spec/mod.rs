//! The specification, sentence by sentence, and frozen sets of checks.
//!
//! | file | holds |
//! |---|---|
//! | `embedded` | the files, as the build took them in |
//! | `sentence` | [`Sentence`], [`Exclusion`], and that every sentence is judged or excluded with a reason |
//! | `requirement` | [`RequirementSet`]: only a whole frozen set can be *conformant* |

mod embedded;
mod requirement;
mod sentence;

pub use requirement::{Required, RequirementSet, RequirementSetError, requirement_sets};
pub use sentence::{CoverageError, Exclusion, Extent, Sentence, SentenceId, Sentences, SpecError, sentences};
