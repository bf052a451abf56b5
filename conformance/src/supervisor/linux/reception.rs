//! Receives announced calls, and answers them: at once, later, or never.

use std::os::fd::OwnedFd;

use nix::{errno::Errno, unistd::Pid};

use super::{
    ffi,
    ledger::Ledger,
    tally::{Hit, Tally},
    witness::{Deed, Looked, Witness, name},
};
use crate::{
    case::CallEffect,
    observation::{Fact, Observer, SystemCall},
};

/// Answers announced calls. Most go on; some are refused, meet a fault, or wait until the harness lets them go.
pub(super) struct Reception {
    witness: Witness,
    tally: Tally,
    waiting: Vec<Waiting>,
}

/// What became of an announced call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Received {
    /// There was none.
    Nothing,
    /// It was answered, or waits; the thread that made it.
    From(u32),
    /// It is never answered: every process of the session is to be killed.
    Fatal,
}

impl Received {
    /// Whether it came from the first thread of a process.
    pub(super) fn is_from(self, process: Pid) -> bool {
        match self {
            Self::From(thread) => i32::try_from(thread) == Ok(process.as_raw()),
            Self::Nothing | Self::Fatal => false,
        }
    }
}

/// What a call is to get.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    /// It goes on.
    Go,
    /// It fails.
    Fail(Errno),
    /// It is never answered.
    Kill,
}

/// A call that waits at points.
struct Waiting {
    id: u64,
    held_at: Vec<usize>,
    passed: Vec<usize>,
    answer: Answer,
}

impl Reception {
    /// A reception with its witness.
    pub(super) fn new(witness: Witness, tally: Tally) -> Self {
        Self { witness, tally, waiting: Vec::new() }
    }

    /// Where calls are announced.
    pub(super) fn listener(&self) -> &OwnedFd {
        self.witness.listener()
    }

    /// Receives the next announced call.
    pub(super) fn receive(&mut self) -> Received {
        let Some(announced) = self.witness.receive() else { return Received::Nothing };
        let Looked { refusal, deed } = self.witness.look(&announced);
        let (answer, points) = match (deed, refusal) {
            (Some(deed), None) => self.decide(deed),
            (deed, refusal) => {
                if let Some(deed) = deed {
                    self.witness.note(deed, refusal.map(name));
                }
                (refusal.map_or(Answer::Go, Answer::Fail), Vec::new())
            }
        };
        if points.is_empty() {
            return self.answer(announced.id, answer, &[]).unwrap_or(Received::From(announced.thread));
        }
        for point in &points {
            self.witness.ledger().reached(*point);
        }
        self.waiting.push(Waiting { id: announced.id, held_at: points, passed: Vec::new(), answer });
        Received::From(announced.thread)
    }

    /// Lets the call go that waits at a point, unless it waits at another one too.
    pub(super) fn release(&mut self, point: usize) -> Received {
        let mut waiting = self.waiting.iter_mut().enumerate();
        let Some((index, call)) = waiting.find(|(_, call)| call.held_at.contains(&point)) else {
            return Received::Nothing;
        };
        call.held_at.retain(|held| *held != point);
        call.passed.push(point);
        if !call.held_at.is_empty() {
            return Received::Nothing;
        }
        let Waiting { id, passed, answer, .. } = self.waiting.swap_remove(index);
        self.answer(id, answer, &passed).unwrap_or(Received::Nothing)
    }

    /// Remembers that something was missed.
    pub(super) fn lose(&mut self, reason: impl FnOnce() -> String) {
        self.witness.lose(reason);
    }

    /// Searches what is left, once every process of the session is gone.
    pub(super) fn finish(self) -> Ledger {
        self.witness.finish()
    }

    /// Counts a call that may go on as far as the witness is concerned, and says what it gets and where it waits first.
    fn decide(&mut self, deed: Deed) -> (Answer, Vec<usize>) {
        let fate = deed.classes.as_ref().map(|classes| self.tally.count(classes)).unwrap_or_default();
        let answer = fate.fault.map_or(Answer::Go, |hit| Answer::of(hit.effect));
        if let Some(hit) = fate.fault.filter(|hit| hit.is_first) {
            let fact = Fact::FaultHit { fault: hit.fault, detail: detail(&hit, &deed.call) };
            self.witness.ledger().record(Observer::Harness, fact);
        }
        self.witness.note(deed, answer.refused());
        (answer, fate.points)
    }

    /// Answers a call, and says that it passed its points. Returns only what is fatal.
    fn answer(&mut self, id: u64, answer: Answer, passed: &[usize]) -> Option<Received> {
        let errno = match answer {
            Answer::Go => None,
            Answer::Fail(errno) => Some(errno),
            Answer::Kill => return Some(Received::Fatal),
        };
        match ffi::respond(self.witness.listener(), id, errno) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => {
                self.lose(|| format!("an announced system call could not be answered: {errno}"));
            }
        }
        for point in passed {
            self.witness.ledger().passed(*point);
        }
        None
    }
}

impl Answer {
    fn of(effect: CallEffect) -> Self {
        match effect {
            CallEffect::Kill => Self::Kill,
            CallEffect::Eacces => Self::Fail(Errno::EACCES),
            CallEffect::Edquot => Self::Fail(Errno::EDQUOT),
            CallEffect::Eintr => Self::Fail(Errno::EINTR),
            CallEffect::Eio => Self::Fail(Errno::EIO),
            CallEffect::Emfile => Self::Fail(Errno::EMFILE),
            CallEffect::Enospc => Self::Fail(Errno::ENOSPC),
            CallEffect::Erofs => Self::Fail(Errno::EROFS),
        }
    }

    /// What a record of the call says instead of leaving it open.
    fn refused(self) -> Option<String> {
        match self {
            Self::Go => None,
            Self::Fail(errno) => Some(name(errno)),
            Self::Kill => Some("SIGKILL".into()),
        }
    }
}

/// One line for a fault that happens, such as `kill at write to /w/home/cache, call 1 of the class secret_write`.
fn detail(hit: &Hit, call: &SystemCall) -> String {
    let effect = hit.effect.as_str();
    let first = call.path.as_deref().unwrap_or("a file without a name");
    let second = call.second_path.as_deref().map_or_else(String::new, |second| format!(" and {second}"));
    let (verb, count, class) = (call.call.verb(), hit.count, hit.class.as_str());
    format!("{effect} at {verb} of {first}{second}, call {count} of the class {class}")
}
