//! Which files belong together.

use super::{Allowance, MergeError, join::join};
use crate::{
    case::CheckId,
    judge::Exit,
    observation::Observer,
    protocol::Identity,
    record::{Header, OutcomeKind, Results},
};

/// Results, and the file that they were read from.
#[derive(Clone, Debug)]
pub struct NamedResults {
    /// The file, for errors.
    pub file: String,
    /// What was in it.
    pub results: Results,
}

/// What became of the files.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The runs, in the order of the first file of each.
    pub runs: Vec<MergedRun>,
    /// Allowances that allowed nothing: all that they stand for ran.
    pub idle: Vec<String>,
}

/// The results of one run, from however many files.
#[derive(Clone, Debug)]
pub struct MergedRun {
    /// The results; the footer has the exit code of the merge of this run.
    pub results: Results,
    /// How it ends.
    pub exit: Exit,
    /// Checks that were not run, and that nobody allowed to be left out.
    pub left_out: Vec<CheckId>,
}

impl Merge {
    /// How the merge ends: as the worst of its runs, and as a failure if something is left out or an allowance is idle.
    pub fn exit(&self) -> Exit {
        let idle = (!self.idle.is_empty()).then_some(Exit::Failure);
        self.runs.iter().map(|run| run.exit).chain(idle).min().unwrap_or(Exit::NothingRan)
    }
}

/// Merges files: shards of one run become one, runs of different adapters, platforms or providers stay apart.
///
/// # Errors
///
/// [`MergeError`] for whatever keeps the files from standing for whole runs of the same checks.
pub fn merge(files: Vec<NamedResults>, allowed: &[String]) -> Result<Merge, MergeError> {
    same_checks(&files)?;
    let mut allowance = Allowance::new(allowed, &files)?;
    let mut runs = Vec::new();
    for group in groups(files)? {
        let mut results = join(group)?;
        let not_run = results.checks.iter().filter(|result| result.outcome == OutcomeKind::NotRun);
        let left_out: Vec<CheckId> = not_run
            .filter(|result| !allowance.covers(&result.check))
            .map(|result| result.check.clone())
            .collect();
        let exit = crate::record::exit_of(&results.header, &results.checks);
        let exit = if left_out.is_empty() { exit } else { exit.min(Exit::Failure) };
        results.footer.exit_code = exit.code();
        runs.push(MergedRun { results, exit, left_out });
    }
    Ok(Merge { runs, idle: allowance.idle() })
}

/// Whether all files are of the same checks, judged by the same harness.
fn same_checks(files: &[NamedResults]) -> Result<(), MergeError> {
    let Some((first, others)) = files.split_first() else { return Err(MergeError::NoFiles) };
    for file in files {
        if file.results.header.catalogue.is_none() {
            return Err(MergeError::NoCatalogue { file: file.file.clone() });
        }
    }
    for other in others {
        let (one, another) = (&first.results.header, &other.results.header);
        let files = || [first.file.clone(), other.file.clone()];
        if one.harness != another.harness {
            let versions = [one.harness.clone(), another.harness.clone()];
            return Err(MergeError::Harness { files: files(), versions });
        }
        if one.catalogue != another.catalogue {
            return Err(MergeError::Catalogue { files: files() });
        }
    }
    Ok(())
}

/// What makes results those of one run, but for the implementation.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Place {
    adapter: String,
    platform: String,
    provider: String,
    broker: String,
    without: Vec<Observer>,
}

impl Place {
    fn of(header: &Header) -> Self {
        Self {
            adapter: header.adapter.clone(),
            platform: header.platform.clone(),
            provider: header.provider.clone(),
            broker: header.broker.clone(),
            without: header.without_observers.clone(),
        }
    }
}

/// The files of each run.
///
/// A shard in which nothing was played knows no implementation: it belongs to the only one that there is.
fn groups(files: Vec<NamedResults>) -> Result<Vec<Vec<NamedResults>>, MergeError> {
    let mut places: Vec<(Place, Vec<NamedResults>)> = Vec::new();
    for file in files {
        let place = Place::of(&file.results.header);
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, group)) => group.push(file),
            None => places.push((place, vec![file])),
        }
    }
    let mut groups = Vec::new();
    for (_, files) in places {
        groups.extend(by_implementation(files)?);
    }
    Ok(groups)
}

fn by_implementation(files: Vec<NamedResults>) -> Result<Vec<Vec<NamedResults>>, MergeError> {
    let mut implementations: Vec<Identity> = Vec::new();
    for identity in files.iter().filter_map(|file| file.results.header.implementation.as_ref()) {
        if !implementations.contains(identity) {
            implementations.push(identity.clone());
        }
    }
    if implementations.len() <= 1 {
        return Ok(vec![files]);
    }
    let mut groups: Vec<Vec<NamedResults>> = vec![Vec::new(); implementations.len()];
    for file in files {
        let Some(identity) = &file.results.header.implementation else {
            return Err(MergeError::Nobody { file: file.file });
        };
        let at = implementations.iter().position(|known| known == identity);
        groups[at.expect("every implementation was listed")].push(file);
    }
    Ok(groups)
}
