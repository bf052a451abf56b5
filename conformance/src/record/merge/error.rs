//! Why files cannot be merged.

use crate::{
    case::{CheckId, Shard},
    record::OutcomeKind,
};

/// Why files do not stand for whole runs of the same checks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("there are no files to merge")]
    NoFiles,
    /// A file does not say of which cases it is.
    #[error(
        "{file} does not say of which catalogue its cases are; write it again with `sealcheck run --results`"
    )]
    NoCatalogue {
        /// The file.
        file: String,
    },
    /// Different versions of the harness.
    #[error("{0} was written by sealcheck {2} and {1} by {3}; run both with one version", .files[0], .files[1], .versions[0], .versions[1])]
    Harness {
        /// The files.
        files: [String; 2],
        /// Their versions.
        versions: [String; 2],
    },
    /// Different cases.
    #[error("{0} and {1} are of different catalogues of cases; run both with one build of sealcheck", .files[0], .files[1])]
    Catalogue {
        /// The files.
        files: [String; 2],
    },
    /// Files of one run that do not ask the same.
    #[error(
        "{0} and {1} are of one implementation in one kind of world and differ in {what}; give all files of a run \
         the same options, or merge them apart", .files[0], .files[1]
    )]
    Differs {
        /// What.
        what: &'static str,
        /// The files.
        files: [String; 2],
    },
    /// Not all shards are there.
    #[error("of the run of {adapter} {} missing; give the results of every shard", listed(.shards))]
    Missing {
        /// The adapter of the run.
        adapter: String,
        /// The shards.
        shards: Vec<Shard>,
    },
    /// A shard has a result that is another's.
    #[error(
        "{file} has a result of {check}, which does not fall to {shard}; results are not edited by hand, run it again"
    )]
    Foreign {
        /// The file.
        file: String,
        /// The check.
        check: CheckId,
        /// The shard that the file is of.
        shard: Shard,
    },
    /// A check came out in two ways.
    #[error(
        "{check} came out as {0} in {2} and as {1} in {3}, of the same implementation in the same kind of world; find \
         out why before you merge", .outcomes[0], .outcomes[1], .files[0], .files[1]
    )]
    Conflict {
        /// The check.
        check: CheckId,
        /// How it came out.
        outcomes: [OutcomeKind; 2],
        /// Where.
        files: [String; 2],
    },
    /// The files do not add up to what was selected.
    #[error("{selected} checks were selected for {adapter} and the files hold {found}; run it again")]
    Incomplete {
        /// The adapter of the run.
        adapter: String,
        /// How many were selected.
        selected: usize,
        /// How many there are.
        found: usize,
    },
    /// Nobody said hello in a file, and there are several to whom it could belong.
    #[error(
        "no session of {file} named its implementation, and there are files of several; merge each implementation apart"
    )]
    Nobody {
        /// The file.
        file: String,
    },
    /// A pattern stands for nothing.
    #[error("{pattern:?} stands for no check of the files, so there is nothing to allow")]
    Allowance {
        /// The pattern.
        pattern: String,
    },
}

fn listed(shards: &[Shard]) -> String {
    let names = shards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("{names} {}", if shards.len() == 1 { "is" } else { "are" })
}
