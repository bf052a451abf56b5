//! Calls that go wrong, calls that kill, and calls that wait.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use sealcheck::{
    case::{CallClass, CallEffect, Repeat},
    observation::{Fact, Observer, SessionEnd, SystemCallKind},
    supervisor::{CallFault, CallGate, CallPoint, Kill, SessionSpec},
};

use crate::session::{CANARY, Run, World, has_ended};

/// The tests of this file.
pub(crate) const TESTS: &[(&str, fn())] = &[
    ("the_nth_call_of_a_class_fails_and_no_other_does", the_nth_call_of_a_class_fails_and_no_other_does),
    (
        "every_call_on_own_files_is_counted_and_no_other_is",
        every_call_on_own_files_is_counted_and_no_other_is,
    ),
    ("each_effect_is_its_errno", each_effect_is_its_errno),
    ("a_fault_from_then_on_goes_on", a_fault_from_then_on_goes_on),
    ("a_fault_that_happens_is_told_with_its_call", a_fault_that_happens_is_told_with_its_call),
    ("a_fault_that_is_not_reached_is_not_told", a_fault_that_is_not_reached_is_not_told),
    ("a_killing_fault_comes_before_its_call", a_killing_fault_comes_before_its_call),
    ("a_killing_fault_ends_every_process", a_killing_fault_ends_every_process),
    ("a_canary_split_over_two_writes_is_a_secret_write", a_canary_split_over_two_writes_is_a_secret_write),
    ("a_refused_write_is_recorded_as_such", a_refused_write_is_recorded_as_such),
    ("a_call_waits_at_its_point_while_others_are_served", a_call_waits_at_its_point_while_others_are_served),
    ("a_session_that_is_held_can_be_killed", a_session_that_is_held_can_be_killed),
];

fn the_nth_call_of_a_class_fails_and_no_other_does() {
    for (class, nth, step) in [
        (CallClass::Create, 1, "mkdir"),
        (CallClass::Create, 2, "create"),
        (CallClass::Write, 1, "write"),
        (CallClass::Write, 2, "write secret"),
        (CallClass::SecretWrite, 1, "write secret"),
        (CallClass::SecretWrite, 2, "write secret again"),
        (CallClass::Sync, 1, "sync"),
        (CallClass::Sync, 2, "sync folder"),
        (CallClass::Rename, 1, "rename"),
        (CallClass::Truncate, 1, "create"),
        (CallClass::Truncate, 2, "truncate"),
        (CallClass::Unlink, 1, "unlink"),
        (CallClass::Unlink, 2, "rmdir"),
    ] {
        let run = steps(&World::new(), fault(class, nth, CallEffect::Edquot));
        assert_eq!(failed(&run, "EDQUOT"), [step], "{class:?} {nth}");
    }
}

fn every_call_on_own_files_is_counted_and_no_other_is() {
    let any = |nth| steps(&World::new(), fault(CallClass::Any, nth, CallEffect::Eio));
    let last = u32::try_from(COUNTED.len()).unwrap();
    for (nth, step) in (1..=last).zip(COUNTED) {
        assert_eq!(failed(&any(nth), "EIO"), [step], "{nth}");
    }
    let beyond = any(last + 1);
    assert_eq!(failed(&beyond, "EIO"), Vec::<String>::new());
    assert_eq!(beyond.output.lines().filter(|line| line.ends_with(" ok")).count(), COUNTED.len() + 1);
}

fn each_effect_is_its_errno() {
    for (effect, errno) in [
        (CallEffect::Eacces, "EACCES"),
        (CallEffect::Edquot, "EDQUOT"),
        (CallEffect::Eio, "EIO"),
        (CallEffect::Emfile, "EMFILE"),
        (CallEffect::Enospc, "ENOSPC"),
        (CallEffect::Erofs, "EROFS"),
    ] {
        let run = steps(&World::new(), fault(CallClass::Rename, 1, effect));
        assert_eq!(failed(&run, errno), ["rename"], "{effect:?}");
    }
    // Whoever is interrupted calls again, as most programs do.
    let run = steps(&World::new(), fault(CallClass::Create, 2, CallEffect::Eintr));
    assert_eq!(failed(&run, "EINTR"), Vec::<String>::new());
    assert_eq!(hits(&run).len(), 1);
}

