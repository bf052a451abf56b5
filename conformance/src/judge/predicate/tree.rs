//! What was created and where, by snapshots of the tree and by system calls.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    canary::no_tree,
    path::{is_below, normal, without_mark},
};
use crate::{
    case::{Partition, Place, Step, StepLabel},
    judge::{
        Inconclusive, Witness,
        finding::Finding,
        scene::{Scene, in_file},
        searched::complete,
    },
    observation::{
        EntryKind, EvidenceId, Observer, SessionIndex, SightingPlace, Snapshot, SystemCall, SystemCallKind,
        TreeEntry,
    },
    protocol::{LocationRole, Statement},
};

/// Nothing was created under the home or the temporary folder in the step's session.
pub(super) fn nothing_created(scene: &Scene<'_>, step: &StepLabel) -> Finding {
    Finding::of(examine_nothing_created(scene, step))
}

fn examine_nothing_created(scene: &Scene<'_>, step: &StepLabel) -> Result<Finding, Finding> {
    let Some(session) = scene.session_of(step) else {
        return Err(Finding::Unrecorded(format!("the case has no step {step}")));
    };
    let answer = scene.answer(step).evidence();
    let (before_id, before) = tree(scene, Snapshot::Before(session))?;
    let watched = [scene.run.world.home.clone(), format!("{}/tmp", scene.run.world.root)];
    let is_watched = |path: &str| watched.iter().any(|folder| is_below(path, folder) && path != folder);
    let was_there = |path: &str| before.iter().any(|entry| entry.path == path);

    let mut after_id = None;
    if let Some((id, after)) = scene.tree(Snapshot::After(session)) {
        let created = after.iter().find(|entry| is_watched(&entry.path) && !was_there(&entry.path));
        if let Some(entry) = created {
            let what = kind(entry.kind);
            let sentence = format!("{} was created, a {what} of {} bytes", entry.path, entry.size);
            return Ok(Finding::Violated(Witness::new(sentence, id).and([before_id]).and(answer)));
        }
        after_id = Some(id);
    }
    for (evidence, call) in scene.system_calls().filter(|(evidence, _)| evidence.session == Some(session)) {
        let created = creates(call).map(normal).filter(|path| is_watched(path) && !was_there(path));
        if let Some(path) = created {
            let sentence = format!("the session called for the creation of {path} ({})", call.call.verb());
            return Ok(Finding::Violated(Witness::new(sentence, evidence.id).and(answer)));
        }
    }
    let after_id = after_id.ok_or_else(|| Finding::from(no_tree(Snapshot::After(session))))?;
    let files = complete(scene.run, Observer::Files)?;
    let calls = complete(scene.run, Observer::SystemCalls)?;
    let sentence = "neither the tree nor the system calls show anything created".to_owned();
    Ok(Finding::Met(Witness::new(sentence, after_id).and([before_id, files, calls]).and(answer)))
}

/// Everything that was created or written lies in the declared folder.
///
/// What the twin touches outside its world too, under a benign name and without plants, is a habit of the language's
/// runtime and says nothing about the name or the plant.
pub(super) fn stays_inside(
    scene: &Scene<'_>,
    twin: &Scene<'_>,
    statement: &Statement,
    location: LocationRole,
) -> Finding {
    let home = &scene.run.world.home;
    match statement.path(location, home, None, Partition::default()).map(|folder| normal(&folder)) {
        Some(folder) if is_below(home, &folder) => {
            let what =
                format!("the declared folder {folder} holds the whole home, so nothing there is outside");
            Inconclusive::Vacuous { what }.into()
        }
        Some(folder) => Finding::of(examine_stays_inside(scene, &habits(twin), &folder)),
        None => Finding::Unrecorded("the implementation declares no such folder".into()),
    }
}

