//! Plaintext that was announced.

use crate::{
    case::CanaryRole,
    judge::{Inconclusive, Witness, finding::Finding, scene::Scene, searched::complete},
    observation::{EvidenceId, Fact, Observer, SessionIndex, SightingPlace, Snapshot},
};

/// Every file in which the canary lay after the session that put it there was named in what that session printed.
pub(super) fn announced(scene: &Scene<'_>, canary: &CanaryRole) -> Finding {
    Finding::of(examine(scene, canary))
}

fn examine(scene: &Scene<'_>, canary: &CanaryRole) -> Result<Finding, Finding> {
    let mut named = Vec::new();
    for sighting in scene.sightings(canary) {
        let SightingPlace::File { snapshot: Snapshot::After(session), path, .. } = sighting.place else {
            continue;
        };
        // Whoever did not write it had nothing to announce.
        if was_there_before(scene, canary, *session, path) {
            continue;
        }
        match printed(scene, *session, path) {
            Some(line) => named.push((line, sighting.evidence.id, path)),
            None => {
                // What was printed is searched for the files that the witness of calls saw written.
                let output = complete(scene.run, Observer::Output)?;
                let calls = complete(scene.run, Observer::SystemCalls)?;
                let sentence = format!(
                    "the canary {canary} was stored in {path}, and nothing that {session} printed names that file"
                );
                return Ok(Finding::Unmet(Witness::new(sentence, sighting.evidence.id).and([output, calls])));
            }
        }
    }
    let Some((line, seen, path)) = named.first() else {
        let what = format!("the canary {canary} was never in a file, so there was nothing to announce");
        return Err(Inconclusive::Vacuous { what }.into());
    };
    let files = complete(scene.run, Observer::Files)?;
    let sentence = format!("{path}, in which the canary {canary} was stored, was named in what was printed");
    Ok(Finding::Met(Witness::new(sentence, *line).and([*seen, files])))
}

fn was_there_before(scene: &Scene<'_>, canary: &CanaryRole, session: SessionIndex, path: &str) -> bool {
    scene.sightings(canary).any(|earlier| {
        matches!(earlier.place, SightingPlace::File { snapshot: Snapshot::Before(before), path: at, .. }
            if *before == session && at == path)
    })
}

fn printed(scene: &Scene<'_>, session: SessionIndex, file: &str) -> Option<EvidenceId> {
    let mut facts = scene.run.evidence.iter().filter(|evidence| evidence.session == Some(session));
    facts
        .find(|evidence| matches!(&evidence.fact, Fact::PathPrinted { path } if path == file))
        .map(|evidence| evidence.id)
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, file},
        },
        observation::{Fact, Observer, SessionIndex, SightingPlace, Snapshot},
    };

    #[test]
    fn a_file_that_is_named_in_its_session_is_announced() {
        assert_eq!(stage().fact(0, printed("/w/home/x")).judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage().judge().kind(), OutcomeKind::Fail);
        assert_eq!(stage().fact(0, printed("/w/home/y")).judge().kind(), OutcomeKind::Fail);
        assert_eq!(stage().fact(1, printed("/w/home/x")).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn what_lay_there_before_the_session_need_not_be_announced_again() {
        let before = SightingPlace::File {
            snapshot: Snapshot::Before(SessionIndex(1)),
            path: "/w/home/x".into(),
            offset: 0,
        };
        let later = stage().fact(0, printed("/w/home/x")).seen(1, "token", before);
        let later = later.seen(1, "token", file(1, "/w/home/x"));
        assert_eq!(later.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn nothing_is_decided_without_plaintext_or_without_those_who_see_what_was_named() {
        let nowhere = Stage::new("", "predicate = \"announced\", canary = \"token\"");
        assert_eq!(nowhere.judge().kind(), OutcomeKind::Inconclusive);
        for observer in [Observer::Output, Observer::SystemCalls] {
            assert_eq!(stage().without(observer).judge().kind(), OutcomeKind::Inconclusive, "{observer}");
        }
    }

    /// A session that leaves the canary in a file.
    fn stage() -> Stage {
        let stage = Stage::new("", "predicate = \"announced\", canary = \"token\"");
        stage.seen(0, "token", file(0, "/w/home/x"))
    }

    fn printed(path: &str) -> Fact {
        Fact::PathPrinted { path: path.into() }
    }
}
