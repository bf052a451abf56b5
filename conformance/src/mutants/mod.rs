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
//! | `interrupted` | saves that are lost, torn or left lying about when something goes wrong in the middle |
//! | `conduct` | stores that wait, ask, race, forget and cut off |
//! | `content` | content that is trusted: parsed without care, run, held against other caches |
//! | `failure` | stores that take a failure for something else |
//! | `replaced` | files that are replaced, shared and removed without care |
//! | `credential` | credentials that ask at the wrong time, keep too little or too much, or consent for others |
//! | `honest` | the variants |
//! | `altered` | a store and files that are right except in what is written out |

mod altered;
mod conduct;
mod content;
mod credential;
mod decision;
mod failure;
mod files;
mod honest;
mod interrupted;
mod lock;
mod mutant;
mod name;
mod replaced;
mod store;

pub use mutant::{Mutant, Part, Parts, UnknownMutant, Variant, all, honest, killed_by, level, parts};
