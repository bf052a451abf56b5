//! Owners, kinds and modes of files.

use super::{
    canary::no_tree,
    path::{normal, without_mark},
    tree::kind,
};
use crate::{
    case::{CanaryRole, Scope},
    judge::{Inconclusive, Searched, Witness, finding::Finding, scene::Scene, searched::complete},
    observation::{
        EntryKind, Evidence, EvidenceId, Fact, Observer, SightingPlace, Snapshot, SystemCall, SystemCallKind,
        TreeEntry,
    },
    protocol::LocationRole,
};

/// The declared path exists, is of the right kind, belongs to the user and has no mode bits outside `at_most`.
pub(super) fn path_private(
    scene: &Scene<'_>,
    path: Option<String>,
    role: LocationRole,
    at_most: &str,
) -> Finding {
    let Ok(allowed) = u32::from_str_radix(at_most, 8) else {
        return Finding::Unrecorded(format!("{at_most:?} is no octal mode"));
    };
    Finding::of(examine_private(scene, path, role, allowed))
}

fn examine_private(
    scene: &Scene<'_>,
    path: Option<String>,
    role: LocationRole,
    allowed: u32,
) -> Result<Finding, Finding> {
    let path = declared(path)?;
    if role == LocationRole::Plaintext
        && let Some((sighting, stray)) = stray_canary(scene, &path)
    {
        let sentence = format!("a canary lies in {stray}, and plaintext is declared to lie in {path}");
        return Ok(Finding::Violated(Witness::new(sentence, sighting)));
    }
    if let Some(Looser { tree, sighting, mode }) = looser_with_canary(scene, &path, allowed)? {
        let sentence =
            format!("{path} has mode {mode:04o} while a canary is in it; {allowed:04o} is allowed");
        return Ok(Finding::Violated(Witness::new(sentence, tree).and([sighting])));
    }
    let (id, entry) = match last_entry(scene, &path, role)? {
        Ok(found) => found,
        Err(missing) => return Ok(missing),
    };
    let mode = scene.mode(entry)?;
    if mode & !allowed != 0 {
        let sentence = format!("{path} has mode {mode:04o}; {allowed:04o} is allowed");
        return Ok(Finding::Violated(Witness::new(sentence, id)));
    }
    let owner = |uid: Option<u32>| uid.map_or_else(|| "nobody".to_owned(), |uid| uid.to_string());
    if entry.uid != scene.run.world.uid {
        let (found, own) = (owner(entry.uid), owner(scene.run.world.uid));
        let sentence = format!("{path} belongs to the user {found}, not to {own}");
        return Ok(Finding::Violated(Witness::new(sentence, id)));
    }
    let files = complete(scene.run, Observer::Files)?;
    let sentence = format!("{path} has mode {mode:04o} and belongs to its user");
    Ok(Finding::Met(Witness::new(sentence, id).and([files])))
}

/// The declared path exists and is of the right kind.
pub(super) fn path_exists(scene: &Scene<'_>, path: Option<String>, role: LocationRole) -> Finding {
    let examined = || -> Result<Finding, Finding> {
        let path = declared(path)?;
        let (id, _) = match last_entry(scene, &path, role)? {
            Ok(found) => found,
            Err(missing) => return Ok(missing),
        };
        let files = complete(scene.run, Observer::Files)?;
        Ok(Finding::Met(Witness::new(format!("{path} exists"), id).and([files])))
    };
    Finding::of(examined())
}

/// No file that holds the canary ever had group or other bits, from its first system call on.
pub(super) fn born_private(scene: &Scene<'_>, canary: &CanaryRole) -> Finding {
    Finding::of(examine_born_private(scene, canary))
}

