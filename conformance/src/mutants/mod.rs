//! Deliberately wrong implementations, and legally different ones.
//!
//! Each mutant is the reference with one part replaced, and names the checks that must fail on it, by evidence. Each
//! check is some mutant's named killer: a check that has never been seen to fail proves nothing. An honest variant
//! differs in what no sentence forbids, and no check may fail on it.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | [`Mutant`] and [`Variant`], and how they are found |

mod mutant;

pub use mutant::{Mutant, Part, UnknownMutant, Variant, all, honest, killed_by, seams};
