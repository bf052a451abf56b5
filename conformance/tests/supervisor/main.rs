//! Sessions under the system call witness, from outside: real processes, real kernels.
//!
//! This binary is three things: the tests, the supervisor (`supervise`), and the supervised programs (`child-…`), so
//! that a machine with nothing else installed runs all of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod programs;
mod session;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Failed, Trial};
use sealcheck::{
    observation::{Fact, Observer, SessionEnd, SystemCallKind},
    supervisor::{self, Kill},
};
use session::{CANARY, World, has_ended};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next() {
        Some(mode) if mode == "supervise" => supervisor::main(),
        Some(mode) if mode.starts_with("child-") => programs::run(&mode, &arguments.collect::<Vec<_>>()),
        Some(_) | None => libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
}

fn trials() -> Vec<Trial> {
    let probe = supervisor::probe();
    let tests: &[(&str, fn())] = &[
        ("a_transient_unlinked_file_is_seen", a_transient_unlinked_file_is_seen),
        ("a_mapped_file_that_never_had_a_name_is_seen", a_mapped_file_that_never_had_a_name_is_seen),
        ("a_mapped_file_that_another_replaces_is_seen", a_mapped_file_that_another_replaces_is_seen),
        ("a_memory_file_is_seen", a_memory_file_is_seen),
        ("a_canary_split_over_two_writes_is_seen", a_canary_split_over_two_writes_is_seen),
        ("a_session_without_a_canary_shows_none", a_session_without_a_canary_shows_none),
        (
            "a_write_by_a_second_thread_belongs_to_its_process",
            a_write_by_a_second_thread_belongs_to_its_process,
        ),
        (
            "arguments_and_environment_of_a_grandchild_are_seen",
            arguments_and_environment_of_a_grandchild_are_seen,
        ),
        (
            "an_open_for_reading_is_not_recorded_and_one_for_writing_is",
            an_open_for_reading_is_not_recorded_and_one_for_writing_is,
        ),
        (
            "changes_outside_the_world_are_refused_and_recorded",
            changes_outside_the_world_are_refused_and_recorded,
        ),
        ("a_link_out_of_the_world_does_not_help", a_link_out_of_the_world_does_not_help),
        ("only_loopback_and_own_sockets_are_reached", only_loopback_and_own_sockets_are_reached),
        ("a_ring_for_unseen_writes_is_forbidden", a_ring_for_unseen_writes_is_forbidden),
        ("a_session_of_root_has_no_privileges", a_session_of_root_has_no_privileges),
        ("a_daemonised_grandchild_is_gone_at_the_end", a_daemonised_grandchild_is_gone_at_the_end),
        ("the_session_dies_with_its_supervisor", the_session_dies_with_its_supervisor),
        ("a_dropped_session_dies", a_dropped_session_dies),
        ("a_killed_session_says_who_killed_it", a_killed_session_says_who_killed_it),
        ("a_session_beyond_its_deadline_is_killed", a_session_beyond_its_deadline_is_killed),
        ("a_program_that_is_missing_is_named", a_program_that_is_missing_is_named),
        ("a_session_ends_as_its_program_does", a_session_ends_as_its_program_does),
        (
            "a_session_has_its_own_mask_folder_and_environment",
            a_session_has_its_own_mask_folder_and_environment,
        ),
        (
            "a_disabled_observer_records_nothing_and_still_refuses",
            a_disabled_observer_records_nothing_and_still_refuses,
        ),
        ("two_hundred_sessions_in_a_row_all_end", two_hundred_sessions_in_a_row_all_end),
    ];
    let tests: Vec<_> = tests.iter().chain(faults::TESTS).collect();
    let trial = |(name, test): &&(&'static str, fn())| {
        let test = *test;
        let run = move || -> Result<(), Failed> {
            test();
            Ok(())
        };
        // A machine that cannot watch shows these as ignored, not as passed.
        Trial::test(*name, run).with_ignored_flag(probe.is_err())
    };
    let mut trials: Vec<Trial> = tests.iter().map(trial).collect();
    if let Err(unavailable) = &probe {
        let reason = format!("sessions_can_be_watched_here: {unavailable}");
        trials.push(Trial::test(reason, || Ok(())).with_ignored_flag(true));
    }
    trials
}

fn a_transient_unlinked_file_is_seen() {
    let world = World::new();
    let path = world.home("transient");
    let run = world.run("child-transient", &[&path, CANARY]);
    run.assert_clean();
    assert_eq!(run.writes_of_the_canary(), [(path.clone(), 0o640)]);
    assert!(!Path::new(&path).exists());
    assert_eq!(run.paths(SystemCallKind::Unlink), [path]);
}