fn examine_stays_inside(
    scene: &Scene<'_>,
    habits: &BTreeSet<String>,
    folder: &str,
) -> Result<Finding, Finding> {
    let mut trees = Vec::new();
    let mut missing = None;
    for session in sessions_at_home(scene) {
        let (Some((before_id, before)), Some((after_id, after))) =
            (scene.tree(Snapshot::Before(session)), scene.tree(Snapshot::After(session)))
        else {
            missing = missing.or(Some(Finding::from(no_tree(Snapshot::After(session)))));
            continue;
        };
        if let Some(entry) = changed(before, after).find(|entry| is_outside(scene, folder, &entry.path)) {
            let what = kind(entry.kind);
            let sentence = format!("{}, a {what} outside {folder}, was created or changed", entry.path);
            return Ok(Finding::Violated(Witness::new(sentence, after_id).and([before_id])));
        }
        trees.extend([before_id, after_id]);
    }
    for (evidence, call) in scene.system_calls() {
        if let Some(path) = mutates(call).map(normal).find(|path| {
            let makes_way = call.call == SystemCallKind::MakeDirectory && is_below(folder, path);
            !makes_way && is_outside(scene, folder, path) && !habits.contains(path)
        }) {
            let refused = call.refused.as_deref().map(|errno| format!(", refused with {errno}"));
            let word = call.call.verb();
            let sentence = format!("{word} named {path}, outside {folder}{}", refused.unwrap_or_default());
            return Ok(Finding::Violated(Witness::new(sentence, evidence.id)));
        }
    }
    if let Some((id, path)) = secret_outside(scene, folder) {
        let sentence = format!("a canary was written to {path}, outside {folder}");
        return Ok(Finding::Violated(Witness::new(sentence, id)));
    }
    if let Some(missing) = missing {
        return Err(missing);
    }
    let files = complete(scene.run, Observer::Files)?;
    let calls = complete(scene.run, Observer::SystemCalls)?;
    let sentence = format!("all that was created or written lies in {folder}");
    Ok(Finding::Met(Witness::new(sentence, files).and([calls]).and(trees)))
}

/// The paths outside the world that the twin names; none where the case is its own twin, which would excuse itself.
fn habits(twin: &Scene<'_>) -> BTreeSet<String> {
    if twin.case.is_own_twin() {
        return BTreeSet::new();
    }
    let named = twin.system_calls().flat_map(|(_, call)| mutates(call).map(normal).collect::<Vec<_>>());
    named.filter(|path| !is_below(path, &twin.run.world.root)).collect()
}

fn sessions_at_home<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = SessionIndex> + 'a {
    let sessions = scene.case.script.sessions.iter().enumerate();
    sessions.filter(|(_, session)| session.place == Place::Home).map(|(number, _)| SessionIndex(number))
}

/// Entries that are new, or hold something else than before. Folders change when something in them does.
fn changed<'a>(before: &'a [TreeEntry], after: &'a [TreeEntry]) -> impl Iterator<Item = &'a TreeEntry> + 'a {
    let known = before.iter().map(|entry| (entry.path.as_str(), entry)).collect::<BTreeMap<_, _>>();
    after.iter().filter(move |entry| match known.get(entry.path.as_str()) {
        None => true,
        Some(old) => {
            entry.kind != EntryKind::Directory
                && (entry.sha256 != old.sha256 || entry.inode != old.inode || entry.target != old.target)
        }
    })
}

/// Whether a path counts as outside the declared folder.
///
/// The folder and those above it may be made. Devices and process files are no storage. In the temporary and the
/// runtime folder of the world, language runtimes leave files of their own; a canary there is looked for apart.
fn is_outside(scene: &Scene<'_>, folder: &str, path: &str) -> bool {
    let root = &scene.run.world.root;
    let scratch = [format!("{root}/tmp"), format!("{root}/run")];
    let no_storage = (is_below(path, "/dev") && !is_below(path, "/dev/shm"))
        || is_below(path, "/proc")
        || !path.starts_with('/');
    !is_below(path, folder)
        && !is_below(folder, path)
        && !no_storage
        && !scratch.iter().any(|scratch| is_below(path, scratch))
}

/// A canary in a file outside the folder, wherever that is.
fn secret_outside(scene: &Scene<'_>, folder: &str) -> Option<(EvidenceId, String)> {
    let steps = scene.case.script.steps();
    let roles = steps.filter_map(
        |(_, _, step)| {
            if let Step::Put { canary, .. } = step { Some(canary) } else { None }
        },
    );
    roles.flat_map(|role| scene.sightings(role)).find_map(|sighting| {
        let path = if let SightingPlace::Write { path, .. } = sighting.place {
            normal(without_mark(path).strip_prefix('/')?)
        } else {
            let (Snapshot::After(session), path) = in_file(sighting.place)? else { return None };
            sessions_at_home(scene).find(|home| *home == session)?;
            path.to_owned()
        };
        let is_file = !path.starts_with("/memfd:") && !is_below(&path, "/proc");
        (is_file && !is_below(&path, folder)).then_some((sighting.evidence.id, path))
    })
}

/// The path that a call would create.
fn creates(call: &SystemCall) -> Option<&str> {
    match call.call {
        SystemCallKind::Open => {
            let creating = call.flags.is_none_or(|flags| flags & (O_CREAT | O_TMPFILE) != 0);
            call.path.as_deref().filter(|_| creating)
        }
        SystemCallKind::MakeDirectory | SystemCallKind::MakeNode => call.path.as_deref(),
        SystemCallKind::Rename | SystemCallKind::Link | SystemCallKind::Symlink => {
            call.second_path.as_deref()
        }
        SystemCallKind::Write
        | SystemCallKind::SharedMap
        | SystemCallKind::Splice
        | SystemCallKind::Unlink
        | SystemCallKind::Truncate
        | SystemCallKind::ChangeMode
        | SystemCallKind::ChangeOwner
        | SystemCallKind::SetAttribute
        | SystemCallKind::Sync
        | SystemCallKind::Connect
        | SystemCallKind::Forbidden => None,
    }
}