fn a_fault_from_then_on_goes_on() {
    let repeated = CallFault { repeat: Repeat::FromThenOn, ..fault(CallClass::Write, 2, CallEffect::Enospc) };
    let run = steps(&World::new(), repeated);
    assert_eq!(failed(&run, "ENOSPC"), ["write secret", "write secret again"]);
    assert_eq!(hits(&run).len(), 1);
}

fn a_fault_that_happens_is_told_with_its_call() {
    let world = World::new();
    let run = steps(&world, CallFault { fault: 3, ..fault(CallClass::Rename, 1, CallEffect::Erofs) });
    let (from, to) = (world.home("new/a"), world.home("new/b"));
    let detail = format!("erofs at rename of {from} and {to}, call 1 of the class rename");
    assert_eq!(hits(&run), [(3, detail)]);
    let renames = run.calls().filter(|call| call.call == SystemCallKind::Rename);
    assert_eq!(renames.map(|call| call.refused.as_deref()).collect::<Vec<_>>(), [Some("EROFS")]);
}

fn a_fault_that_is_not_reached_is_not_told() {
    let run = steps(&World::new(), fault(CallClass::Rename, 2, CallEffect::Kill));
    run.assert_clean();
    assert_eq!(hits(&run), []);
}

fn a_killing_fault_comes_before_its_call() {
    let world = World::new();
    let run = steps(&world, fault(CallClass::Rename, 1, CallEffect::Kill));
    assert_eq!(run.ended.end, SessionEnd::KilledByFault);
    assert_eq!(run.ended.witness, Ok(()));
    assert!(Path::new(&world.home("new/a")).exists() && !Path::new(&world.home("new/b")).exists());
    assert!(run.output.ends_with("sync ok\n"), "{}", run.output);
    let last = run.calls().last().unwrap();
    assert_eq!((last.call, last.refused.as_deref()), (SystemCallKind::Rename, Some("SIGKILL")));
}

fn a_killing_fault_ends_every_process() {
    let world = World::new();
    let path = world.home("file");
    let spec = SessionSpec {
        faults: vec![fault(CallClass::Create, 1, CallEffect::Kill)],
        ..world.spec("child-daemon-then-create", &[&path])
    };
    let run = world.run_spec(&spec);
    assert_eq!(run.ended.end, SessionEnd::KilledByFault);
    assert!(has_ended(run.output.trim().parse().unwrap()));
    assert!(!Path::new(&path).exists());
}

fn a_canary_split_over_two_writes_is_a_secret_write() {
    let world = World::new();
    let path = world.home("split");
    let (first, second) = CANARY.split_at(CANARY.len() / 2);
    let spec = SessionSpec {
        faults: vec![fault(CallClass::SecretWrite, 1, CallEffect::Kill)],
        ..world.spec("child-split", &[&path, first, second])
    };
    let run = world.run_spec(&spec);
    assert_eq!(run.ended.end, SessionEnd::KilledByFault);
    let detail = format!("kill at write of {path}, call 1 of the class secret_write");
    assert_eq!(hits(&run), [(0, detail)]);
}

fn a_refused_write_is_recorded_as_such() {
    let world = World::new();
    let run = steps(&world, fault(CallClass::Write, 1, CallEffect::Enospc));
    let writes: Vec<_> = run.calls().filter(|call| call.call == SystemCallKind::Write).collect();
    // The next one of that file is the first that goes on.
    let refused: Vec<_> = writes.iter().map(|call| call.refused.as_deref()).collect();
    assert_eq!(refused, [Some("ENOSPC"), None]);
}

fn a_call_waits_at_its_point_while_others_are_served() {
    let world = World::new();
    let (held, free) = (world.home("held"), world.home("free"));
    let spec = SessionSpec {
        points: vec![POINT, CallPoint { call: CallClass::Any, nth: 1 }],
        ..world.spec("child-two-threads", &[&held, &free])
    };
    let Doorkeeper { gate, arrivals, release } = Doorkeeper::new();
    let mut session = world.spawn_at(&spec, gate.clone());
    let mut output = BufReader::new(session.take_stdout());
    let mut next = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    arrivals.recv_timeout(PATIENCE).unwrap();
    writeln!(session.stdin, "now the other").unwrap();
    assert_eq!(next(), "free\n");
    assert!(Path::new(&free).exists() && !Path::new(&held).exists());
    assert_eq!(gate.passed(), []);
    release.send(()).unwrap();
    assert_eq!(next(), "held\n");
    assert!(Path::new(&held).exists());
    assert_eq!(session.wait().end, SessionEnd::Exited { code: 0 });
    // The same call is at both points.
    let mut passed = gate.passed();
    passed.sort_unstable();
    assert_eq!(passed, [(CallClass::Any, 1), (POINT.call, POINT.nth)]);
}

