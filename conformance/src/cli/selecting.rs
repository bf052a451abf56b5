//! What a selection on the command line stands for.

use std::collections::BTreeSet;

use super::{Failure, SelectionArguments};
use crate::{
    case::{CheckId, Selection, catalogue},
    record::{self, RequirementSet},
    spec,
};

/// What of the catalogue is selected, and falls to the shard if there is one.
///
/// # Errors
///
/// Usage for a pattern or a set that stands for nothing.
pub(super) fn select(arguments: &SelectionArguments) -> Result<Vec<Selection<'static>>, Failure> {
    let mut chosen = whole(arguments)?;
    if let Some(shard) = arguments.shard {
        chosen.retain(|chosen| shard.owns(&chosen.case.id));
    }
    Ok(chosen)
}

/// What matches, without what is skipped, within the requirement set; of all shards.
fn whole(arguments: &SelectionArguments) -> Result<Vec<Selection<'static>>, Failure> {
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
        checks: whole(arguments).map_or(0, |chosen| chosen.iter().map(|chosen| chosen.checks.len()).sum()),
        shard: arguments.shard,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Shard, cli::Exit};

    #[test]
    fn nothing_said_selects_everything() {
        let chosen = select(&arguments(&[], &[], None)).expect("everything is something");
        assert_eq!(ids(&chosen), ids(&catalogue::all().select::<&str>(&[]).expect("nothing is unmatched")));
    }

    #[test]
    fn what_is_skipped_is_left_out_and_a_case_without_checks_goes() {
        let all = select(&arguments(&["naming/*"], &[], None)).expect("there are such cases");
        let first = all[0].checks[0].id.as_str();
        let chosen = select(&arguments(&["naming/*"], &[first], None)).expect("the check exists");
        assert_eq!(ids(&chosen), ids(&all)[1..]);
        let chosen = select(&arguments(&["naming/*"], &["naming/*"], None)).expect("the checks exist");
        assert_eq!(chosen, []);
    }

    #[test]
    fn a_requirement_set_narrows_the_selection_and_is_recorded_whole() {
        let sets = spec::requirement_sets().expect("the sets are built in");
        let arguments = arguments(&["naming/*"], &[], Some(&sets[0].set));
        let recorded = recorded(&arguments).requirements.expect("the set exists");
        let chosen = select(&arguments).expect("the set exists");
        assert!(ids(&chosen).into_iter().all(|id| recorded.checks.contains(id)));
        assert!(recorded.checks.len() > ids(&chosen).len());
    }

    #[test]
    fn patterns_and_sets_that_stand_for_nothing_are_usage_errors() {
        for wrong in [
            arguments(&["naming/never"], &[], None),
            arguments(&[], &["naming/never"], None),
            arguments(&[], &[], Some("1999.1")),
        ] {
            let failure = select(&wrong).expect_err("it stands for nothing");
            assert_eq!(failure.exit(), Exit::Usage, "{failure}");
        }
    }

    #[test]
    fn shards_part_a_selection_and_record_how_large_it_is() {
        let whole = arguments(&["naming/*", "fail-closed/*"], &["*#nothing-created"], None);
        let chosen = select(&whole).expect("there are such cases");
        let mut parts = Vec::new();
        for number in 1..=3 {
            let part = SelectionArguments { shard: Shard::new(number, 3), ..whole.clone() };
            let recorded = recorded(&part);
            assert_eq!((recorded.checks, recorded.shard), (ids(&chosen).len(), Shard::new(number, 3)));
            parts.extend(select(&part).expect("there are such cases"));
        }
        parts.sort_by_key(|part| chosen.iter().position(|chosen| chosen == part));
        assert_eq!(parts, chosen);
    }

    fn ids<'a>(chosen: &[Selection<'a>]) -> Vec<&'a CheckId> {
        chosen.iter().flat_map(|selection| &selection.checks).map(|check| &check.id).collect()
    }

    fn arguments(select: &[&str], skip: &[&str], requirements: Option<&str>) -> SelectionArguments {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        SelectionArguments {
            select: texts(select),
            skip: texts(skip),
            requirements: requirements.map(str::to_owned),
            shard: None,
        }
    }
}
