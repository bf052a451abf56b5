//! A session that runs: its processes, the harness's end of its pipes, and what is to be searched at its end.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{premises::Door, stage::StageError};
use crate::{
    adapter::{Captured, Driver, DriverError},
    canary::Scanner,
    interruption::Interruption,
    observation::{EvidenceLog, Fact, Observer, SessionEnd, SessionIndex},
    observe::{Lost, OutputScanner, OutputStream, mention},
    protocol::Tag,
    supervisor::{CallGate, SessionSpec, Supervised},
};

/// A session that was started; what is said in it is its holder's affair.
pub(crate) struct Live {
    /// Which one it is.
    pub(crate) session: SessionIndex,
    /// Its processes.
    pub(crate) process: Supervised,
    /// Its pipes.
    pub(crate) driver: Driver,
    /// What its protocol lines begin with.
    pub(crate) tag: Tag,
    /// The answer that it left out because it was gone.
    pub(super) silence: Option<Silence>,
    /// Where its processes come in to the bus, if that is their own.
    door: Option<Door>,
    log: EvidenceLog,
    scanner: Scanner,
    scans_output: bool,
}

/// An answer that never came, because the adapter was gone.
pub(super) struct Silence {
    /// Which step of the session, from 0.
    pub(super) step: Option<usize>,
    /// What happened.
    pub(super) detail: String,
}

/// A session that ended.
pub(crate) struct Closed {
    /// How.
    pub(crate) end: SessionEnd,
    /// The programs of what still ran when its first process had ended.
    pub(crate) left_running: Vec<String>,
    /// What its adapter did wrong after its last reply.
    pub(crate) violation: Option<DriverError>,
    /// What its observers lost.
    pub(crate) lost: Vec<Lost>,
}

impl Live {
    /// Starts a session under its supervisor; the gate is told where it has come. The environment must say the tag.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the supervisor or the threads of the driver cannot be started.
    pub(super) fn start(
        harness: &Path,
        spec: &SessionSpec,
        tag: Tag,
        session: SessionIndex,
        log: &EvidenceLog,
        scans_output: bool,
        gate: &Arc<dyn CallGate>,
    ) -> Result<Self, StageError> {
        let mut process = Supervised::spawn(harness, spec, log, Some(session), gate)?;
        log.record(Observer::Harness, Some(session), Fact::SessionStarted {});
        let streams = (process.take_stdin(), process.take_stdout(), process.take_stderr());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            unreachable!("the streams of a new session were not taken yet");
        };
        let driver = Driver::new(stdin, stdout, stderr, tag.clone()).map_err(StageError::Threads)?;
        let scanner = spec.canaries.scanner();
        Ok(Self {
            session,
            process,
            driver,
            tag,
            silence: None,
            door: None,
            log: log.clone(),
            scanner,
            scans_output,
        })
    }

    /// The same, with the door to which its environment leads: it is shut when its processes are gone.
    pub(super) fn behind(self, door: Door) -> Self {
        Self { door: Some(door), ..self }
    }

    /// The same, not waiting for a reply once it is to end early.
    pub(super) fn heeding(mut self, interruption: Interruption) -> Self {
        self.driver.heed(interruption);
        self
    }

    /// Waits for the end, and takes what was printed beside the protocol; all of it becomes evidence.
    ///
    /// What still runs at the deadline is killed.
    pub(crate) fn end(self, deadline: Instant) -> Closed {
        let Self { session, process, driver, silence, door, log, scanner, scans_output, .. } = self;
        let ended = process.wait(deadline);
        if let Some(door) = door {
            door.shut();
        }
        let mut lost = Vec::new();
        if let Err(reason) = ended.witness {
            for observer in [Observer::SystemCalls, Observer::Processes] {
                lost.push(Lost { observer, reason: reason.clone() });
            }
        }
        // Whoever was killed on purpose owes no answer.
        let owes_answers = ended.end != SessionEnd::KilledByFault;
        if let Some(Silence { step, detail }) = silence.filter(|_| owes_answers) {
            log.record(Observer::Harness, Some(session), Fact::AdapterFailed { step, detail });
        }
        let fact = Fact::SessionEnded {
            how: ended.end.clone(),
            effective_capabilities: ended.effective_capabilities,
        };
        log.record(Observer::Harness, Some(session), fact);
        let output = driver.finish(Instant::now() + ENDING);
        let violation = output.violation.filter(|_| owes_answers && ended.end != SessionEnd::CannotRunHere);
        if let Some(violation) = &violation {
            let fact = Fact::AdapterFailed { step: None, detail: scanner.redact(&violation.to_string()) };
            log.record(Observer::Harness, Some(session), fact);
        }
        if scans_output {
            for (captured, stream) in
                [(&output.stdout_untagged, OutputStream::Output), (&output.stderr, OutputStream::Error)]
            {
                let search = OutputScanner::new(stream, scanner.clone(), &log, Some(session));
                lost.extend(scan(captured, search));
                mention::record(captured.bytes(), session, &log);
            }
        }
        Closed { end: ended.end, left_running: ended.left_running, violation, lost }
    }
}

/// Searches what a session printed; gives what could not be searched.
fn scan(captured: &Captured, mut search: OutputScanner) -> Vec<Lost> {
    search.push(captured.bytes());
    let mut lost = Vec::from_iter(search.finish().err());
    if captured.is_truncated() {
        let reason = "an adapter printed more than is kept for the leak scan".into();
        lost.push(Lost { observer: Observer::Output, reason });
    }
    lost
}

impl Closed {
    /// Whether there was a process at all.
    pub(crate) fn was_started(&self) -> bool {
        !matches!(self.end, SessionEnd::NotStarted { .. })
    }
}

/// How long a session's processes have to be gone, and its output to end.
pub(super) const ENDING: Duration = Duration::from_secs(10);