fn examine_born_private(scene: &Scene<'_>, canary: &CanaryRole) -> Result<Finding, Finding> {
    let mut held = Vec::new();
    for sighting in scene.sightings(canary) {
        let (path, mode) = if let SightingPlace::Write { path, mode, .. } = sighting.place {
            (path, Some(*mode))
        } else if let SightingPlace::File { path, snapshot, .. } = sighting.place {
            (path, entry(scene, *snapshot, path).map(|(_, entry)| scene.mode(entry)).transpose()?)
        } else {
            continue;
        };
        // A memory file is born with every bit and cannot be reached by a name.
        if path.starts_with("/memfd:") {
            continue;
        }
        let path = normal(without_mark(path));
        if let Some(mode) = mode.filter(|mode| mode & OTHERS != 0) {
            let sentence = format!("{path} has mode {mode:04o} while the canary {canary} is in it");
            return Ok(Finding::Violated(Witness::new(sentence, sighting.evidence.id)));
        }
        held.push((path, sighting.evidence.id));
    }
    for (path, seen) in &held {
        if let Some((id, mode)) = born_loose(scene, path) {
            let sentence = format!(
                "{path}, which holds the canary {canary}, was created with mode {mode:04o} and tightened later"
            );
            return Ok(Finding::Violated(Witness::new(sentence, id).and([*seen])));
        }
    }
    let issued = scene.issued(canary).ok_or_else(|| Inconclusive::vacuous(canary))?;
    let searched = Searched::nowhere(scene, canary, &[Scope::Files, Scope::Writes], issued)?;
    let sentence = match held.first() {
        Some((path, _)) => {
            format!("{path} was private from its creation on, and so was every file with the canary")
        }
        None => format!("no file ever held the canary {canary}"),
    };
    Ok(Finding::Met(Witness::by_search(sentence, searched).and(held.into_iter().map(|(_, id)| id))))
}

/// The call that created a path, or what was renamed to it, with bits for others.
fn born_loose(scene: &Scene<'_>, path: &str) -> Option<(EvidenceId, u32)> {
    let is = |named: &Option<String>, wanted: &str| {
        named.as_deref().is_some_and(|named| normal(without_mark(named)) == wanted)
    };
    let renamed = scene.system_calls().filter(|(_, call)| {
        matches!(call.call, SystemCallKind::Rename | SystemCallKind::Link) && is(&call.second_path, path)
    });
    let mut names = vec![path.to_owned()];
    names.extend(renamed.filter_map(|(_, call)| call.path.as_deref().map(normal)));
    let loose = |(evidence, call): (&Evidence, &SystemCall)| {
        let named = names.iter().any(|name| is(&call.path, name));
        let creating =
            call.call == SystemCallKind::Open && call.flags.is_none_or(|flags| flags & O_CREAT != 0);
        let mode = call.mode.map(|mode| mode & !scene.umask() & 0o7777)?;
        (named && creating && mode & OTHERS != 0 && !was_there(scene, evidence, &names))
            .then_some((evidence.id, mode))
    };
    scene.system_calls().find_map(loose)
}

/// Whether one of the names existed before the session of a call, so that the call's mode was ignored.
fn was_there(scene: &Scene<'_>, call: &Evidence, names: &[String]) -> bool {
    let Some(session) = call.session else { return false };
    names.iter().any(|name| entry(scene, Snapshot::Before(session), name).is_some())
}

fn declared(path: Option<String>) -> Result<String, Finding> {
    path.map(|path| normal(&path))
        .ok_or_else(|| Finding::Unrecorded("the implementation declares no such place".into()))
}

/// The entry of a path after the last session, or the finding that it is missing or of another kind.
fn last_entry<'a>(
    scene: &Scene<'a>,
    path: &str,
    role: LocationRole,
) -> Result<Result<(EvidenceId, &'a TreeEntry), Finding>, Finding> {
    let end = Snapshot::After(scene.last_session());
    let (id, entries) = scene.tree(end).ok_or_else(|| Finding::from(no_tree(end)))?;
    let wanted = match role {
        LocationRole::Directory => EntryKind::Directory,
        LocationRole::Signal | LocationRole::Plaintext | LocationRole::Ciphertext | LocationRole::Lock => {
            EntryKind::File
        }
    };
    let sentence = match entries.iter().find(|entry| entry.path == path) {
        Some(entry) if entry.kind == wanted => return Ok(Ok((id, entry))),
        Some(entry) => format!("{path} is a {}, not a {}", kind(entry.kind), kind(wanted)),
        None => {
            // Only a complete observer can say that something is not there.
            complete(scene.run, Observer::Files)?;
            format!("{path}, a declared place, does not exist")
        }
    };
    Ok(Err(Finding::Unmet(Witness::new(sentence, id))))
}