fn a_mapped_file_that_never_had_a_name_is_seen() {
    let world = World::new();
    let run = world.run("child-map-unnamed", &[&world.home("."), CANARY]);
    run.assert_clean();
    let [(path, mode)] = run.writes_of_the_canary().try_into().unwrap();
    assert!(path.starts_with(&world.home("#")) && path.ends_with(" (deleted)"), "{path}");
    assert_eq!(mode, 0o600);
    assert_eq!(run.paths(SystemCallKind::SharedMap), [path]);
}

fn a_mapped_file_that_another_replaces_is_seen() {
    let world = World::new();
    let (first, second) = (world.home("first"), world.home("second"));
    let run = world.run("child-map-replaced", &[&first, &second, CANARY]);
    run.assert_clean();
    assert_eq!(run.writes_of_the_canary(), [(first.clone(), 0o600)]);
    assert_eq!(fs::read_to_string(first).unwrap(), "harmless");
}

fn a_memory_file_is_seen() {
    let world = World::new();
    let run = world.run("child-memory-file", &[CANARY]);
    run.assert_clean();
    let [(path, _)] = run.writes_of_the_canary().try_into().unwrap();
    assert_eq!(path, "/memfd:cache (deleted)");
    assert_eq!(run.paths(SystemCallKind::Write), [path]);
}

fn a_canary_split_over_two_writes_is_seen() {
    let world = World::new();
    let path = world.home("split");
    let (first, second) = CANARY.split_at(CANARY.len() / 2);
    // It is truncated in between, so that neither the writes alone nor what is left show it.
    let run = world.run("child-split", &[&path, first, second]);
    run.assert_clean();
    assert_eq!(run.writes_of_the_canary(), [(path.clone(), 0o600)]);
    assert_eq!(fs::read_to_string(&path).unwrap(), second);
}

fn a_session_without_a_canary_shows_none() {
    let world = World::new();
    let path = world.home("file");
    let run = world.run("child-transient", &[&path, "something else"]);
    run.assert_clean();
    assert_eq!(run.sightings().count(), 0);
    assert_eq!(run.paths(SystemCallKind::Write), [path]);
}

fn a_write_by_a_second_thread_belongs_to_its_process() {
    let world = World::new();
    let run = world.run("child-thread", &[&world.home("file")]);
    run.assert_clean();
    let process: u32 = run.output.trim().parse().unwrap();
    let pids: Vec<u32> =
        run.calls().filter(|call| call.call == SystemCallKind::Write).map(|call| call.pid).collect();
    assert_eq!(pids, [process]);
}

fn arguments_and_environment_of_a_grandchild_are_seen() {
    let world = World::new();
    let (first, second) = CANARY.split_at(CANARY.len() / 2);
    let run = world.run("child-parent", &[&format!("{second}{first}")]);
    run.assert_clean();
    let program = session::own_path();
    let grandchild: u32 = run.output.trim().parse().unwrap();
    let place = |observer, fact: &Fact| match fact {
        Fact::CanarySeen { role, place, .. } if observer == Observer::Processes => {
            assert_eq!(role.0, "token");
            Some(serde_json::to_value(place).unwrap())
        }
        _ => None,
    };
    let places: Vec<_> = run.evidence.iter().filter_map(|entry| place(entry.observer, &entry.fact)).collect();
    assert_eq!(
        places,
        [
            serde_json::json!({"place": "argument", "pid": grandchild, "program": program, "index": 2}),
            serde_json::json!({"place": "environment", "pid": grandchild, "program": program, "name": "SECRET"}),
        ]
    );
    let starts: Vec<_> = run
        .evidence
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::ProcessStarted(start) => Some(start),
            _ => None,
        })
        .collect();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[1].arguments[1..], ["child-pid", "{token}"]);
    assert_eq!(starts[1].environment, ["SECRET"]);
    run.assert_canary_is_not_spelled_out();
}

fn an_open_for_reading_is_not_recorded_and_one_for_writing_is() {
    let world = World::new();
    let (read, written) = (world.home("read"), world.home("written"));
    fs::write(&read, "x").unwrap();
    let run = world.run("child-open", &[&read, &written]);
    run.assert_clean();
    assert_eq!(run.paths(SystemCallKind::Open), [written]);
    let open = run.calls().find(|call| call.call == SystemCallKind::Open).unwrap();
    assert_eq!(open.mode, Some(0o666));
    assert_eq!(open.refused, None);
}