/// The paths that a call would change.
fn mutates(call: &SystemCall) -> impl Iterator<Item = &str> {
    let (first, second) = match call.call {
        SystemCallKind::Open
        | SystemCallKind::Write
        | SystemCallKind::SharedMap
        | SystemCallKind::Splice
        | SystemCallKind::Unlink
        | SystemCallKind::MakeDirectory
        | SystemCallKind::MakeNode
        | SystemCallKind::Truncate
        | SystemCallKind::ChangeMode
        | SystemCallKind::ChangeOwner
        | SystemCallKind::SetAttribute => (call.path.as_deref(), None),
        SystemCallKind::Rename => (call.path.as_deref(), call.second_path.as_deref()),
        // What a link leads to is not changed by making it.
        SystemCallKind::Link | SystemCallKind::Symlink => (None, call.second_path.as_deref()),
        SystemCallKind::Sync | SystemCallKind::Connect | SystemCallKind::Forbidden => (None, None),
    };
    let named = |path: &&str| path.starts_with('/') && !path.starts_with("/memfd:");
    first.into_iter().chain(second).map(without_mark).filter(named)
}

fn tree<'a>(scene: &Scene<'a>, snapshot: Snapshot) -> Result<(EvidenceId, &'a [TreeEntry]), Inconclusive> {
    scene.tree(snapshot).ok_or_else(|| no_tree(snapshot))
}

/// What an entry is, in a word.
pub(super) fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "folder",
        EntryKind::Symlink => "symbolic link",
        EntryKind::Special => "special file",
    }
}

/// Linux's flags of open, spelled here because the judge also reads recordings on other platforms.
const O_CREAT: u64 = 0o100;
const O_TMPFILE: u64 = 0o20_000_000;

#[cfg(test)]
mod tests {
    use super::{O_CREAT, SystemCallKind};
    use crate::{
        judge::{
            OutcomeKind,
            stage::{Stage, call, entry, error, file, nothing, written},
        },
        observation::{EntryKind, Fact, Observer, SystemCall},
        protocol::ErrorCategory,
    };

