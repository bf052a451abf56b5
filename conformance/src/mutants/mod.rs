//! Deliberately wrong implementations, and legally different ones.
//!
//! Each mutant is the reference with one part replaced, and names the checks that must fail on it, by evidence. Each
//! check is some mutant's named killer: a check that has never been seen to fail proves nothing. An honest variant
//! differs in what no sentence forbids, and no check may fail on it.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | [`Mutant`] and [`Variant`], and how they are found |
//! | `decision` `files` `lock` `name` `store` | the mutants of one part each: a table, then what makes them wrong |
//! | `honest` | the variants |
//! | `altered` | a store and files that are right except in what is written out |

mod altered;
mod decision;
mod files;
mod honest;
mod lock;
mod mutant;
mod name;
mod store;

pub use mutant::{Mutant, Part, UnknownMutant, Variant, all, honest, killed_by, seams};
