//! The search for contradictions in a case.
//!
//! Nearly half of the file is its tests: each contradiction has one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CanaryRole, Case, Check, Condition, Options, Place, PlantKind, Predicate, Problem, RequirementLevel,
    Session, Step, StepLabel, schedule,
};
use crate::{
    protocol::{Declaration, ErrorCategory},
    spec::{self, SentenceId},
};

/// Looks for contradictions, and gives the first one.
///
/// # Errors
///
/// The first [`Problem`] in the order of the file.
pub(super) fn validate(case: &Case) -> Result<(), Problem> {
    prose(case)?;
    properties(case)?;
    modes(case)?;
    plants(case)?;
    stores(case)?;
    labels(case)?;
    twin(case)?;
    schedule::validate(case)?;
    let mut words = BTreeSet::new();
    for check in &case.checks {
        if !words.insert(check.id.word()) {
            return Err(Problem::CheckTwice { check: check.id.word().into() });
        }
        requirement(case, check)?;
        predicate(case, check)?;
    }
    Ok(())
}

fn prose(case: &Case) -> Result<(), Problem> {
    let texts = [
        ("title", &case.title),
        ("why", &case.why),
        ("effect", &case.effect),
        ("precondition", &case.precondition),
        ("fix", &case.fix),
    ];
    let blank = texts.into_iter().find(|(_, text)| text.trim().is_empty()).map(|(key, _)| key);
    let lists = [
        ("properties", case.properties.is_empty()),
        ("world.platforms", case.world.platforms.is_empty()),
        ("session", case.script.sessions.is_empty()),
        ("session.steps", case.script.sessions.iter().any(|session| session.steps.is_empty())),
        ("check", case.checks.is_empty()),
        ("check.sentence", case.checks.iter().any(|check| check.sentence.trim().is_empty())),
    ];
    let empty = lists.into_iter().find(|(_, empty)| *empty).map(|(key, _)| key);
    match blank.or(empty) {
        Some(key) => Err(Problem::Empty { key: key.into() }),
        None => Ok(()),
    }
}

fn properties(case: &Case) -> Result<(), Problem> {
    let known = |text: &str| text.parse().ok().and_then(|id| spec::properties().find(id)).is_some();
    match case.properties.iter().find(|property| !known(property)) {
        Some(property) => Err(Problem::NoSuchProperty { property: property.clone() }),
        None => Ok(()),
    }
}

fn modes(case: &Case) -> Result<(), Problem> {
    octal(&case.world.umask, "world.umask")?;
    for plant in &case.plants {
        match &plant.kind {
            PlantKind::File { mode, .. }
            | PlantKind::Corrupt { mode, .. }
            | PlantKind::Directory { mode } => octal(mode, "plant")?,
            PlantKind::Symlink {} | PlantKind::Absence {} => {}
        }
    }
    Ok(())
}

fn octal(mode: &str, user: &str) -> Result<(), Problem> {
    match u32::from_str_radix(mode, 8) {
        Ok(bits) if bits <= 0o7777 => Ok(()),
        Ok(_) | Err(_) => Err(Problem::Mode { mode: mode.into(), user: user.into() }),
    }
}

fn plants(case: &Case) -> Result<(), Problem> {
    let late = case.plants.iter().find(|plant| plant.before_session >= case.script.sessions.len());
    late.map_or(Ok(()), |plant| Err(Problem::PlantTooLate { session: plant.before_session }))
}

fn stores(case: &Case) -> Result<(), Problem> {
    for (session, Session { steps, .. }) in case.script.sessions.iter().enumerate() {
        let mut open = BTreeSet::new();
        for step in steps {
            let Some(store) = step.store() else { continue };
            let known = match step {
                Step::Open { .. } if !open.insert(store) => {
                    return Err(Problem::OpenedTwice { session, store: store.into() });
                }
                Step::Open { .. } => true,
                Step::Close { .. } => open.remove(store),
                Step::Put { .. } | Step::Get { .. } | Step::Remove { .. } | Step::Render { .. } => {
                    open.contains(store)
                }
            };
            if !known {
                return Err(Problem::NotOpened { session, store: store.into() });
            }
            if let Some(problem) = options(step) {
                return Err(Problem::WithoutOptions { session, store: store.into(), problem });
            }
        }
    }
    Ok(())
}

