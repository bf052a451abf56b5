//! Canaries that are somewhere, or nowhere.
//!
//! Half of the file is its tests, which share the facts that they are about.

use super::refusal::undecided;
use crate::{
    case::{CanaryRole, Scope, StepLabel},
    judge::{
        Inconclusive, Searched, Witness,
        finding::Finding,
        scene::{Answer, Scene, Sighting, in_file},
        searched::{Search, complete, issued_or_refused},
    },
    observation::{EvidenceId, Fact, Observer, ReplyFact, SessionIndex, SightingPlace, Snapshot},
};

/// The canary was seen in none of the scopes. One that was never asked for was nowhere (see [`issued_or_refused`]).
pub(super) fn absent(scene: &Scene<'_>, canary: &CanaryRole, scopes: &[Scope]) -> Finding {
    if let Some(sighting) = Searched::find(scene, canary, scopes) {
        let sentence = format!("the canary {canary} was seen {}", sighting.describe());
        return Finding::Violated(Witness::new(sentence, sighting.evidence.id).and(scene.issued(canary)));
    }
    match issued_or_refused(scene, canary).and_then(|issued| Searched::nowhere(scene, canary, scopes, issued))
    {
        Ok(searched) => {
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
pub(super) fn residue_gone(scene: &Scene<'_>, canary: &CanaryRole, besides: Option<&str>) -> Finding {
    gone_after(scene, scene.last_session(), canary, besides)
}

fn gone_after(
    scene: &Scene<'_>,
    session: SessionIndex,
    canary: &CanaryRole,
    besides: Option<&str>,
) -> Finding {
    let end = Snapshot::After(session);
    let in_files =
        || scene.sightings(canary).filter_map(|sighting| Some((sighting, in_file(sighting.place)?)));
    let is_left =
        |(snapshot, path): (Snapshot, &str)| snapshot == end && besides.is_none_or(|but| path != but);
    if let Some((left, _)) = in_files().find(|(_, at)| is_left(*at)) {
        let when =
            if session == scene.last_session() { "at the end".into() } else { format!("after {session}") };
        let sentence = format!("{when}, the canary {canary} is still {}", left.describe());
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
            let but = besides.map_or_else(String::new, |but| format!(" but {but}"));
            let sentence =
                format!("the canary {canary} was {}, and at the end is in no file{but}", before.describe());
            Finding::Met(Witness::by_search(sentence, searched).and([tree]))
        }
        Err(reason) => reason.into(),
    }
}

/// The canary is in no file after the session of the step; or whoever was to remove it said that it could not.
pub(super) fn residue_reported(scene: &Scene<'_>, canary: &CanaryRole, step: &StepLabel) -> Finding {
    let Some(session) = scene.session_of(step) else { return undecided(scene, step, Answer::None) };
    let left = match gone_after(scene, session, canary, None) {
        Finding::Violated(left) => left,
        gone @ (Finding::Met(_) | Finding::Unmet(_) | Finding::Undecided(_) | Finding::Unrecorded(_)) => {
            return gone;
        }
    };
    let (id, reply) = match scene.answer(step) {
        Answer::Replied { id, reply, .. } => (id, reply),
        other @ (Answer::DeadlinePassed { .. } | Answer::None) => return undecided(scene, step, other),
    };
    match reply {
        ReplyFact::Error(error) => {
            let sentence =
                format!("{step} ended with the error {}, so it was not taken for removed", error.category);
            Finding::Met(Witness::new(sentence, id).and(left.evidence().iter().copied()))
        }
        ReplyFact::Unsupported(_) => undecided(scene, step, scene.answer(step)),
        ReplyFact::Ok { .. } => match named_where_it_is_left(scene, canary, session) {
            Ok(Some((line, path))) => {
                let sentence =
                    format!("what the session of {step} printed names {path}, in which it is left");
                Finding::Met(Witness::new(sentence, line).and(left.evidence().iter().copied()))
            }
            Ok(None) => {
                let sentence = format!("{step} succeeded and named no file, and {}", left.sentence());
                Finding::Unmet(Witness::new(sentence, id).and(left.evidence().iter().copied()))
            }
            Err(reason) => reason.into(),
        },
    }
}

/// The line of a session that names the file in which the canary is left.
fn named_where_it_is_left(
    scene: &Scene<'_>,
    canary: &CanaryRole,
    session: SessionIndex,
) -> Result<Option<(EvidenceId, String)>, Inconclusive> {
    let end = Snapshot::After(session);
    let mut files = scene.sightings(canary).filter_map(|sighting| in_file(sighting.place));
    let Some((_, file)) = files.find(|(snapshot, _)| *snapshot == end) else { return Ok(None) };
    let named = scene.run.evidence.iter().find(|evidence| {
        evidence.session == Some(session)
            && matches!(&evidence.fact, Fact::PathPrinted { path } if path.as_str() == file)
    });
    if named.is_none() {
        // What was printed is searched for the files that the witness of calls saw written.
        complete(scene.run, Observer::Output)?;
        complete(scene.run, Observer::SystemCalls)?;
    }
    Ok(named.map(|evidence| (evidence.id, file.to_owned())))
}

/// The canary was in a file or in an item of the keyring, and at the end of the case is in none.
pub(super) fn erased(scene: &Scene<'_>, canary: &CanaryRole) -> Finding {
    let end = Snapshot::After(scene.last_session());
    let kept = || scene.sightings(canary).filter_map(|sighting| Some((sighting, at_rest(sighting.place)?)));
    if let Some((left, _)) = kept().find(|(_, snapshot)| *snapshot == end) {
        let sentence = format!("at the end, the canary {canary} is still {}", left.describe());
        let earlier = kept().map(|(sighting, _)| sighting.evidence.id);
        return Finding::Violated(Witness::new(sentence, left.evidence.id).and(earlier));
    }
    let Some((before, _)) = kept().next() else {
        let what = format!("the canary {canary} was never kept anywhere, so nothing could be erased");
        return Inconclusive::Vacuous { what }.into();
    };
    let (Some((tree, _)), Some((items, _))) = (scene.tree(end), scene.keyring(end)) else {
        return no_tree(end).into();
    };
    let scopes = [Scope::Files, Scope::KeyringSecrets];
    match Searched::nowhere(scene, canary, &scopes, before.evidence.id) {
        Ok(searched) => {
            let was = before.describe();
            let sentence = format!("the canary {canary} was {was}, and at the end is in no file and no item");
            Finding::Met(Witness::by_search(sentence, searched).and([tree, items]))
        }
        Err(reason) => reason.into(),
    }
}

/// The canary was in a file or in the secret of an item, and at the end of the case is so too; or the control, to which
/// the same was done and nothing went wrong, is gone as well: it is given up on purpose.
pub(super) fn kept(scene: &Scene<'_>, canary: &CanaryRole, control: &CanaryRole) -> Finding {
    let end = Snapshot::After(scene.last_session());
    let Some((before, _)) = copies(scene, canary).find(|(_, snapshot)| *snapshot != end) else {
        let what = format!("the canary {canary} was kept nowhere before the end, so nothing could be lost");
        return Inconclusive::Vacuous { what }.into();
    };
    if let Some((left, _)) = copies(scene, canary).find(|(_, snapshot)| *snapshot == end) {
        let sentence = format!("at the end, the canary {canary} is still {}", left.describe());
        return Finding::Met(Witness::new(sentence, left.evidence.id).and([before.evidence.id]));
    }
    // Only who looked everywhere knows that there is none.
    let looked: Result<Vec<_>, _> = [Observer::Files, Observer::Keyring]
        .into_iter()
        .map(|observer| complete(scene.run, observer))
        .collect();
    let (looked, (tree, items)) = match (looked, scene.tree(end), scene.keyring(end)) {
        (Err(reason), ..) => return reason.into(),
        (Ok(looked), Some((tree, _)), Some((items, _))) => (looked, (tree, items)),
        (Ok(_), ..) => return no_tree(end).into(),
    };
    let was = before.describe();
    let Some((control_before, _)) = copies(scene, control).find(|(_, snapshot)| *snapshot != end) else {
        let what = format!("the canary {control}, the control, was kept nowhere before the end");
        return Inconclusive::Vacuous { what }.into();
    };
    if let Some((control_left, _)) = copies(scene, control).find(|(_, snapshot)| *snapshot == end) {
        let sentence = format!(
            "the canary {canary} was {was}, and at the end is in no file and no item, while {control} is still {}",
            control_left.describe()
        );
        let witness = Witness::new(sentence, before.evidence.id).and([tree, items, control_left.evidence.id]);
        return Finding::Unmet(witness.and(looked));
    }
    let sentence = format!(
        "{canary} and {control} are given up alike, so that {canary} was not lost by what went wrong"
    );
    let seen = [control_before.evidence.id, tree, items];
    Finding::Met(Witness::new(sentence, before.evidence.id).and(seen).and(looked))
}

/// The snapshots in which a canary is in a file or in the secret of an item.
fn copies<'a>(scene: &Scene<'a>, canary: &CanaryRole) -> impl Iterator<Item = (Sighting<'a>, Snapshot)> {
    scene.sightings(canary).filter_map(|sighting| {
        let snapshot = if let SightingPlace::File { snapshot, .. }
        | SightingPlace::KeyringSecret { snapshot, .. } = sighting.place
        {
            *snapshot
        } else {
            return None;
        };
        Some((sighting, snapshot))
    })
}

/// The snapshot in which a canary lay in a file or in an item.
fn at_rest(place: &SightingPlace) -> Option<Snapshot> {
    if let SightingPlace::KeyringSecret { snapshot, .. } | SightingPlace::KeyringAttribute { snapshot, .. } =
        place
    {
        return Some(*snapshot);
    }
    in_file(place).map(|(snapshot, _)| snapshot)
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
            stage::{Stage, error, file, keyring, nothing, ok, says_encrypted, secret_of, token_request},
        },
        observation::{EntryKind, Fact, Observer, SessionEnd, SessionIndex, SightingPlace, Snapshot},
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
    fn a_secret_that_was_never_asked_for_is_nowhere() {
        let refusing = || {
            Stage::new("", "predicate = \"canary_absent\", canary = \"token\", scopes = [\"files\"]")
                .credential()
                .answer("write", error(ErrorCategory::EncryptionUnavailable))
        };
        let round_trips =
            Stage::new("", "predicate = \"canary_absent\", canary = \"token\", scopes = [\"files\"]");
        let round_trips = round_trips.credential();
        assert_eq!(refusing().judge_beside(&round_trips).kind(), OutcomeKind::Pass);
        let seen = refusing().seen(0, "token", file(0, "/w/home/x"));
        assert_eq!(seen.judge_beside(&round_trips).kind(), OutcomeKind::Fail);
        let asked = refusing().fact(0, token_request("token"));
        for undecided in [asked, refusing().without(Observer::Network), refusing().without(Observer::Files)] {
            let outcome = undecided.judge_beside(&round_trips);
            assert_eq!(outcome.kind(), OutcomeKind::Inconclusive, "{outcome:?}");
        }
    }

    #[test]
    fn a_copy_must_be_left_where_one_was() {
        let stage = || {
            let check = "predicate = \"kept\", canary = \"token\", control = \"control\"";
            let stage = Stage::with_sessions("", TWO_STORES, check);
            stage.fact(0, keyring(0, "/item", &[])).fact(1, keyring(1, "/item", &[]))
        };
        let was = || stage().seen(0, "token", file(0, "/w/home/x"));
        assert_eq!(was().seen(1, "token", file(1, "/w/home/y")).judge().kind(), OutcomeKind::Pass);
        assert_eq!(was().seen(1, "token", secret_of(1, "/item")).judge().kind(), OutcomeKind::Pass);
        // Nothing is lost by what went wrong that is given up where nothing does.
        assert_eq!(was().judge().kind(), OutcomeKind::Inconclusive);
        let given_up = was().seen(0, "control", file(0, "/w/home/z"));
        assert_eq!(given_up.judge().kind(), OutcomeKind::Pass);
        let lost = given_up.seen(1, "control", secret_of(1, "/item"));
        assert_eq!(lost.judge().kind(), OutcomeKind::Fail);
        for observer in [Observer::Files, Observer::Keyring] {
            assert_eq!(lost.clone().losing(observer).judge().kind(), OutcomeKind::Inconclusive);
        }
        // What was in neither cannot be lost.
        assert_eq!(stage().judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn residue_may_stay_in_the_place_that_the_check_names_and_nowhere_else() {
        let predicate = "predicate = \"residue_gone\", canary = \"token\", besides = \"plaintext\"";
        let check = format!("applies_when = [{{ location = \"plaintext\" }}]\njudge = {{ {predicate} }}");
        let left = |path| {
            let stage = Stage::new("", &check).seen(0, "token", file(0, path));
            stage.seen(1, "token", file(1, path)).judge().kind()
        };
        assert_eq!(left("/w/home/.store/msal.cache.nocae"), OutcomeKind::Pass);
        assert_eq!(left("/w/home/.store/msal.cache.nocae.tmp"), OutcomeKind::Fail);
    }

    #[test]
    fn residue_that_is_left_must_have_been_reported() {
        let predicate = "predicate = \"residue_reported\", canary = \"token\", step = \"write\"";
        let left = Stage::new("", predicate).seen(0, "token", file(0, "/w/home/x"));
        let named = |session: usize, path: &str| {
            left.clone().fact(session, Fact::PathPrinted { path: path.into() }).judge().kind()
        };
        assert_eq!(left.judge().kind(), OutcomeKind::Fail);
        assert_eq!(left.clone().answer("write", error(ErrorCategory::Io)).judge().kind(), OutcomeKind::Pass);
        assert_eq!(named(0, "/w/home/x"), OutcomeKind::Pass);
        assert_eq!(named(0, "/w/home/y"), OutcomeKind::Fail);
        assert_eq!(named(1, "/w/home/x"), OutcomeKind::Fail);
        assert_eq!(left.without(Observer::Output).judge().kind(), OutcomeKind::Inconclusive);
        let before = SightingPlace::File {
            snapshot: Snapshot::Before(SessionIndex(0)),
            path: "/w/home/x".into(),
            offset: 7,
        };
        let gone = Stage::new("", predicate).seen(0, "token", before);
        assert_eq!(gone.judge().kind(), OutcomeKind::Pass);
        assert_eq!(Stage::new("", predicate).judge().kind(), OutcomeKind::Inconclusive);
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

    const TWO_STORES: &str = r#"
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "put", label = "write", store = "cache", canary = "token" },
    { do = "open", store = "other", name = "undisturbed" },
    { do = "put", store = "other", canary = "control" },
]
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]
"#;

    fn absent(scope: &str) -> Stage {
        Stage::new("", &format!("predicate = \"canary_absent\", canary = \"token\", scopes = [\"{scope}\"]"))
    }

    #[test]
    fn what_is_still_kept_at_the_end_is_not_erased() {
        let erased = || {
            Stage::new("", "predicate = \"erased\", canary = \"token\"").tree(1, Vec::new()).fact(
                1,
                crate::observation::Fact::Keyring {
                    snapshot: crate::observation::Snapshot::After(crate::observation::SessionIndex(1)),
                    items: Vec::new(),
                },
            )
        };
        // What was never kept cannot be erased.
        assert_eq!(erased().judge().kind(), OutcomeKind::Inconclusive);
        for (before, at_the_end) in
            [(file(0, "/w/home/x"), file(1, "/w/home/y")), (secret_of(0, "/item/1"), secret_of(1, "/item/2"))]
        {
            let was_kept = erased().seen(0, "token", before);
            assert_eq!(was_kept.judge().kind(), OutcomeKind::Pass, "{:?}", was_kept.judge());
            assert_eq!(was_kept.clone().seen(1, "token", at_the_end).judge().kind(), OutcomeKind::Fail);
            for observer in [Observer::Files, Observer::Keyring] {
                assert_eq!(was_kept.clone().without(observer).judge().kind(), OutcomeKind::Inconclusive);
            }
        }
    }
}
