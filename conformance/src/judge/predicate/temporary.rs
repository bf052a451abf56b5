//! Files that hold a secret before they get their last name.

use std::path::Path;

use super::path::{normal, without_mark};
use crate::{
    case::CanaryRole,
    judge::{Inconclusive, Witness, finding::Finding, scene::Scene, searched::complete},
    observation::{Evidence, EvidenceId, Observer, SessionIndex, SightingPlace, SystemCall, SystemCallKind},
};

/// Every file that held the canary under another name than its last was made exclusively, privately, anew, and where it
/// stayed.
pub(super) fn guarded(scene: &Scene<'_>, canary: &CanaryRole) -> Finding {
    Finding::of(examine(scene, canary))
}

/// A file that held the canary and was renamed.
struct Temporary<'a> {
    session: Option<SessionIndex>,
    path: String,
    target: String,
    seen: EvidenceId,
    renamed: &'a Evidence,
}

fn examine(scene: &Scene<'_>, canary: &CanaryRole) -> Result<Finding, Finding> {
    let mut guarded = Vec::new();
    for temporary in temporaries(scene, canary) {
        let made = creations(scene, &temporary.path).find(|(made, _)| made.session == temporary.session);
        let about = |sentence: String, id: EvidenceId| {
            let evidence = [temporary.seen, temporary.renamed.id];
            Ok(Finding::Violated(Witness::new(sentence, id).and(evidence)))
        };
        let Temporary { path, target, .. } = &temporary;
        let Some((made, call)) = made else {
            // Only who saw every call knows that it was not made.
            complete(scene.run, Observer::SystemCalls)?;
            let sentence =
                format!("{path}, later {target}, was there before the canary {canary} was written to it");
            return about(sentence, temporary.seen);
        };
        if let Some(defect) = defect(scene, &temporary, call) {
            return about(
                format!("{path}, which held the canary {canary} before it became {target}, {defect}"),
                made.id,
            );
        }
        let again = creations(scene, path).find(|(other, _)| other.session != temporary.session);
        if let Some((again, _)) = again {
            let sentence =
                format!("{path} holds secrets in more than one session, so its name can be foreseen");
            return about(sentence, again.id);
        }
        guarded.extend([made.id, temporary.renamed.id]);
    }
    let seen = writes(scene, canary).next();
    let (_, _, seen) = seen.ok_or_else(|| Inconclusive::Vacuous {
        what: format!("the canary {canary} was written to no file, so to no temporary one"),
    })?;
    let calls = complete(scene.run, Observer::SystemCalls)?;
    let sentence = if guarded.is_empty() {
        format!("no file with the canary {canary} was renamed")
    } else {
        format!(
            "what held the canary {canary} before it was renamed was made exclusively, privately and in its place"
        )
    };
    Ok(Finding::Met(Witness::new(sentence, calls).and([seen]).and(guarded)))
}

/// What is wrong with the way in which a temporary was made.
fn defect(scene: &Scene<'_>, temporary: &Temporary<'_>, call: &SystemCall) -> Option<String> {
    let flags = call.flags.unwrap_or_default();
    let mode = call.mode.unwrap_or_default() & !scene.umask() & PERMISSIONS;
    if flags & O_EXCL == 0 {
        Some("was not made exclusively".into())
    } else if mode & OTHERS != 0 {
        Some(format!("was made with mode {mode:04o}"))
    } else if Path::new(&temporary.path).parent() != Path::new(&temporary.target).parent() {
        Some("was made in another folder".into())
    } else {
        None
    }
}

/// The files that the canary was written to before they were renamed.
fn temporaries<'a>(scene: &Scene<'a>, canary: &CanaryRole) -> Vec<Temporary<'a>> {
    let mut found: Vec<Temporary<'a>> = Vec::new();
    for (session, path, seen) in writes(scene, canary) {
        if found.iter().any(|known| known.session == session && known.path == path) {
            continue;
        }
        let renamed = scene.system_calls().find_map(|(evidence, call)| {
            let is_of_it = evidence.session == session
                && call.call == SystemCallKind::Rename
                && call.refused.is_none()
                && call.path.as_deref().map(normal).as_deref() == Some(path.as_str());
            is_of_it.then(|| Some((evidence, normal(call.second_path.as_deref()?))))?
        });
        if let Some((renamed, target)) = renamed {
            found.push(Temporary { session, path, target, seen, renamed });
        }
    }
    found
}