fn a_session_that_is_held_can_be_killed() {
    let world = World::new();
    let held = world.home("held");
    let spec =
        SessionSpec { points: vec![POINT], ..world.spec("child-two-threads", &[&held, &world.home("free")]) };
    let Doorkeeper { gate, arrivals, release } = Doorkeeper::new();
    let mut session = world.spawn_at(&spec, gate.clone());
    arrivals.recv_timeout(PATIENCE).unwrap();
    session.supervised.kill(Kill::Script);
    assert_eq!(session.wait().end, SessionEnd::KilledByScript);
    assert!(!Path::new(&held).exists());
    assert_eq!(gate.passed(), []);
    drop(release);
}

/// Holds the call at [`POINT`] until it is told to let go.
struct Gate {
    arrivals: Mutex<Sender<()>>,
    release: Mutex<Receiver<()>>,
    passed: Mutex<Vec<(CallClass, u32)>>,
}

/// A gate, and how to know and to say what happens there.
struct Doorkeeper {
    gate: Arc<Gate>,
    arrivals: Receiver<()>,
    release: Sender<()>,
}

impl Doorkeeper {
    fn new() -> Self {
        let (arrived, arrivals) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let (arrived, released) = (Mutex::new(arrived), Mutex::new(released));
        let gate = Gate { arrivals: arrived, release: released, passed: Mutex::default() };
        Self { gate: Arc::new(gate), arrivals, release }
    }
}

impl Gate {
    fn passed(&self) -> Vec<(CallClass, u32)> {
        self.passed.lock().unwrap().clone()
    }
}

impl CallGate for Gate {
    fn before(&self, call: CallClass, nth: u32) {
        if (call, nth) == (POINT.call, POINT.nth) {
            // A test that failed or ended is gone.
            let _gone = self.arrivals.lock().unwrap().send(());
            let _gone = self.release.lock().unwrap().recv_timeout(PATIENCE);
        }
    }

    fn after(&self, call: CallClass, nth: u32) {
        self.passed.lock().unwrap().push((call, nth));
    }
}

/// Has a program do one thing after another to files, and say how each went.
fn steps(world: &World, fault: CallFault) -> Run {
    let spec = SessionSpec {
        faults: vec![fault],
        ..world.spec("child-steps", &[&world.home("new"), CANARY, &world.outside("never")])
    };
    world.run_spec(&spec)
}

fn fault(call: CallClass, nth: u32, effect: CallEffect) -> CallFault {
    CallFault { fault: 0, call, nth, repeat: Repeat::Once, effect }
}

/// The steps that ended with an errno.
fn failed(run: &Run, errno: &str) -> Vec<String> {
    run.assert_clean();
    let lines = run.output.lines().filter_map(|line| line.strip_suffix(errno));
    lines.map(|step| step.trim_end().to_owned()).collect()
}

fn hits(run: &Run) -> Vec<(usize, String)> {
    let hits = run.evidence.iter().filter_map(|entry| match &entry.fact {
        Fact::FaultHit { fault, detail } => {
            assert_eq!(entry.observer, Observer::Harness);
            Some((*fault, detail.clone()))
        }
        _ => None,
    });
    hits.collect()
}

const PATIENCE: Duration = Duration::from_secs(30);

const POINT: CallPoint = CallPoint { call: CallClass::Create, nth: 1 };

/// The steps of `child-steps` that concern files of the session, in their order.
const COUNTED: [&str; 14] = [
    "mkdir",
    "create",
    "write",
    "write secret",
    "sync",
    "rename",
    "chmod",
    "touch",
    "truncate",
    "write secret again",
    "sync folder",
    "reopen",
    "unlink",
    "rmdir",
];