/// A path that holds a canary while its mode gives others something.
struct Looser {
    tree: EvidenceId,
    sighting: EvidenceId,
    mode: u32,
}

/// A snapshot in which the path holds any canary and has a mode outside the allowed one.
fn looser_with_canary(scene: &Scene<'_>, path: &str, allowed: u32) -> Result<Option<Looser>, Inconclusive> {
    for evidence in &scene.run.evidence {
        let Fact::CanarySeen { place: SightingPlace::File { snapshot, path: seen, .. }, .. } = &evidence.fact
        else {
            continue;
        };
        if seen != path {
            continue;
        }
        let Some((tree, entry)) = entry(scene, *snapshot, seen) else { continue };
        let mode = scene.mode(entry)?;
        if mode & !allowed != 0 {
            return Ok(Some(Looser { tree, sighting: evidence.id, mode }));
        }
    }
    Ok(None)
}

/// A canary that a session left in another file than the declared one, whose mode would then say nothing.
fn stray_canary(scene: &Scene<'_>, declared: &str) -> Option<(EvidenceId, String)> {
    scene.run.evidence.iter().find_map(|evidence| match &evidence.fact {
        Fact::CanarySeen {
            place: SightingPlace::File { snapshot: Snapshot::After(_), path, .. }, ..
        } if path != declared => Some((evidence.id, path.clone())),
        _elsewhere_or_otherwise => None,
    })
}

fn entry<'a>(scene: &Scene<'a>, snapshot: Snapshot, path: &str) -> Option<(EvidenceId, &'a TreeEntry)> {
    let (id, entries) = scene.tree(snapshot)?;
    entries.iter().find(|entry| entry.path == path).map(|entry| (id, entry))
}

/// The bits of group and others.
const OTHERS: u32 = 0o077;

/// Linux's flag of open, spelled here because the judge also reads recordings on other platforms.
const O_CREAT: u64 = 0o100;

#[cfg(test)]
mod tests {
    use super::O_CREAT;
    use crate::{
        judge::{
            Outcome, OutcomeKind,
            stage::{Stage, call, entry, error, file, written},
        },
        observation::{EntryKind, Fact, Observer, SystemCall, SystemCallKind, TreeEntry},
        protocol::ErrorCategory,
    };

