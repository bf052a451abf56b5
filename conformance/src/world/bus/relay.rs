//! One client's way to the broker and back.
//!
//! Two threads carry it: one reads the client and writes to the broker, the other reads the broker and writes to the
//! client. What happens to a message is decided in one place per direction ([`Relay::take_up`], [`Relay::deliver`]), as
//! a value, where the faults of a case decide otherwise.

use std::{
    io::{self, BufReader, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    BrokerKind, WireTap,
    crew::Crew,
    frame::{Frame, FrameError},
    guest::Visit,
    handshake::{self, HandshakeError},
    losses::Losses,
    owners::Owners,
    pause::Pause,
    transcript::{Pending, Transcript},
};
use crate::observation::{EvidenceLog, Fact, Observer};

/// What every relay of a bus shares.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) kind: BrokerKind,
    pub(super) log: EvidenceLog,
    pub(super) tap: Arc<dyn WireTap>,
    pub(super) losses: Losses,
    pub(super) crew: Crew,
    pub(super) owners: Owners,
}

impl Shared {
    /// What the relays in front of a broker of this kind share, while nobody is there yet.
    pub(super) fn new(kind: BrokerKind, log: &EvidenceLog, tap: Arc<dyn WireTap>) -> Self {
        let (losses, crew, owners) = (Losses::default(), Crew::default(), Owners::default());
        Self { kind, log: log.clone(), tap, losses, crew, owners }
    }
}

/// One client and its connection to the broker.
pub(super) struct Relay {
    pub(super) shared: Shared,
    pub(super) number: u64,
    pub(super) visit: Arc<Visit>,
    client: UnixStream,
    pub(super) broker: UnixStream,
    transcript: Mutex<Transcript>,
    pause: Pause,
}

impl Relay {
    /// A relay between two connected sockets.
    pub(super) fn new(
        shared: Shared,
        number: u64,
        visit: Arc<Visit>,
        client: UnixStream,
        broker: UnixStream,
    ) -> io::Result<Arc<Self>> {
        for stream in [&client, &broker] {
            stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        }
        let (transcript, pause) = (Mutex::default(), Pause::default());
        Ok(Arc::new(Self { shared, number, visit, client, broker, transcript, pause }))
    }

    /// Carries messages until one side leaves; `ended` runs when both directions are done.
    pub(super) fn run(self: Arc<Self>, ended: impl FnOnce() + Send + 'static) {
        match self.begin() {
            Ok((mut client, broker)) => {
                let down = Arc::clone(&self);
                let name = format!("bus answers {}", self.number);
                let started = self.shared.crew.start(name, move || {
                    down.carry_down(broker);
                    down.finish();
                    ended();
                });
                match started {
                    Ok(()) => self.carry_up(&mut client),
                    Err(error) => {
                        self.lose(&format!("was cut off, because no thread could be started: {error}"));
                        // The other thread, which would have done this, does not run.
                        self.finish();
                    }
                }
                // The broker still answers what it has got, then closes; that ends the other thread.
                let _ = self.broker.shutdown(Shutdown::Write);
            }
            Err(error) => {
                if matches!(error, HandshakeError::Malformed) {
                    self.lose("sent bytes that are no handshake, and was cut off");
                }
                self.finish();
                ended();
            }
        }
    }

    /// Stops reading the client: what it has sent already is still carried.
    pub(super) fn wind_down(&self) {
        let _ = self.client.shutdown(Shutdown::Read);
    }

    /// Cuts both connections.
    pub(super) fn cut(&self) {
        self.pause.end();
        // Errors mean that the other side has left already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.broker.shutdown(Shutdown::Both);
    }

    fn begin(&self) -> Result<(BufReader<UnixStream>, BufReader<UnixStream>), HandshakeError> {
        let mut client = BufReader::new(self.client.try_clone()?);
        let mut broker = BufReader::new(self.broker.try_clone()?);
        handshake::relay(&mut client, &mut broker)?;
        Ok((client, broker))
    }

