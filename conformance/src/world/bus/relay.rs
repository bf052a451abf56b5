//! One client's way to the broker and back.
//!
//! Two threads carry it: one reads the client and writes to the broker, the other reads the broker and writes to the
//! client. What happens to a message is decided in one place per direction ([`Relay::admit`], [`Relay::deliver`]), as
//! a value, so that a case may one day decide otherwise.
//!
//! The embedded broker drops a message to a name that nobody owns. So behind each such message the relay asks, on the
//! same connection and therefore in the same order, who owns the name; if nobody does, the client is told.

use std::{
    io::{self, BufReader, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    BrokerKind, WireTap,
    connection::{BROKER, BROKER_PATH},
    courtesy,
    crew::Crew,
    frame::{Frame, FrameError},
    handshake::{self, HandshakeError},
    header::{Header, Kind},
    losses::Losses,
    transcript::{Pending, Transcript},
};
use crate::observation::{EvidenceLog, Fact, Observer, SessionIndex};

/// What every relay of a bus shares.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) kind: BrokerKind,
    pub(super) log: EvidenceLog,
    pub(super) tap: Arc<dyn WireTap>,
    pub(super) losses: Losses,
    pub(super) crew: Crew,
}

/// One client and its connection to the broker.
pub(super) struct Relay {
    shared: Shared,
    number: u64,
    session: Option<SessionIndex>,
    client: UnixStream,
    broker: UnixStream,
    transcript: Mutex<Transcript>,
}

/// What becomes of a message from the broker.
enum Delivery {
    /// The client gets it as it is.
    AsIs,
    /// The client gets another one in its place.
    Instead(Box<Frame>),
    /// The client gets nothing: it was an answer to the relay's own question.
    Nothing,
}

impl Relay {
    /// A relay between two connected sockets.
    pub(super) fn new(
        shared: Shared,
        number: u64,
        session: Option<SessionIndex>,
        client: UnixStream,
        broker: UnixStream,
    ) -> io::Result<Arc<Self>> {
        for stream in [&client, &broker] {
            stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        }
        let transcript = Mutex::default();
        Ok(Arc::new(Self { shared, number, session, client, broker, transcript }))
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
            if let Err(error) = (&self.broker).write_all(&self.admit(frame)) {
                self.lose_if_stalled(&error, "the broker did not read what it sent");
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
            let (delivery, member) = self.deliver(&frame);
            let frame = match delivery {
                Delivery::AsIs => frame,
                Delivery::Instead(other) => *other,
                Delivery::Nothing => continue,
            };
            self.shared.tap.bytes(self.session, &member, frame.bytes());
            if let Err(error) = (&self.client).write_all(frame.bytes()) {
                self.lose_if_stalled(&error, "it did not read what it was sent");
                return;
            }
        }
    }

    /// Takes in a message of the client and gives the bytes that the broker gets.
    fn admit(&self, frame: Frame) -> Vec<u8> {
        let header = frame.header();
        self.shared.tap.bytes(self.session, header.member.as_deref().unwrap_or(ANSWER), frame.bytes());
        let answerable = match (header.kind, self.shared.kind) {
            (Kind::Call, _) => true,
            (Kind::Signal, BrokerKind::Busd) => header.destination.is_some(),
            (Kind::Signal, BrokerKind::DbusDaemon) | (Kind::Return | Kind::Error, _) => false,
        };
        if answerable {
            self.enter(header.serial, Pending::of(&frame, self.shared.log.clock().now()));
        }
        match self.shared.kind {
            BrokerKind::DbusDaemon => frame.bytes().to_vec(),
            BrokerKind::Busd => {
                let mut bytes = courtesy::repaired(&frame).as_ref().unwrap_or(&frame).bytes().to_vec();
                if answerable
                    && let Some(name) = &header.destination
                    && name != BROKER
                {
                    bytes.extend_from_slice(self.question(header.serial, name).bytes());
                }
                bytes
            }
        }
    }

    /// Decides what becomes of a message of the broker, and which member it belongs to.
    fn deliver(&self, frame: &Frame) -> (Delivery, String) {
        let header = frame.header();
        let Some(serial) = header.reply_serial.filter(|_| matches!(header.kind, Kind::Return | Kind::Error))
        else {
            return (Delivery::AsIs, header.member.clone().unwrap_or_default());
        };
        let (about, answered) = {
            let mut transcript = self.transcript();
            let about = transcript.take_probe(serial);
            (about, transcript.take(about.unwrap_or(serial)))
        };
        match (about, answered) {
            (None, Some(pending)) => {
                let instead = match self.shared.kind {
                    BrokerKind::Busd => courtesy::reworded(&pending, serial, frame),
                    BrokerKind::DbusDaemon => None,
                };
                let member = pending.member.clone();
                self.record(pending, answer_of(instead.as_ref().unwrap_or(frame)));
                (instead.map_or(Delivery::AsIs, |other| Delivery::Instead(Box::new(other))), member)
            }
            (None, None) if courtesy::is_late(frame) => (Delivery::Nothing, String::new()),
            (None, None) => (Delivery::AsIs, ANSWER.to_owned()),
            (Some(about), Some(pending)) => self.owner_known(frame, about, pending),
            (Some(_), None) => (Delivery::Nothing, String::new()),
        }
    }

    /// The broker has said whether anybody owns the name to which a message went.
    fn owner_known(&self, answer: &Frame, serial: u32, pending: Pending) -> (Delivery, String) {
        if courtesy::says_unowned(answer) {
            let refusal = courtesy::unowned(&pending, serial, answer);
            let member = pending.member.clone();
            self.record(pending, answer_of(&refusal));
            return (Delivery::Instead(Box::new(refusal)), member);
        }
        if pending.expects_reply {
            // It is under way; whoever got it answers, or the broker does when they leave.
            self.enter(serial, pending);
        } else {
            self.record(pending, UNANSWERED);
        }
        (Delivery::Nothing, String::new())
    }

    fn question(&self, about: u32, name: &str) -> Frame {
        let mut header = Header::new(Kind::Call, self.transcript().probe(about));
        header.path = Some(BROKER_PATH.to_owned());
        header.interface = Some(BROKER.to_owned());
        header.member = Some("GetNameOwner".to_owned());
        header.destination = Some(BROKER.to_owned());
        Frame::build(header, &name).expect("a text can always be written")
    }

    fn finish(&self) {
        self.cut();
        let rest = self.transcript().take_all();
        for pending in rest {
            self.record(pending, UNANSWERED);
        }
    }

    fn enter(&self, serial: u32, pending: Pending) {
        let displaced = self.transcript().enter(serial, pending);
        if let Some(displaced) = displaced {
            self.record(displaced, UNANSWERED);
        }
    }

    fn record(&self, pending: Pending, answer: &str) {
        let at = pending.at;
        if let Some(call) = pending.into_call(self.number, answer) {
            self.shared.log.record_at(at, Observer::Bus, self.session, Fact::BusCall(call));
        }
    }

    fn lose(&self, what: &str) {
        self.shared.losses.add(format!("client {} {what}", self.number));
    }

    fn lose_if_stalled(&self, error: &io::Error, what: &str) {
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            self.lose(&format!("was cut off: {what} within {WRITE_TIMEOUT:?}"));
        }
    }

    fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_of(frame: &Frame) -> &str {
    frame.header().error_name.as_deref().unwrap_or("ok")
}

const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const UNANSWERED: &str = "unanswered";
/// The member of an answer whose question is not known.
const ANSWER: &str = "answer";
