//! Runs any token cache in a sandboxed world and says, with evidence, which promises it keeps.

pub mod adapter;
pub mod canary;
pub mod case;
pub mod cli;
pub mod judge;
pub mod mutants;
pub mod observation;
pub mod observe;
pub mod protocol;
pub mod record;
pub mod report;
pub mod run;
pub mod spec;
pub mod supervisor;
pub mod world;
