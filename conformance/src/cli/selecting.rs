//! What a selection on the command line stands for.

use std::collections::BTreeSet;

use super::{Failure, SelectionArguments};
use crate::{
    case::{CheckId, Selection, catalogue},
    record::{self, RequirementSet},
    spec,
};

/// What of the catalogue is selected: what matches, without what is skipped, within the requirement set.
///
/// # Errors
///
/// Usage for a pattern or a set that stands for nothing.
pub(super) fn select(arguments: &SelectionArguments) -> Result<Vec<Selection<'static>>, Failure> {
    let catalogue = catalogue::all();
    let selected = catalogue.select(&arguments.select).map_err(Failure::usage)?;
    let skipped: BTreeSet<&CheckId> = if arguments.skip.is_empty() {
        BTreeSet::new()
    } else {
        let skipped = catalogue.select(&arguments.skip).map_err(Failure::usage)?;
        skipped.into_iter().flat_map(|selection| selection.checks).map(|check| &check.id).collect()
    };
    let required = arguments.requirements.as_deref().map(requirement_set).transpose()?;
    let chosen = selected.into_iter().map(|selection| Selection {
        case: selection.case,
        checks: selection
            .checks
            .into_iter()
            .filter(|check| !skipped.contains(&check.id))
            .filter(|check| required.as_ref().is_none_or(|set| set.checks.contains(&check.id)))
            .collect(),
    });
    Ok(chosen.filter(|chosen| !chosen.checks.is_empty()).collect())
}

/// The selection as results record it.
pub(super) fn recorded(arguments: &SelectionArguments) -> record::Selection {
    record::Selection {
        select: arguments.select.clone(),
        skip: arguments.skip.clone(),
        // A set that does not exist was refused when the selection was made.
        requirements: arguments.requirements.as_deref().and_then(|name| requirement_set(name).ok()),
    }
}

fn requirement_set(name: &str) -> Result<RequirementSet, Failure> {
    let sets = spec::requirement_sets().map_err(Failure::harness)?;
    let names = sets.iter().map(|set| set.set.as_str()).collect::<Vec<_>>().join(", ");
    let set = sets.iter().find(|set| set.set == name).ok_or_else(|| {
        Failure::usage(format!("there is no requirement set {name:?}"))
            .next(format!("choose one of: {names}"))
    })?;
    set.held_by(catalogue::all()).map_err(Failure::harness)?;
    let checks = set.checks.iter().map(|required| required.check.clone()).collect();
    Ok(RequirementSet { name: set.set.clone(), checks })
}