    #[test]
    fn a_refusal_that_leaves_nothing_passes() {
        assert_eq!(refusing().judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn an_empty_file_is_something() {
        let stage = refusing().tree(0, vec![entry("/w/home/.store", EntryKind::Directory, 0o700)]);
        assert_eq!(stage.judge().why(), "/w/home/.store was created, a folder of 3 bytes");
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_file_that_is_gone_again_was_created_all_the_same() {
        let open = SystemCall { flags: Some(O_CREAT | 1), ..call(SystemCallKind::Open, "/w/tmp/probe") };
        assert_eq!(refusing().fact(0, Fact::SystemCall(open)).judge().kind(), OutcomeKind::Fail);
        let made = call(SystemCallKind::MakeDirectory, "/w/home/.store");
        assert_eq!(refusing().fact(0, Fact::SystemCall(made)).judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn opening_what_is_there_and_the_runtime_folder_create_nothing() {
        let open = SystemCall { flags: Some(1), ..call(SystemCallKind::Open, "/w/home/.profile") };
        let socket = SystemCall { flags: Some(O_CREAT), ..call(SystemCallKind::Open, "/w/run/dconf") };
        let stage = refusing().fact(0, Fact::SystemCall(open)).fact(0, Fact::SystemCall(socket));
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn another_session_may_create_what_it_likes() {
        let made = call(SystemCallKind::MakeDirectory, "/w/home/.store");
        let stage = refusing()
            .fact(1, Fact::SystemCall(made))
            .tree(1, vec![entry("/w/home/.store", EntryKind::Directory, 0o700)]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn that_nothing_was_created_takes_both_observers() {
        for observer in [Observer::Files, Observer::SystemCalls] {
            assert_eq!(refusing().without(observer).judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    #[test]
    fn the_declared_folder_and_those_above_it_may_be_made() {
        let stage = inside()
            .fact(0, Fact::SystemCall(call(SystemCallKind::MakeDirectory, "/w/home/.store")))
            .fact(0, Fact::SystemCall(call(SystemCallKind::Open, "/w/home/.store/../.store/a.nocae")))
            .fact(0, Fact::SystemCall(call(SystemCallKind::Open, "/dev/null")))
            .fact(0, Fact::SystemCall(call(SystemCallKind::Open, "/w/tmp/runtime-of-a-language")))
            .tree(
                0,
                vec![
                    entry("/w/home/.store", EntryKind::Directory, 0o700),
                    entry("/w/home/.store/a.nocae", EntryKind::File, 0o600),
                ],
            );
        assert_eq!(stage.judge().kind(), OutcomeKind::Pass);
        for observer in [Observer::Files, Observer::SystemCalls] {
            assert_eq!(stage.clone().without(observer).judge().kind(), OutcomeKind::Inconclusive);
        }
    }

    #[test]
    fn a_file_beside_the_folder_is_outside() {
        let stage = inside().tree(0, vec![entry("/w/home/escaped.nocae", EntryKind::File, 0o600)]);
        assert_eq!(stage.judge().kind(), OutcomeKind::Fail);
    }

    #[test]
    fn an_attempt_that_was_refused_is_an_attempt() {
        let open = SystemCall {
            refused: Some("EACCES".into()),
            ..call(SystemCallKind::Open, "/w/home/.store/../escaped")
        };
        let outcome = inside().fact(0, Fact::SystemCall(open)).judge();
        assert_eq!(outcome.kind(), OutcomeKind::Fail);
        assert_eq!(outcome.why(), "open named /w/home/escaped, outside /w/home/.store, refused with EACCES");
    }

    #[test]
    fn a_rename_out_of_the_folder_is_outside_and_a_link_to_elsewhere_is_not() {
        let rename = SystemCall {
            second_path: Some("/w/home/escaped".into()),
            ..call(SystemCallKind::Rename, "/w/home/.store/a")
        };
        assert_eq!(inside().fact(0, Fact::SystemCall(rename)).judge().kind(), OutcomeKind::Fail);
        let link = SystemCall {
            second_path: Some("/w/home/.store/b".into()),
            ..call(SystemCallKind::Symlink, "/elsewhere")
        };
        assert_eq!(inside().fact(0, Fact::SystemCall(link)).judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn a_secret_in_the_temporary_folder_is_outside() {
        for place in [written("/w/tmp/x (deleted)", 0o600), file(0, "/w/tmp/x")] {
            assert_eq!(inside().seen(0, "token", place).judge().kind(), OutcomeKind::Fail);
        }
        let memory = written("/memfd:x (deleted)", 0o777);
        assert_eq!(inside().seen(0, "token", memory).judge().kind(), OutcomeKind::Pass);
    }

    #[test]
    fn what_the_twin_touches_outside_the_world_too_is_a_habit() {
        let touches = Fact::SystemCall(call(SystemCallKind::Open, "/var/lib/runtime/clock"));
        let case = elsewhere().fact(0, touches.clone());
        assert_eq!(case.judge_beside(&case.honest().fact(0, touches)).kind(), OutcomeKind::Pass);
        assert_eq!(case.judge_beside(&case.honest()).kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_habit_within_the_world_excuses_nothing() {
        let touches = Fact::SystemCall(call(SystemCallKind::Open, "/w/home/elsewhere"));
        let case = elsewhere().fact(0, touches.clone());
        assert_eq!(case.judge_beside(&case.honest().fact(0, touches)).kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_case_that_is_its_own_twin_does_not_excuse_itself() {
        let touches = Fact::SystemCall(call(SystemCallKind::Open, "/var/lib/runtime/clock"));
        let case = inside().fact(0, touches);
        assert!(case.case.is_own_twin());
        assert_eq!(case.judge_beside(&case).kind(), OutcomeKind::Fail);
    }

    #[test]
    fn a_declared_folder_that_holds_the_whole_home_decides_nothing() {
        for folder in ["{home}", "{home}/.store/..", "/"] {
            let stage = inside().declaring(|statement| {
                for location in &mut statement.locations {
                    folder.clone_into(&mut location.path);
                }
            });
            assert_eq!(stage.judge().kind(), OutcomeKind::Inconclusive, "{folder}");
        }
        assert_eq!(inside().judge().kind(), OutcomeKind::Pass);
    }

    fn elsewhere() -> Stage {
        Stage::new(
            "world = { condition = \"no_service\" }",
            "applies_when = [{ location = \"directory\" }]\n\
             judge = { predicate = \"stays_inside\", location = \"directory\" }",
        )
    }

    fn refusing() -> Stage {
        Stage::new(
            "world = { condition = \"no_service\" }",
            "predicate = \"nothing_created\", step = \"write\"",
        )
        .answer("write", error(ErrorCategory::EncryptionUnavailable))
        .answer("read", nothing())
    }

    fn inside() -> Stage {
        Stage::new(
            "",
            "applies_when = [{ location = \"directory\" }]\n\
             judge = { predicate = \"stays_inside\", location = \"directory\" }",
        )
    }
}