    #[test]
    fn a_private_file_of_the_user_passes() {
        let stage = private().tree(0, vec![entry(PATH, EntryKind::File, 0o600)]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        assert_eq!(stage.without(Observer::Files).judge().kind(), OutcomeKind::Inconclusive);
    }

    #[test]
    fn a_private_decoy_beside_the_file_that_holds_the_secret_fails() {
        let stage = private().tree(0, vec![entry(PATH, EntryKind::File, 0o600)]).seen(
            0,
            "token",
            file(0, "/w/home/.store/real"),
        );
        assert_eq!(
            stage.judge().why(),
            format!("a canary lies in /w/home/.store/real, and plaintext is declared to lie in {PATH}")
        );
    }

    #[test]
    fn a_mode_that_lets_others_in_fails() {
        let outcome = private().tree(0, vec![entry(PATH, EntryKind::File, 0o644)]).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        assert_eq!(outcome.why(), format!("{PATH} has mode 0644; 0600 is allowed"));
    }

    #[test]
    fn tightening_at_the_end_does_not_undo_an_exposure() {
        let stage = private()
            .tree(0, vec![entry(PATH, EntryKind::File, 0o640)])
            .seen(0, "token", file(0, PATH))
            .tree(1, vec![entry(PATH, EntryKind::File, 0o600)]);
        assert_eq!(
            stage.judge().why(),
            format!("{PATH} has mode 0640 while a canary is in it; 0600 is allowed")
        );
    }

    #[test]
    fn a_loose_mode_without_a_canary_may_be_tightened_later() {
        let stage = private()
            .tree(0, vec![entry(PATH, EntryKind::File, 0o644)])
            .tree(1, vec![entry(PATH, EntryKind::File, 0o600)]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn a_path_that_is_missing_of_another_kind_or_of_another_user_fails() {
        let foreign = TreeEntry { uid: Some(0), ..entry(PATH, EntryKind::File, 0o600) };
        for entries in [Vec::new(), vec![entry(PATH, EntryKind::Symlink, 0o777)], vec![foreign]] {
            assert_eq!(private().tree(0, entries).judge().kind(), OutcomeKind::Fail);
        }
        let exists = "applies_when = [{ location = \"directory\" }]\n\
                      judge = { predicate = \"path_exists\", location = \"directory\" }";
        let stage = Stage::new("", exists);
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
        let made = stage.tree(0, vec![entry("/w/home/.store", EntryKind::Directory, 0o755)]);
        assert_eq!(made.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn an_undeclared_place_is_not_judged() {
        let stage = private().declaring(|statement| statement.locations.clear());
        assert!(matches!(stage.judge(), Outcome::NotApplicable { .. }));
    }

    #[test]
    fn a_file_that_is_private_from_its_first_call_on_passes() {
        let stage = holding(0o600, 0o600);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        for observer in [Observer::Files, Observer::SystemCalls] {
            assert_eq!(stage.clone().without(observer).judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    #[test]
    fn a_file_that_was_written_while_others_could_read_it_fails() {
        assert_eq!(holding(0o600, 0o644).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_file_that_was_created_open_and_tightened_before_the_write_fails() {
        let outcome = holding(0o666, 0o600).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        assert!(
            outcome.why().contains("was created with mode 0644 and tightened later"),
            "{}",
            outcome.why()
        );
    }

    #[test]
    fn a_file_that_was_renamed_into_place_is_judged_from_its_first_name_on() {
        let temporary = "/w/home/.store/tmp1";
        let rename = SystemCall { second_path: Some(PATH.into()), ..call(SystemCallKind::Rename, temporary) };
        let stage = born()
            .fact(0, Fact::SystemCall(open(temporary, 0o666)))
            .fact(0, Fact::SystemCall(rename))
            .seen(0, "token", file(0, PATH))
            .tree(0, vec![entry(PATH, EntryKind::File, 0o600)]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_secret_that_reaches_no_file_is_in_no_loose_one() {
        let refused = born().answer("write", error(ErrorCategory::AccessDenied));
        assert_eq!(refused.judge().kind(), OutcomeKind::Pass);
    }

    fn private() -> Stage {
        Stage::new(
            "",
            "applies_when = [{ location = \"plaintext\" }]\n\
             judge = { predicate = \"path_private\", location = \"plaintext\", at_most = \"0600\" }",
        )
    }

    fn born() -> Stage {
        Stage::new("", "predicate = \"born_private\", canary = \"token\"")
    }

    /// A file that is created with one mode and has another when the canary is written.
    fn holding(created: u32, at_write: u32) -> Stage {
        born()
            .fact(0, Fact::SystemCall(open(PATH, created)))
            .seen(0, "token", written(PATH, at_write))
            .seen(0, "token", file(0, PATH))
            .tree(0, vec![entry(PATH, EntryKind::File, 0o600)])
    }

    fn open(path: &str, mode: u32) -> SystemCall {
        SystemCall { mode: Some(mode), flags: Some(O_CREAT | 1), ..call(SystemCallKind::Open, path) }
    }

    const PATH: &str = "/w/home/.store/msal.cache.nocae";
}
