//! The specification, sentence by sentence, the catalogue of properties, and frozen sets of checks.
//!
//! | file | holds |
//! |---|---|
//! | `embedded` | the files, as the build took them in |
//! | `sentence` | [`Sentence`], [`Exclusion`], and that every sentence is judged or excluded with a reason |
//! | `property` | [`Property`]: what a token cache can be held to beside the sentences, or why no case does |
//! | `requirement` | [`RequirementSet`]: only a whole frozen set can be *conformant* |

mod embedded;
mod property;
mod requirement;
mod sentence;

pub use property::{Properties, Property, PropertyError, PropertyId, Tier, properties};
pub use requirement::{Required, RequirementSet, RequirementSetError, requirement_sets};
pub use sentence::{CoverageError, Exclusion, Extent, Sentence, SentenceId, Sentences, SpecError, sentences};
