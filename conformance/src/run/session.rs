//! Plays one session of a script.

use std::{path::Path, sync::Arc, time::Instant};

use super::{
    conversation::{Conversation, Interrupted, Patience},
    kept::KeptStates,
    live::{ENDING, Live, Silence},
    meeting::Meetings,
    performance::Performance,
    premises::Door,
    stage::StageError,
};
use crate::{
    canary::CanarySet,
    case::End,
    interruption::Interruption,
    observation::EvidenceLog,
    observe::Lost,
    protocol::{HelloReply, Statement, Tag},
    supervisor::{Kill, SessionSpec},
    world::authority::Authority,
};

/// A session that is about to be played, maybe at the same time as others of its world.
pub(super) struct Session<'a> {
    /// The program of this harness, which supervises it.
    pub(super) harness: &'a Path,
    /// What is started.
    pub(super) spec: SessionSpec,
    /// What marks its protocol lines; its environment says so too.
    pub(super) tag: Tag,
    /// What is asked of it.
    pub(super) performance: &'a Performance<'a>,
    /// What its adapter declared before.
    pub(super) declared: Option<&'a Statement>,
    /// The evidence.
    pub(super) log: &'a EvidenceLog,
    /// The canaries of the world.
    pub(super) canaries: &'a CanarySet,
    /// The token authority of the world.
    pub(super) authority: &'a Authority,
    /// What earlier sessions gave back for it.
    pub(super) kept: &'a KeptStates,
    /// Where it meets others.
    pub(super) meetings: &'a Arc<Meetings>,
    /// Whether all of it is to end early.
    pub(super) interruption: Interruption,
    /// Whether what it says is searched.
    pub(super) scans_output: bool,
    /// Where its processes come in to the bus.
    pub(super) door: Door,
}

/// What a session leaves for the world, beyond its evidence.
pub(super) struct Played {
    /// Who said hello.
    pub(super) hello: Option<HelloReply>,
    /// Whether its process started.
    pub(super) started: bool,
    /// What its observers lost.
    pub(super) lost: Vec<Lost>,
}

impl Session<'_> {
    /// Plays the session to its end, whatever that is.
    ///
    /// # Errors
    ///
    /// [`StageError`]: it cannot be started.
    pub(super) fn play(self) -> Result<Played, StageError> {
        let (meetings, index) = (self.meetings, self.performance.index);
        let played = self.converse();
        // Whatever became of it, nobody need wait for it any longer.
        meetings.ended(index);
        played
    }

    fn converse(self) -> Result<Played, StageError> {
        let session = self.performance.index;
        let adapter = self.performance.adapter;
        let gate = Meetings::gate(self.meetings, session);
        let mut live =
            Live::start(self.harness, &self.spec, self.tag, session, self.log, self.scans_output, &gate)?
                .behind(self.door)
                .heeding(self.interruption);
        let conversation = Conversation {
            log: self.log,
            session,
            canaries: self.canaries,
            declared: self.declared,
            authority: self.authority,
            kept: self.kept,
            meetings: self.meetings,
            scans_replies: self.scans_output,
            log_level: self.performance.log,
            patience: Patience { startup: adapter.startup, operation: adapter.operation },
        };
        let outcome = conversation.hold(&mut live.driver, self.performance.steps, self.performance.end);
        let mut lost = Vec::from_iter(outcome.scanned.err());
        match (&outcome.interrupted, self.performance.end) {
            (Some(reason), _) => live.process.kill(Kill::Harness { reason: reason.to_string() }),
            (None, End::Kill) => live.process.kill(Kill::Script),
            // Who reads to the end of its input rather than to `bye` gets that end.
            (None, End::Bye) => live.driver.close_input(),
        }
        if let Some(Interrupted::Silence { step, detail }) = outcome.interrupted {
            live.silence = Some(Silence { step, detail });
        }
        let closed = live.end(Instant::now() + ENDING);
        let started = closed.was_started();
        lost.extend(closed.lost);
        Ok(Played { hello: outcome.hello, started, lost })
    }
}
