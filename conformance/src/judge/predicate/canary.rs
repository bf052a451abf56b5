//! Canaries that are somewhere, or nowhere.

use crate::{
    case::{CanaryRole, Scope},
    judge::{
        Inconclusive, Searched, Witness,
        finding::Finding,
        scene::{Scene, in_file},
        searched::{Search, complete},
    },
    observation::{Observer, Snapshot},
};

/// The canary was seen in none of the scopes.
pub(super) fn absent(scene: &Scene<'_>, canary: &CanaryRole, scopes: &[Scope]) -> Finding {
    match Searched::search(scene, canary, scopes) {
        Ok(Search::Found(sighting)) => {
            let sentence = format!("the canary {canary} was seen {}", sighting.describe());
            Finding::Violated(Witness::new(sentence, sighting.evidence.id).and(scene.issued(canary)))
        }
        Ok(Search::Nowhere(searched)) => {
            let words = words(scopes);
            Finding::Met(Witness::by_search(format!("the canary {canary} was not seen in {words}"), searched))
        }
        Err(reason) => reason.into(),
    }
}

/// The canary was seen in every one of the scopes.
pub(super) fn present(scene: &Scene<'_>, canary: &CanaryRole, scopes: &[Scope]) -> Finding {
    let mut seen = Vec::with_capacity(scopes.len());
    for scope in scopes {
        match Searched::search(scene, canary, std::slice::from_ref(scope)) {
            Ok(Search::Found(sighting)) => seen.push(sighting),
            Ok(Search::Nowhere(searched)) => {
                let sentence = format!("the canary {canary} was not seen in {}", scope.as_str());
                return Finding::Unmet(Witness::by_search(sentence, searched));
            }
            Err(reason) => return reason.into(),
        }
    }
    let Some((first, rest)) = seen.split_first() else {
        return Finding::Unrecorded("the check names no scope".into());
    };
    let sentence = format!("the canary {canary} was seen {}", first.describe());
    let others = rest.iter().map(|sighting| sighting.evidence.id);
    Finding::Met(Witness::new(sentence, first.evidence.id).and(others).and(scene.issued(canary)))
}

/// The canary was in a file, and at the end of the case is in none.
pub(super) fn residue_gone(scene: &Scene<'_>, canary: &CanaryRole) -> Finding {
    let end = Snapshot::After(scene.last_session());
    let in_files =
        || scene.sightings(canary).filter_map(|sighting| Some((sighting, in_file(sighting.place)?.0)));
    if let Some((left, _)) = in_files().find(|(_, snapshot)| *snapshot == end) {
        let sentence = format!("at the end, the canary {canary} is still {}", left.describe());
        let earlier = in_files().map(|(sighting, _)| sighting.evidence.id);
        return Finding::Violated(Witness::new(sentence, left.evidence.id).and(earlier));
    }
    if let Err(reason) = complete(scene.run, Observer::Files) {
        return reason.into();
    }
    let Some((before, _)) = in_files().next() else {
        let what = format!("the canary {canary} was never in a file, so no residue could be left");
        return Inconclusive::Vacuous { what }.into();
    };
    let Some((tree, _)) = scene.tree(end) else {
        return no_tree(end).into();
    };
    match Searched::nowhere(scene, canary, &[Scope::Files], before.evidence.id) {
        Ok(searched) => {
            let sentence =
                format!("the canary {canary} was {}, and at the end is in no file", before.describe());
            Finding::Met(Witness::by_search(sentence, searched).and([tree]))
        }
        Err(reason) => reason.into(),
    }
}