/// Why a step cannot be without options.
fn options(step: &Step) -> Option<&'static str> {
    match step {
        Step::Open { options: Options::None, name: Some(_), .. } => Some("gives it a name"),
        Step::Open { options: Options::None, allow_unencrypted_storage: Some(_), .. } => {
            Some("gives it the opt-in")
        }
        Step::Open { options: Options::None, credential: None, .. } => Some("names no kind of credential"),
        Step::Open { .. }
        | Step::Put { .. }
        | Step::Get { .. }
        | Step::Remove { .. }
        | Step::Render { .. }
        | Step::Close { .. } => None,
    }
}

fn labels(case: &Case) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (_, _, step) in case.script.steps() {
        if let Some(label) = step.label()
            && !seen.insert(label)
        {
            return Err(Problem::LabelTwice { label: label.0.clone() });
        }
        match step {
            Step::Get { canary, .. } => known(case, canary, "a get")?,
            Step::Put { canary, .. } if canary.beside().is_some() => {
                return Err(Problem::ReservedRole { canary: canary.0.clone() });
            }
            Step::Put { .. }
            | Step::Open { .. }
            | Step::Remove { .. }
            | Step::Render { .. }
            | Step::Close { .. } => {}
        }
    }
    Ok(())
}

fn twin(case: &Case) -> Result<(), Problem> {
    let user = "twin.round_trip";
    step_of(case, &case.twin.round_trip, Some("get"), user)?;
    later_than_its_put(case, &case.twin.round_trip, user)?;
    let names = case.script.steps().filter_map(|(_, _, step)| match step {
        Step::Open { name, .. } => name.as_deref(),
        Step::Put { .. }
        | Step::Get { .. }
        | Step::Remove { .. }
        | Step::Render { .. }
        | Step::Close { .. } => None,
    });
    let names = names.collect::<BTreeSet<_>>();
    match case.twin.names.keys().find(|name| !names.contains(name.as_str())) {
        Some(name) => Err(Problem::NoSuchName { name: name.clone() }),
        None => Ok(()),
    }
}

fn requirement(case: &Case, check: &Check) -> Result<(), Problem> {
    let id = || check.id.to_string();
    let required = &check.requirement;
    match required.level {
        RequirementLevel::Must if required.sentences.is_empty() => {
            return Err(Problem::NoRequirement { check: id(), wanted: "sentences" });
        }
        RequirementLevel::Should if required.sources.is_empty() => {
            return Err(Problem::NoRequirement { check: id(), wanted: "sources" });
        }
        RequirementLevel::Must | RequirementLevel::Should => {}
    }
    for sentence in &required.sentences {
        let problem = match sentence.parse::<SentenceId>().ok().and_then(|id| spec::sentences().find(id)) {
            None => "does not exist",
            Some(found) if found.is_excluded() => "is excluded",
            Some(_) => continue,
        };
        return Err(Problem::Sentence { check: id(), sentence: sentence.clone(), problem });
    }
    let cites = |sentence: &str| required.sentences.iter().any(|cited| cited == sentence);
    if cites("S6") && !check.applies_when.is_empty() {
        return Err(Problem::DeclaredAway { check: id() });
    }
    let locked = case.script.sessions.iter().any(|session| case.condition(session) == Condition::Locked);
    if locked && (cites("S6") || cites("S14")) {
        return Err(Problem::NotImpossible { check: id() });
    }
    Ok(())
}