    fn carry_up(&self, client: &mut BufReader<UnixStream>) {
        loop {
            let frame = match Frame::read(client) {
                Ok(Some(frame)) => frame,
                // Half a message of a client that died never reaches the broker, with or without the relay.
                Ok(None) | Err(FrameError::Stream(_) | FrameError::Truncated) => return,
                Err(error @ (FrameError::TooLong { .. } | FrameError::Malformed(_))) => {
                    self.lose(&format!("was cut off: {error}"));
                    return;
                }
            };
            if !self.take_up(&frame) {
                return;
            }
        }
    }

    fn carry_down(&self, mut broker: BufReader<UnixStream>) {
        loop {
            let frame = match Frame::read(&mut broker) {
                Ok(Some(frame)) => frame,
                Ok(None) | Err(FrameError::Stream(_) | FrameError::Truncated) => return,
                Err(error @ (FrameError::TooLong { .. } | FrameError::Malformed(_))) => {
                    self.lose(&format!("was cut off: the broker sent: {error}"));
                    return;
                }
            };
            let Some(delivery) = self.deliver(frame) else { continue };
            if delivery.is_late {
                // Whatever comes behind it waits as well, as where a service does one thing after the other.
                self.pause.wait(SLOW);
            }
            if !delivery.messages.iter().all(|message| self.tell(&delivery.member, message))
                || delivery.is_last
            {
                return;
            }
            delivery.answers.iter().for_each(|passage| self.visit.after(passage));
        }
    }

    /// Sends the client a message; false if it cannot be sent.
    fn tell(&self, member: &str, message: &Frame) -> bool {
        self.shared.tap.bytes(self.visit.session(), member, message.bytes());
        let sent = (&self.client).write_all(message.bytes());
        if let Err(error) = &sent {
            self.lose_if_stalled(error, "it did not read what it was sent");
        }
        sent.is_ok()
    }

    /// A fault of the case has happened.
    pub(super) fn hit(&self, fault: usize, detail: String) {
        let fact = Fact::FaultHit { fault, detail };
        self.shared.log.record(Observer::Harness, self.visit.session(), fact);
    }

    /// The call of a fault of the case came, and the fault cannot happen to it.
    pub(super) fn miss(&self, fault: usize, call: &str, why: &str) {
        let fact = Fact::FaultMissed { fault, detail: format!("{call}: {why}") };
        self.shared.log.record(Observer::Harness, self.visit.session(), fact);
    }

    pub(super) fn pending(&self, frame: &Frame) -> Pending {
        Pending::of(frame, self.shared.log.clock().now())
    }

    fn finish(&self) {
        self.cut();
        let rest = self.transcript().take_all();
        for pending in rest {
            self.record(pending, UNANSWERED);
        }
    }

    pub(super) fn enter(&self, serial: u32, pending: Pending) {
        let displaced = self.transcript().enter(serial, pending);
        if let Some(displaced) = displaced {
            self.record(displaced, UNANSWERED);
        }
    }

    pub(super) fn record(&self, mut pending: Pending, answer: &str) {
        if let Some(struck) = pending.struck.take() {
            self.miss(struck.number, &struck.call, "it was not answered");
        }
        let at = pending.at;
        if let Some(call) = pending.into_call(self.number, answer) {
            self.shared.log.record_at(at, Observer::Bus, self.visit.session(), Fact::BusCall(call));
        }
    }

    fn lose(&self, what: &str) {
        self.shared.losses.add(format!("client {} {what}", self.number));
    }

    pub(super) fn lose_if_stalled(&self, error: &io::Error, what: &str) {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            self.lose(&format!("was cut off: {what} within {WRITE_TIMEOUT:?}"));
        }
    }

    pub(super) fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn answer_of(frame: &Frame) -> &str {
    frame.header().error_name.as_deref().unwrap_or("ok")
}

/// How late an answer comes that a fault holds back.
const SLOW: Duration = Duration::from_secs(4);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const UNANSWERED: &str = "unanswered";
/// The member of an answer whose question is not known.
pub(super) const ANSWER: &str = "answer";