/// The files that the canary was written to, in the order of evidence.
fn writes(
    scene: &Scene<'_>,
    canary: &CanaryRole,
) -> impl Iterator<Item = (Option<SessionIndex>, String, EvidenceId)> {
    scene.sightings(canary).filter_map(|sighting| {
        let SightingPlace::Write { path, .. } = sighting.place else { return None };
        // A memory file has no name that anybody could meet.
        let is_file = !path.starts_with("/memfd:");
        is_file.then(|| (sighting.evidence.session, normal(without_mark(path)), sighting.evidence.id))
    })
}

/// The calls that made, or may have made, a file.
fn creations<'a>(scene: &Scene<'a>, path: &str) -> impl Iterator<Item = (&'a Evidence, &'a SystemCall)> {
    let path = path.to_owned();
    scene.system_calls().filter(move |(_, call)| {
        call.call == SystemCallKind::Open
            && call.refused.is_none()
            && call.flags.is_none_or(|flags| flags & O_CREAT != 0)
            && call.path.as_deref().map(normal).as_deref() == Some(path.as_str())
    })
}

const PERMISSIONS: u32 = 0o7777;
const OTHERS: u32 = 0o077;

// Linux's flags of open, spelled here because the judge also reads recordings on other platforms.
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;

#[cfg(test)]
mod tests {
    use super::{O_CREAT, O_EXCL};
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, call, written},
        },
        observation::{Fact, Observer, SystemCall, SystemCallKind},
    };

    #[test]
    fn a_temporary_that_is_made_exclusively_privately_and_in_its_place_passes() {
        let stage = saved(TEMPORARY, O_CREAT | O_EXCL, 0o600);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass, "{}", stage.judge().why());
        assert_eq!(stage.losing(Observer::SystemCalls).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_temporary_that_others_could_have_made_read_or_foreseen_fails() {
        for (stage, why) in [
            (saved(TEMPORARY, O_CREAT, 0o600), "was not made exclusively"),
            (saved(TEMPORARY, O_CREAT | O_EXCL, 0o644), "was made with mode 0644"),
            (saved("/w/tmp/x.tmp", O_CREAT | O_EXCL, 0o600), "was made in another folder"),
            (unmade(), "was there before the canary token was written to it"),
            (
                saved(TEMPORARY, O_CREAT | O_EXCL, 0o600).fact(1, open(TEMPORARY, O_CREAT | O_EXCL, 0o600)),
                "its name can be foreseen",
            ),
        ] {
            let outcome = stage.judge();
            assert_eq!(outcome.kind(), OutcomeKind::Fail, "{why}");
            assert!(outcome.why().contains(why), "{}", outcome.why());
        }
    }

    #[test]
    fn who_writes_in_place_has_no_temporary_and_who_writes_nothing_proves_nothing() {
        let in_place = stage().seen(0, "token", written(TARGET, 0o600));
        assert_eq!(in_place.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage().judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_rename_that_never_happened_makes_no_temporary() {
        let refused = SystemCall { refused: Some("EIO".into()), ..rename(TEMPORARY) };
        let stage = stage()
            .fact(0, open(TEMPORARY, O_CREAT, 0o644))
            .seen(0, "token", written(TEMPORARY, 0o644))
            .fact(0, Fact::SystemCall(refused));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    fn stage() -> Stage {
        Stage::new("", "predicate = \"temporary_guarded\", canary = \"token\"")
    }

    /// A save through a temporary.
    fn saved(temporary: &str, flags: u64, mode: u32) -> Stage {
        stage()
            .fact(0, open(temporary, flags, mode))
            .seen(0, "token", written(temporary, mode))
            .fact(0, Fact::SystemCall(rename(temporary)))
    }

    fn unmade() -> Stage {
        let rename = Fact::SystemCall(rename(TEMPORARY));
        stage().seen(0, "token", written(TEMPORARY, 0o600)).fact(0, rename)
    }

    fn open(path: &str, flags: u64, mode: u32) -> Fact {
        let (flags, mode) = (Some(flags), Some(mode));
        Fact::SystemCall(SystemCall { flags, mode, ..call(SystemCallKind::Open, path) })
    }

    fn rename(temporary: &str) -> SystemCall {
        SystemCall { second_path: Some(TARGET.into()), ..call(SystemCallKind::Rename, temporary) }
    }

    const TARGET: &str = "/w/home/.store/x";
    const TEMPORARY: &str = "/w/home/.store/x.tmp";
}
