//! Folders that hold secrets while others may write to them.

use super::path::{is_below, normal};
use crate::{
    case::{CanaryRole, Scope},
    judge::{
        Searched, Witness,
        finding::Finding,
        scene::Scene,
        searched::{complete, issued_or_refused},
    },
    observation::{EvidenceId, Observer, SightingPlace, Snapshot, TreeEntry},
};

/// In no snapshot was the canary in a file below the folder while others might write to the folder.
///
/// Who refuses to use such a folder meets this as well as who takes the rights of others away.
pub(super) fn guarded(scene: &Scene<'_>, folder: Option<String>, canary: &CanaryRole) -> Finding {
    let folder = match folder {
        Some(folder) => normal(&folder),
        None => return Finding::Unrecorded("the implementation declares no such folder".into()),
    };
    Finding::of(examine(scene, &folder, canary))
}

fn examine(scene: &Scene<'_>, folder: &str, canary: &CanaryRole) -> Result<Finding, Finding> {
    let mut held = None;
    for sighting in scene.sightings(canary) {
        let SightingPlace::File { snapshot, path, .. } = sighting.place else { continue };
        if !is_below(&normal(path), folder) {
            continue;
        }
        let Some((tree, entry)) = entry_of(scene, *snapshot, folder) else { continue };
        let mode = scene.mode(entry)?;
        if mode & WRITABLE_BY_OTHERS != 0 {
            let sentence =
                format!("{folder} has mode {mode:04o} while the canary {canary} lies below it, in {path}");
            return Ok(Finding::Violated(Witness::new(sentence, sighting.evidence.id).and([tree])));
        }
        held = held.or(Some((sighting.evidence.id, tree, mode)));
    }
    let issued = issued_or_refused(scene, canary)?;
    let files = complete(scene.run, Observer::Files)?;
    if let Some((seen, tree, mode)) = held {
        let sentence = format!("{folder} has mode {mode:04o} where the canary {canary} lies below it");
        return Ok(Finding::Met(Witness::new(sentence, tree).and([seen, files, issued])));
    }
    let searched = Searched::nowhere(scene, canary, &[Scope::Files], issued)?;
    Ok(Finding::Met(Witness::by_search(format!("the canary {canary} was in no file"), searched)))
}

fn entry_of<'a>(scene: &Scene<'a>, snapshot: Snapshot, folder: &str) -> Option<(EvidenceId, &'a TreeEntry)> {
    let (tree, entries) = scene.tree(snapshot)?;
    let entry = entries.iter().find(|entry| normal(&entry.path) == folder)?;
    Some((tree, entry))
}

const WRITABLE_BY_OTHERS: u32 = 0o022;

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, entry, error, file, token_request},
        },
        observation::{EntryKind, Observer},
        protocol::ErrorCategory,
    };

    #[test]
    fn a_folder_that_others_may_write_to_must_not_hold_the_canary() {
        for (mode, kind) in [(0o700, OutcomeKind::Pass), (0o755, OutcomeKind::Pass)] {
            assert_eq!(holding(mode).judge().kind(), kind, "{mode:o}");
        }
        for mode in [0o777, 0o720, 0o702, 0o1777] {
            assert_eq!(holding(mode).judge().kind(), OutcomeKind::Fail, "{mode:o}");
        }
    }

    #[test]
    fn who_stores_nothing_there_may_leave_it_as_it_is() {
        assert_eq!(folder(0o777).judge().kind(), OutcomeKind::Pass);
        let elsewhere = folder(0o777).seen(0, "token", file(0, "/w/home/elsewhere"));
        assert_ne!(elsewhere.judge().kind(), OutcomeKind::Fail);
        assert_eq!(folder(0o777).without(Observer::Files).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_credential_that_refuses_before_it_asks_stores_nothing_there() {
        let refusing = folder(0o777).credential().answer("write", error(ErrorCategory::AccessDenied));
        let round_trips = folder(0o777).credential();
        let outcome = refusing.judge_beside(&round_trips);
        assert_eq!(outcome.kind(), OutcomeKind::Pass, "{outcome:?}");
        let unwatched = refusing.clone().without(Observer::Network).judge_beside(&round_trips);
        assert_eq!(unwatched.kind(), OutcomeKind::Inconclusive);
        // Where it says that it stored something, the secret must have come from somewhere.
        let silent = folder(0o777)
            .credential()
            .fact(0, token_request("token"))
            .answer("write", error(ErrorCategory::Io));
        assert_eq!(silent.judge_beside(&round_trips).kind(), OutcomeKind::Inconclusive);
    }

    fn holding(mode: u32) -> Stage {
        folder(mode).seen(0, "token", file(0, "/w/home/.store/x"))
    }

    fn folder(mode: u32) -> Stage {
        let check = "applies_when = [{ location = \"directory\" }]\n\
                     judge = { predicate = \"folder_guarded\", location = \"directory\", canary = \"token\" }";
        Stage::new("", check).tree(0, vec![entry("/w/home/.store", EntryKind::Directory, mode)])
    }
}