fn predicate(case: &Case, check: &Check) -> Result<(), Problem> {
    let user = check.id.to_string();
    for (label, wanted) in check.predicate.steps() {
        step_of(case, label, wanted, &user)?;
    }
    for canary in check.predicate.canaries() {
        known(case, canary, &user)?;
    }
    if let Some(needed) = check.predicate.needs()
        && !check.applies_when.contains(&needed)
    {
        return Err(Problem::Undeclared { check: user, declaration: spelled(&needed) });
    }
    match &check.predicate {
        Predicate::Refused { categories, .. } if categories.is_empty() => {
            Err(Problem::Empty { key: "categories".into() })
        }
        Predicate::Refused { categories, .. } if categories.contains(&ErrorCategory::Other) => {
            Err(Problem::AcceptsOther { check: user })
        }
        Predicate::Refused { confirm, .. } => later_than_its_put(case, confirm, &user),
        Predicate::ValueEquals { step, .. } => later_than_its_put(case, step, &user),
        Predicate::ValueOneOf { canaries, .. } if canaries.is_empty() => {
            Err(Problem::Empty { key: "canaries".into() })
        }
        Predicate::ValueOneOf { step, .. } => later_than_its_put(case, step, &user),
        Predicate::SaveReported { save, confirm } => {
            let canary = |label| case.script.find(label).and_then(|(.., step)| step.canary());
            if canary(save) != canary(confirm) {
                return Err(Problem::OtherCanary { check: user, label: confirm.0.clone() });
            }
            later_than_its_put(case, confirm, &user)
        }
        Predicate::CanaryAbsent { scopes, .. } | Predicate::CanaryPresent { scopes, .. }
            if scopes.is_empty() =>
        {
            Err(Problem::Empty { key: "scopes".into() })
        }
        Predicate::PathPrivate { at_most, .. } => octal(at_most, &user),
        Predicate::NotReturnedAfterRelocation { step, .. } => relocated(case, step, user),
        Predicate::Survived { .. } if case.is_own_twin() => Err(Problem::NothingToSurvive { check: user }),
        Predicate::ValueAbsent { .. }
        | Predicate::CanaryAbsent { .. }
        | Predicate::CanaryPresent { .. }
        | Predicate::ResidueGone { .. }
        | Predicate::Erased { .. }
        | Predicate::Announced { .. }
        | Predicate::ResidueReported { .. }
        | Predicate::Kept { .. }
        | Predicate::TemporaryGuarded { .. }
        | Predicate::FolderGuarded { .. }
        | Predicate::NotTakenForAbsent { .. }
        | Predicate::NotPrompted { .. }
        | Predicate::Survived { .. }
        | Predicate::NothingCreated { .. }
        | Predicate::StaysInside { .. }
        | Predicate::PathExists { .. }
        | Predicate::BornPrivate { .. }
        | Predicate::StorageDistinct { .. }
        | Predicate::ItemAttributes { .. }
        | Predicate::ProtectorTriedFirst { .. }
        | Predicate::AuthorityRequestsAtMost { .. }
        | Predicate::RenewedSilently { .. }
        | Predicate::RefreshTokensReplaced {}
        | Predicate::WithinDeadline { .. } => Ok(()),
    }
}

fn relocated(case: &Case, label: &StepLabel, check: String) -> Result<(), Problem> {
    let place = case.script.find(label).map(|(session, ..)| case.script.sessions[session].place);
    if place == Some(Place::Relocated) {
        Ok(())
    } else {
        Err(Problem::NotRelocated { check, label: label.0.clone() })
    }
}

fn step_of(case: &Case, label: &StepLabel, wanted: Option<&'static str>, user: &str) -> Result<(), Problem> {
    let Some((_, _, step)) = case.script.find(label) else {
        return Err(Problem::NoSuchStep { user: user.into(), label: label.0.clone() });
    };
    match wanted {
        Some(wanted) if wanted != step.word() => {
            Err(Problem::WrongStep { user: user.into(), label: label.0.clone(), found: step.word(), wanted })
        }
        Some(_) | None => Ok(()),
    }
}