/// Why a snapshot that is not there decides nothing.
pub(super) fn no_tree(snapshot: Snapshot) -> Inconclusive {
    let (word, session) = match snapshot {
        Snapshot::Before(session) => ("before", session),
        Snapshot::After(session) => ("after", session),
    };
    Inconclusive::EvidenceLost {
        observer: Observer::Files,
        reason: format!("there is no snapshot {word} {session}"),
    }
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str().replace('_', " ")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::{
        judge::{
            Inconclusive, Outcome, OutcomeKind,
            stage::{Stage, error, file, nothing, ok, says_encrypted, secret_of},
        },
        observation::{EntryKind, Observer, SessionEnd, SightingPlace},
        protocol::ErrorCategory,
    };

    #[test]
    fn a_canary_that_was_seen_nowhere_is_absent() {
        let Outcome::Pass(pass) = absent("files").judge() else { panic!("{:?}", absent("files").judge()) };
        assert!(pass.witness().searched().is_some());
    }

    #[test]
    fn every_scope_has_its_sightings_and_its_observer() {
        for (scope, observer, place) in [
            ("files", Observer::Files, file(0, "/w/home/x")),
            ("writes", Observer::SystemCalls, crate::judge::stage::written("/w/home/x (deleted)", 0o600)),
            ("output", Observer::Output, SightingPlace::StandardError { offset: 1 }),
            (
                "errors",
                Observer::Output,
                SightingPlace::Reply { step: 1, member: "error.native.message".into() },
            ),
            (
                "arguments",
                Observer::Processes,
                SightingPlace::Argument { pid: 7, program: "/bin/true".into(), index: 1 },
            ),
            (
                "environment",
                Observer::Processes,
                SightingPlace::Environment { pid: 7, program: "/bin/true".into(), name: "TOKEN".into() },
            ),
            ("bus", Observer::Bus, SightingPlace::BusMessage { member: "CreateItem".into() }),
            ("keyring_secrets", Observer::Keyring, secret_of(0, "/item/1")),
            (
                "keyring_attributes",
                Observer::Keyring,
                SightingPlace::KeyringAttribute {
                    snapshot: crate::observation::Snapshot::After(crate::observation::SessionIndex(0)),
                    item: "/item/1".into(),
                    attribute: "label".into(),
                },
            ),
            (
                "network",
                Observer::Network,
                SightingPlace::Request { path: "/token".into(), field: "scope".into() },
            ),
        ] {
            assert_eq!(absent(scope).seen(0, "token", place).judge().kind(), OutcomeKind::Fail, "{scope}");
            assert_eq!(absent(scope).judge().kind(), OutcomeKind::Pass, "{scope}");
            assert_eq!(absent(scope).without(observer).judge().kind(), OutcomeKind::Inconclusive, "{scope}");
        }
    }

    #[test]
    fn a_sighting_in_another_scope_does_not_count() {
        assert_eq!(
            absent("files").seen(0, "token", secret_of(0, "/item/1")).judge().kind(),
            OutcomeKind::Pass
        );
    }

    #[test]
    fn a_canary_that_never_existed_is_not_absent() {
        let stage = absent("files").open(0, error(ErrorCategory::Locked));
        let what = "the canary token never came into the world".into();
        assert_eq!(stage.judge(), Outcome::Inconclusive { reason: Inconclusive::Vacuous { what } });
    }

    #[test]
    fn a_leak_before_a_crash_is_a_leak() {
        let stage = absent("files")
            .seen(0, "token", file(0, "/w/home/x"))
            .silent("write")
            .end(0, SessionEnd::Signalled { signal: 11 });
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn absence_after_a_crash_is_not_evidence() {
        let stage = absent("files").end(1, SessionEnd::Signalled { signal: 11 });
        assert_eq!(stage.judge().kind(), OutcomeKind::AdapterError);
    }

    #[test]
    fn a_leak_is_a_leak_even_where_its_observer_lost_something() {
        let stage = absent("files").seen(0, "token", file(0, "/w/home/x")).losing(Observer::Files);
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn success_that_stores_nothing_passes_no_absence() {
        // The liar: it claims success and stores nothing, so nothing is in a file either.
        let liar = absent("files").answer("write", ok()).answer("read", nothing());
        assert!(matches!(
            liar.judge_beside(&liar),
            Outcome::Inconclusive { reason: Inconclusive::TwinDidNotRoundTrip { .. } }
        ));
    }

    #[test]
    fn a_self_report_is_mentioned_where_it_was_seen_to_be_wrong() {
        let stage = absent("files").open(0, says_encrypted());
        let stage = stage.seen(0, "token", file(0, "/w/home/x"));
        let Outcome::Fail(fail) = stage.judge() else { panic!("the canary was seen") };
        assert_eq!(fail.contradictions().len(), 1);
        assert!(fail.contradictions()[0].starts_with("it says that it encrypts"));
    }

    #[test]
    fn a_canary_must_be_in_each_of_the_scopes() {
        let stage = Stage::new(
            "",
            "predicate = \"canary_present\", canary = \"token\", scopes = [\"keyring_secrets\"]",
        );
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
        assert_eq!(stage.clone().without(Observer::Keyring).judge().kind(), OutcomeKind::Inconclusive);
        assert_eq!(stage.clone().seen(0, "token", secret_of(0, "/item/1")).judge().kind(), OutcomeKind::Pass);
        // What is missing counts only where nothing went wrong.
        let crashed = stage.end(0, SessionEnd::Signalled { signal: 11 });
        assert_eq!(crashed.judge().kind(), OutcomeKind::AdapterError);
    }

    #[test]
    fn residue_is_gone_when_no_file_holds_it_at_the_end() {
        let stage = Stage::new("", "predicate = \"residue_gone\", canary = \"token\"");
        let left = stage.clone().seen(0, "token", file(0, "/w/home/x"));
        assert_eq!(left.judge().kind(), OutcomeKind::Pass);
        assert_eq!(left.clone().without(Observer::Files).judge().kind(), OutcomeKind::Inconclusive);
        let stays = left.seen(1, "token", file(1, "/w/home/x"));
        assert_eq!(stays.judge().kind(), OutcomeKind::Fail);
        // Where there never was any, its absence says nothing.
        assert!(matches!(
            stage.tree(0, vec![crate::judge::stage::entry("/w/home/x", EntryKind::File, 0o600)]).judge(),
            Outcome::Inconclusive { reason: Inconclusive::Vacuous { .. } }
        ));
    }

    fn absent(scope: &str) -> Stage {
        Stage::new("", &format!("predicate = \"canary_absent\", canary = \"token\", scopes = [\"{scope}\"]"))
    }
}