fn changes_outside_the_world_are_refused_and_recorded() {
    let world = World::new();
    let (new, old) = (world.outside("new"), world.outside("old"));
    fs::write(&old, "precious").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
    let run = world.run("child-outside", &[&new, &old, &world.home("inside")]);
    run.assert_clean();
    let expected = [
        "create EROFS",
        "write EROFS",
        "append EROFS",
        "unlink EROFS",
        "rename out EROFS",
        "rename in EROFS",
        "link in EROFS",
        "symlink EROFS",
        "mkdir EROFS",
        "mkdir existing EEXIST",
        "chmod EROFS",
        "fchmod EROFS",
        "truncate EROFS",
        "touch EROFS",
        "bind EROFS",
        "read ok",
        "null ok",
    ];
    assert_eq!(run.output.lines().collect::<Vec<_>>(), expected);
    let refused = run.calls().filter(|call| call.refused.is_some()).count();
    assert_eq!(refused, expected.iter().filter(|line| !line.ends_with("ok")).count());
    assert!(!Path::new(&new).exists());
    assert_eq!(fs::read_to_string(&old).unwrap(), "precious");
    assert_eq!(fs::metadata(&old).unwrap().permissions().mode() & 0o777, 0o644);
}

fn a_link_out_of_the_world_does_not_help() {
    let world = World::new();
    let (target, link) = (world.outside("target"), world.home("link"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let inside = world.home("inside");
    let run = world.run("child-create", &[&link, &format!("{inside}/../../../outside-by-dots"), &inside]);
    run.assert_clean();
    assert_eq!(run.output.lines().collect::<Vec<_>>(), ["EROFS", "EROFS", "ok"]);
    assert_eq!(run.paths(SystemCallKind::Open), [target.clone(), world.outside("outside-by-dots"), inside]);
    assert!(!Path::new(&target).exists());
}

fn only_loopback_and_own_sockets_are_reached() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = listener.local_addr().unwrap().to_string();
    let (own, foreign) = (world.home("socket"), world.outside("socket"));
    let _own = std::os::unix::net::UnixListener::bind(&own).unwrap();
    let _foreign = std::os::unix::net::UnixListener::bind(&foreign).unwrap();
    let absent = world.outside("absent");
    let run = world.run("child-connect", &[&near, &own, &foreign, &absent]);
    run.assert_clean();
    assert_eq!(
        run.output.lines().collect::<Vec<_>>(),
        [
            "192.0.2.1:80 ENETUNREACH",
            "[2001:db8::1]:443 ENETUNREACH",
            "datagram ENETUNREACH",
            "message ECONNREFUSED",
            "near ok",
            "own ok",
            "foreign ECONNREFUSED",
            "absent ENOENT",
            "abstract ECONNREFUSED",
        ]
    );
    let addresses: Vec<(String, Option<String>)> = run
        .calls()
        .filter(|call| call.call == SystemCallKind::Connect)
        .map(|call| (call.address.clone().unwrap(), call.refused.clone()))
        .collect();
    let refused = |address: &str, errno: &str| (address.to_owned(), Some(errno.to_owned()));
    assert_eq!(
        addresses,
        [
            refused("192.0.2.1:80", "ENETUNREACH"),
            refused("[2001:db8::1]:443", "ENETUNREACH"),
            refused("192.0.2.2:53", "ENETUNREACH"),
            refused(&format!("unix:{foreign}"), "ECONNREFUSED"),
            (near, None),
            (format!("unix:{own}"), None),
            refused(&format!("unix:{foreign}"), "ECONNREFUSED"),
            refused(&format!("unix:{absent}"), "ENOENT"),
            refused("unix:@sealcheck-test", "ECONNREFUSED"),
        ]
    );
}

fn a_ring_for_unseen_writes_is_forbidden() {
    let world = World::new();
    let run = world.run("child-ring", &[]);
    run.assert_clean();
    assert_eq!(run.output.trim(), "ENOSYS");
    let forbidden: Vec<_> = run.calls().filter(|call| call.call == SystemCallKind::Forbidden).collect();
    assert_eq!(forbidden.len(), 1);
    assert_eq!(forbidden[0].refused.as_deref(), Some("ENOSYS"));
}

fn a_session_of_root_has_no_privileges() {
    let world = World::new();
    let path = world.home("read-only");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let run = world.run("child-open-existing", &[&path]);
    run.assert_clean();
    assert_eq!(run.ended.effective_capabilities.as_deref(), Some("0000000000000000"));
    assert_eq!(run.output.trim(), "EACCES");
}

fn a_daemonised_grandchild_is_gone_at_the_end() {
    let world = World::new();
    let run = world.run("child-daemonise", &[]);
    run.assert_clean();
    let daemon: u32 = run.output.trim().parse().unwrap();
    assert!(has_ended(daemon));
    // The name of a process is cut to 15 bytes.
    assert!(run.ended.left_running.iter().all(|name| name.starts_with("supervisor")), "{:?}", run.ended);
    assert_eq!(run.ended.left_running.len(), 1);
    assert_eq!(world.run("child-exit", &["0"]).ended.left_running, [] as [String; 0]);
}

fn the_session_dies_with_its_supervisor() {
    let world = World::new();
    let mut session = world.spawn("child-wait", &[]);
    let (own, supervisor, mut output) = session.first_line_of_ids();
    assert!(!has_ended(own));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    // The session holds the other end: its end is the session's.
    output.read_to_end(&mut Vec::new()).unwrap();
    let ended = session.wait();
    assert_eq!(ended.witness, Err("the supervisor ended without a report".into()));
}

fn a_dropped_session_dies() {
    let world = World::new();
    let mut session = world.spawn("child-wait", &[]);
    let (own, _, _output) = session.first_line_of_ids();
    drop(session);
    assert!(has_ended(own));
}

fn a_killed_session_says_who_killed_it() {
    let reason = "it flooded its output".to_owned();
    for (why, end) in [
        (Kill::Script, SessionEnd::KilledByScript),
        (Kill::Harness { reason: reason.clone() }, SessionEnd::KilledByHarness { reason }),
    ] {
        let world = World::new();
        let mut session = world.spawn("child-wait", &[]);
        let (own, ..) = session.first_line_of_ids();
        session.supervised.kill(why);
        let ended = session.wait();
        assert_eq!((ended.end, ended.witness), (end, Ok(())));
        assert!(has_ended(own));
    }
}

fn a_session_beyond_its_deadline_is_killed() {
    let world = World::new();
    let mut session = world.spawn("child-wait", &[]);
    let (own, ..) = session.first_line_of_ids();
    let ended = session.supervised.wait(Instant::now() + Duration::from_millis(20));
    assert_eq!(
        ended.end,
        SessionEnd::KilledByHarness { reason: "it did not end before the deadline".into() }
    );
    assert!(has_ended(own));
}

fn a_program_that_is_missing_is_named() {
    let world = World::new();
    let plain = world.home("not-a-program");
    fs::write(&plain, "x").unwrap();
    for (program, expected) in [
        ("/nowhere/program", "the program \"/nowhere/program\" could not be started: it failed to execute it (ENOENT: No such file or directory)".to_owned()),
        (plain.as_str(), format!("the program {plain:?} could not be started: it failed to execute it (EACCES: Permission denied)")),
        ("no-such-program", "the program \"no-such-program\" is not in the session's PATH (/usr/local/bin:/usr/bin:/bin): give its path".to_owned()),
    ] {
        let mut spec = world.spec("", &[]);
        spec.program = program.into();
        let run = world.run_spec(&spec);
        assert_eq!(run.ended.end, SessionEnd::NotStarted { reason: expected });
        assert_eq!(run.ended.witness, Ok(()));
        assert!(run.evidence.iter().all(|entry| !matches!(entry.fact, Fact::ProcessStarted(_))));
    }
}

fn a_session_ends_as_its_program_does() {
    let world = World::new();
    for (argument, end) in [
        ("0", SessionEnd::Exited { code: 0 }),
        ("7", SessionEnd::Exited { code: 7 }),
        ("89", SessionEnd::CannotRunHere),
        ("signal", SessionEnd::Signalled { signal: libc::SIGTERM }),
    ] {
        let run = world.run("child-exit", &[argument]);
        assert_eq!((run.ended.end, run.ended.witness), (end, Ok(())));
    }
}

fn a_session_has_its_own_mask_folder_and_environment() {
    let world = World::new();
    let mut spec = world.spec("child-describe", &["made"]);
    spec.umask = 0o027;
    spec.environment = vec![("ONLY".into(), "this".into())];
    let run = world.run_spec(&spec);
    run.assert_clean();
    assert_eq!(run.output.trim(), "ONLY=this");
    let made = fs::metadata(world.home("made")).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o640);
}

fn a_disabled_observer_records_nothing_and_still_refuses() {
    let world = World::new();
    let mut spec = world.spec("child-create", &[&world.outside("new"), &world.home("file")]);
    spec.disabled = vec![Observer::SystemCalls];
    let run = world.run_spec(&spec);
    run.assert_clean();
    assert_eq!(run.output.lines().collect::<Vec<_>>(), ["EROFS", "ok"]);
    assert!(run.evidence.iter().all(|entry| entry.observer != Observer::SystemCalls));
    assert!(run.evidence.iter().any(|entry| entry.observer == Observer::Processes));
}

fn two_hundred_sessions_in_a_row_all_end() {
    let world = World::new();
    for _ in 0..200 {
        let mut session = world.spawn("child-exit", &["0"]);
        session.stdin.write_all(b"x").unwrap_or_default();
        let ended = session.wait();
        assert_eq!((ended.end, ended.witness), (SessionEnd::Exited { code: 0 }, Ok(())));
    }
}
