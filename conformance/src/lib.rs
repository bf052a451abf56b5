//! Runs any token cache in a sandboxed world and says, with evidence, which promises it keeps.

pub mod adapter;
pub mod canary;
pub mod case;
mod causes;
pub mod checkup;
pub mod cli;
mod https;
pub mod interruption;
pub mod judge;
mod modes;
pub mod mutants;
pub mod observation;
pub mod observe;
pub mod protocol;
pub mod record;
pub mod report;
pub mod run;
pub mod spec;
pub mod supervisor;
pub mod sweep;
pub mod trace;
pub mod world;