fn later_than_its_put(case: &Case, label: &StepLabel, user: &str) -> Result<(), Problem> {
    let first_puts = puts(case);
    let later = case.script.find(label).is_some_and(|(session, _, step)| match step {
        Step::Get { canary, .. } => first_puts.get(canary).is_some_and(|put| *put < session),
        Step::Open { .. }
        | Step::Put { .. }
        | Step::Remove { .. }
        | Step::Render { .. }
        | Step::Close { .. } => false,
    });
    if later { Ok(()) } else { Err(Problem::NotLater { user: user.into(), label: label.0.clone() }) }
}

/// The first session that puts each canary.
fn puts(case: &Case) -> BTreeMap<&CanaryRole, usize> {
    let mut first = BTreeMap::new();
    for (session, _, step) in case.script.steps() {
        if let Step::Put { canary, .. } = step {
            first.entry(canary).or_insert(session);
        }
    }
    first
}

fn known(case: &Case, role: &CanaryRole, user: &str) -> Result<(), Problem> {
    let planted = case.plants.iter().any(|plant| match &plant.kind {
        PlantKind::File { canary, .. } => canary.as_ref() == Some(role),
        PlantKind::Corrupt { .. }
        | PlantKind::Symlink {}
        | PlantKind::Absence {}
        | PlantKind::Directory { .. } => false,
    });
    let put = puts(case).contains_key(role) || case.script.issued_beside().contains(role);
    let is_foreign =
        role.0 == CanaryRole::FOREIGN && case.faults.iter().any(|fault| fault.kind.gives_foreign());
    if planted || role.0 == CanaryRole::CLIENT_SECRET || put || is_foreign {
        return Ok(());
    }
    Err(Problem::NoSuchCanary { user: user.into(), canary: role.0.clone() })
}

fn spelled(declaration: &Declaration) -> String {
    serde_json::to_string(declaration).unwrap_or_else(|_| "the declaration".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{CaseError, load};

    /// What is wrong with the case below once texts are replaced.
    fn problem_or_none(changes: &[(&str, &str)]) -> Option<Problem> {
        let mut text = CASE.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "the test replaces {from:?}, which is not there");
            text = text.replacen(from, to, 1);
        }
        match load("fallback/example.toml", &text) {
            Ok(_) => None,
            Err(CaseError::Invalid { problem, .. }) => Some(problem),
            Err(other) => panic!("{other}"),
        }
    }

    /// Loads the case below with one text replaced by another.
    fn problem(from: &str, to: &str) -> Problem {
        assert!(CASE.contains(from), "the test replaces {from:?}, which is not there");
        match load("fallback/example.toml", &CASE.replacen(from, to, 1)) {
            Err(CaseError::Invalid { problem, .. }) => problem,
            other => panic!("{from:?} -> {to:?} was not refused as a contradiction: {other:?}"),
        }
    }

    #[test]
    fn the_case_that_the_other_tests_break_is_valid() {
        load("fallback/example.toml", CASE).expect("nothing contradicts anything");
    }

    #[test]
    fn a_property_that_is_not_in_the_catalogue_is_refused() {
        for unknown in ["CLO-99", "P1", "clo-01"] {
            assert_eq!(
                problem("properties = [\"CLO-01\"]", &format!("properties = [\"{unknown}\"]")),
                Problem::NoSuchProperty { property: unknown.into() }
            );
        }
    }

    #[test]
    fn survival_is_judged_only_where_something_is_in_the_way() {
        let judge = "judge = { predicate = \"survived\", step = \"read\" }";
        let text = CASE.replacen("condition = \"no_service\"", "umask = \"022\"", 1);
        let start = text.find("judge = {").expect("the case has a check");
        let text = format!("{}{judge}\n", &text[..start]);
        assert_eq!(
            load("fallback/example.toml", &text),
            Err(CaseError::Invalid {
                file: "cases/fallback/example.toml".into(),
                problem: Problem::NothingToSurvive { check: "fallback/example#refuses".into() }
            })
        );
        let disturbed = text.replacen("umask = \"022\"", "condition = \"no_service\"", 1);
        load("fallback/example.toml", &disturbed).expect("there is something to survive");
    }

    #[test]
    fn a_label_that_does_not_exist_is_refused() {
        assert_eq!(
            problem("step = \"write\"", "step = \"wriet\""),
            Problem::NoSuchStep { user: "fallback/example#refuses".into(), label: "wriet".into() }
        );
    }

    #[test]
    fn a_predicate_over_a_step_of_the_wrong_kind_is_refused() {
        assert_eq!(
            problem("step = \"write\"", "step = \"read\""),
            Problem::WrongStep {
                user: "fallback/example#refuses".into(),
                label: "read".into(),
                found: "get",
                wanted: "put"
            }
        );
    }

    #[test]
    fn a_label_is_used_once() {
        assert_eq!(
            problem("label = \"write\"", "label = \"read\""),
            Problem::LabelTwice { label: "read".into() }
        );
    }

    #[test]
    fn a_round_trip_in_the_session_of_its_put_is_refused() {
        let (first, second) = (
            "canary = \"token\" },\n]\n\n[[session]]\nsteps = [\n    { do = \"open\", store = \"cache\" },",
            "canary = \"token\" },",
        );
        assert_eq!(
            problem(first, second),
            Problem::NotLater { user: "twin.round_trip".into(), label: "read".into() }
        );
    }

    #[test]
    fn a_store_is_opened_before_it_is_used_and_once() {
        assert_eq!(
            problem("store = \"cache\", canary", "store = \"cahce\", canary"),
            Problem::NotOpened { session: 0, store: "cahce".into() }
        );
        assert_eq!(
            problem("{ do = \"put\"", "{ do = \"open\", store = \"cache\" }, { do = \"put\""),
            Problem::OpenedTwice { session: 0, store: "cache".into() }
        );
    }

    #[test]
    fn a_canary_that_nothing_brings_into_the_world_is_refused() {
        assert_eq!(
            problem(
                "categories = [\"encryption_unavailable\"], canary = \"token\"",
                "categories = [\"locked\"], canary = \"tokne\""
            ),
            Problem::NoSuchCanary { user: "fallback/example#refuses".into(), canary: "tokne".into() }
        );
    }

    #[test]
    fn a_token_beside_another_is_known_where_a_user_signs_in() {
        let of_user = problem_or_none(&[
            (
                "{ do = \"open\", store = \"cache\" }",
                "{ do = \"open\", store = \"cache\", credential = \"device_code\" }",
            ),
            ("canary = \"token\", confirm", "canary = \"token.refresh\", confirm"),
        ]);
        assert_eq!(of_user, None);
        let of_client =
            problem_or_none(&[("canary = \"token\", confirm", "canary = \"token.refresh\", confirm")]);
        let (user, canary) = ("fallback/example#refuses".into(), "token.refresh".into());
        assert_eq!(of_client, Some(Problem::NoSuchCanary { user, canary }));
        assert_eq!(
            problem(
                "label = \"write\", store = \"cache\", canary = \"token\"",
                "label = \"write\", store = \"cache\", canary = \"token.id\""
            ),
            Problem::ReservedRole { canary: "token.id".into() }
        );
    }

    #[test]
    fn only_a_credential_is_opened_without_options_and_then_without_any() {
        let open = "{ do = \"open\", store = \"cache\" }";
        for (members, problem) in [
            ("", Some("names no kind of credential")),
            (", credential = \"shared_token_cache\", name = \"x\"", Some("gives it a name")),
            (
                ", credential = \"shared_token_cache\", allow_unencrypted_storage = false",
                Some("gives it the opt-in"),
            ),
            (", credential = \"shared_token_cache\"", None),
        ] {
            let without = format!("{{ do = \"open\", store = \"cache\", options = \"none\"{members} }}");
            let expected =
                problem.map(|problem| Problem::WithoutOptions { session: 0, store: "cache".into(), problem });
            assert_eq!(problem_or_none(&[(open, &without)]), expected);
        }
    }

    #[test]
    fn sentences_must_exist_and_not_be_excluded() {
        assert_eq!(
            problem("sentences = [\"S5\"]", "sentences = [\"S18\"]"),
            Problem::Sentence {
                check: "fallback/example#refuses".into(),
                sentence: "S18".into(),
                problem: "does not exist"
            }
        );
        assert_eq!(
            problem("sentences = [\"S5\"]", "sentences = [\"S2\"]"),
            Problem::Sentence {
                check: "fallback/example#refuses".into(),
                sentence: "S2".into(),
                problem: "is excluded"
            }
        );
    }

    #[test]
    fn a_check_says_where_its_requirement_comes_from() {
        assert_eq!(
            problem("sentences = [\"S5\"]", "sentences = []"),
            Problem::NoRequirement { check: "fallback/example#refuses".into(), wanted: "sentences" }
        );
        assert_eq!(
            problem("level = \"must\"", "level = \"should\""),
            Problem::NoRequirement { check: "fallback/example#refuses".into(), wanted: "sources" }
        );
    }

    #[test]
    fn a_promise_of_s6_cannot_be_declared_away() {
        assert_eq!(
            problem(
                "requirement = { level = \"must\", sentences = [\"S5\"] }",
                "requirement = { level = \"must\", sentences = [\"S6\"] }\napplies_when = [{ location = \"plaintext\" }]"
            ),
            Problem::DeclaredAway { check: "fallback/example#refuses".into() }
        );
    }

    #[test]
    fn a_locked_keyring_is_no_world_for_s6_and_s14() {
        let text = CASE.replacen("no_service", "locked", 1);
        let text = text.replacen("sentences = [\"S5\"]", "sentences = [\"S14\"]", 1);
        assert_eq!(
            load("fallback/example.toml", &text),
            Err(CaseError::Invalid {
                file: "cases/fallback/example.toml".into(),
                problem: Problem::NotImpossible { check: "fallback/example#refuses".into() }
            })
        );
    }

    #[test]
    fn a_category_that_means_nothing_is_refused() {
        assert_eq!(
            problem("\"encryption_unavailable\"", "\"other\""),
            Problem::AcceptsOther { check: "fallback/example#refuses".into() }
        );
    }

    #[test]
    fn a_predicate_over_a_declared_place_asks_for_the_declaration() {
        assert_eq!(
            problem(
                "judge = {",
                "judge = { predicate = \"path_exists\", location = \"signal\" }\n[[check]]\nid = \"other\"\nsentence = \"x\"\nrequirement = { level = \"must\", sentences = [\"S5\"] }\njudge = {"
            ),
            Problem::Undeclared {
                check: "fallback/example#refuses".into(),
                declaration: "{\"location\":\"signal\"}".into()
            }
        );
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(
            problem("condition = \"no_service\"", "condition = \"no_service\", umask = \"088\""),
            Problem::Mode { mode: "088".into(), user: "world.umask".into() }
        );
    }

    #[test]
    fn a_twin_replaces_only_names_that_are_used() {
        assert_eq!(
            problem("round_trip = \"read\"", "round_trip = \"read\", names = { \"..\" = \"benign\" }"),
            Problem::NoSuchName { name: "..".into() }
        );
    }

    #[test]
    fn a_plant_stands_before_a_session() {
        assert_eq!(
            problem(
                "[[session]]",
                "[[plant]]\nbefore_session = 2\nlocation = \"lock\"\nkind = { plant = \"directory\", mode = \"0700\" }\n[[session]]"
            ),
            Problem::PlantTooLate { session: 2 }
        );
    }

    #[test]
    fn blank_prose_is_refused() {
        assert_eq!(problem("why = \"x\"", "why = \" \""), Problem::Empty { key: "why".into() });
    }

    const CASE: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["CLO-01"]
cwe = [636]
severity = "high"
world = { condition = "no_service" }
twin = { round_trip = "read" }

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "put", label = "write", store = "cache", canary = "token" },
]

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "refuses"
sentence = "x"
requirement = { level = "must", sentences = ["S5"] }
judge = { predicate = "refused", step = "write", categories = ["encryption_unavailable"], canary = "token", confirm = "read" }
"#;
}
