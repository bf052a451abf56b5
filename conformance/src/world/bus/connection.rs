//! A blocking connection to a bus: for the scripted provider and for the harness's own client.
//!
//! It knows no runtime and no thread: whoever calls waits, until a deadline.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use zbus::wire::DynamicType;

use super::{
    address::BusAddress,
    frame::{Frame, FrameError},
    header::{Header, Kind},
};

/// A connection that has said hello.
#[derive(Debug)]
pub(crate) struct Connection {
    reader: BufReader<UnixStream>,
    sender: Sender,
    queued: VecDeque<Frame>,
}

/// Whom to call, and what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
}

impl<'a> Call<'a> {
    /// A call to the broker itself.
    pub(crate) fn to_broker(member: &'a str) -> Self {
        Self { destination: BROKER, path: BROKER_PATH, interface: BROKER, member }
    }
}

impl Connection {
    /// Connects, authenticates by uid and says hello.
    ///
    /// # Errors
    ///
    /// [`ConnectionError`]: nobody listens, or whoever does is no bus.
    pub(crate) fn open(address: &BusAddress, deadline: Instant) -> Result<Self, ConnectionError> {
        let stream = UnixStream::connect(address.path())
            .map_err(|source| ConnectionError::Connect { address: address.clone(), source })?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT)).map_err(ConnectionError::Stream)?;
        let writer = stream.try_clone().map_err(ConnectionError::Stream)?;
        let sender = Sender { stream: Arc::new(Mutex::new(writer)), serial: Arc::new(AtomicU32::new(1)) };
        let mut connection = Self { reader: BufReader::new(stream), sender, queued: VecDeque::new() };
        connection.authenticate(deadline)?;
        connection.call(Call::to_broker("Hello"), &(), deadline)?;
        Ok(connection)
    }

    /// The half that sends, for other threads.
    pub(crate) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Calls a method and waits for the answer; signals that arrive meanwhile are kept for later.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::Refused`] with the error's name if the answer is one; else what broke.
    pub(crate) fn call<B>(
        &mut self,
        call: Call<'_>,
        body: &B,
        deadline: Instant,
    ) -> Result<Frame, ConnectionError>
    where
        B: Serialize + DynamicType,
    {
        let serial = self.sender.call(call, body)?;
        loop {
            let frame = self.receive(Some(deadline))?.ok_or(ConnectionError::Closed)?;
            if frame.header().reply_serial != Some(serial) {
                self.keep(frame);
                continue;
            }
            return match &frame.header().error_name {
                None => Ok(frame),
                Some(name) => Err(ConnectionError::Refused {
                    name: name.clone(),
                    message: frame.first_text().unwrap_or_default(),
                }),
            };
        }
    }

    /// Waits for a signal, one that arrived earlier included.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::Deadline`] if none came in time; else what broke.
    pub(crate) fn signal(
        &mut self,
        path: &str,
        member: &str,
        deadline: Instant,
    ) -> Result<Frame, ConnectionError> {
        let wanted = |frame: &Frame| {
            frame.header().kind == Kind::Signal
                && frame.header().path.as_deref() == Some(path)
                && frame.header().member.as_deref() == Some(member)
        };
        if let Some(frame) = self.queued.iter().position(wanted).and_then(|at| self.queued.remove(at)) {
            return Ok(frame);
        }
        loop {
            let frame = self.receive(Some(deadline))?.ok_or(ConnectionError::Closed)?;
            if wanted(&frame) {
                return Ok(frame);
            }
            self.keep(frame);
        }
    }

    /// Gives whatever comes next, what was kept first; `None` once the broker is gone.
    ///
    /// It waits for as long as the connection lasts, which whoever holds a [`Sender`] can end.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, ConnectionError> {
        match self.queued.pop_front() {
            Some(frame) => Ok(Some(frame)),
            None => self.receive(None),
        }
    }

    fn receive(&mut self, deadline: Option<Instant>) -> Result<Option<Frame>, ConnectionError> {
        self.limit(deadline)?;
        Frame::read(&mut self.reader).map_err(|error| match error {
            FrameError::Stream(source) if is_timeout(&source) => ConnectionError::Deadline,
            other => ConnectionError::Frame(other),
        })
    }

    fn keep(&mut self, frame: Frame) {
        if self.queued.len() == MOST_QUEUED {
            self.queued.pop_front();
        }
        self.queued.push_back(frame);
    }

    fn authenticate(&mut self, deadline: Instant) -> Result<(), ConnectionError> {
        let uid: String =
            nix::unistd::getuid().to_string().bytes().map(|digit| format!("{digit:02x}")).collect();
        self.sender.write(format!("\0AUTH EXTERNAL {uid}\r\n").as_bytes())?;
        self.limit(Some(deadline))?;
        let mut answer = String::new();
        let read = self.reader.read_line(&mut answer).map_err(|source| {
            if is_timeout(&source) { ConnectionError::Deadline } else { ConnectionError::Stream(source) }
        })?;
        if read == 0 {
            return Err(ConnectionError::Closed);
        }
        if !answer.starts_with("OK ") {
            return Err(ConnectionError::NotAuthenticated { answer: answer.trim().to_owned() });
        }
        self.sender.write(b"BEGIN\r\n")
    }

    fn limit(&self, deadline: Option<Instant>) -> Result<(), ConnectionError> {
        let remaining = match deadline {
            None => None,
            Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                Some(remaining) if !remaining.is_zero() => Some(remaining),
                Some(_) | None => return Err(ConnectionError::Deadline),
            },
        };
        self.reader.get_ref().set_read_timeout(remaining).map_err(ConnectionError::Stream)
    }
}

/// The sending half of a [`Connection`].
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    stream: Arc<Mutex<UnixStream>>,
    serial: Arc<AtomicU32>,
}

impl Sender {
    /// Sends a call and gives its serial.
    pub(crate) fn call<B>(&self, call: Call<'_>, body: &B) -> Result<u32, ConnectionError>
    where
        B: Serialize + DynamicType,
    {
        let mut header = Header::new(Kind::Call, self.next_serial());
        header.destination = Some(call.destination.to_owned());
        header.path = Some(call.path.to_owned());
        header.interface = Some(call.interface.to_owned());
        header.member = Some(call.member.to_owned());
        let frame = Frame::build(header, body).map_err(ConnectionError::Body)?;
        self.write(frame.bytes())?;
        Ok(frame.header().serial)
    }

    /// Sends a message that was made elsewhere.
    pub(crate) fn send(&self, frame: &Frame) -> Result<(), ConnectionError> {
        self.write(frame.bytes())
    }

    /// A serial that this connection has not used.
    pub(crate) fn next_serial(&self) -> u32 {
        self.serial.fetch_add(1, Ordering::Relaxed).max(1)
    }

    /// Ends the connection, and with it every wait on it.
    pub(crate) fn shut_down(&self) {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // An error means that it is down already.
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }

    fn write(&self, bytes: &[u8]) -> Result<(), ConnectionError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(bytes).map_err(|source| {
            if is_timeout(&source) { ConnectionError::Deadline } else { ConnectionError::Stream(source) }
        })
    }
}

/// Why a connection or a call on it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    /// Nobody listens at the address.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address.
        address: BusAddress,
        /// What the system says.
        source: io::Error,
    },
    /// The broker refused this user.
    #[error("the bus refused this user: it answered `{answer}`")]
    NotAuthenticated {
        /// Its line.
        answer: String,
    },
    /// The broker closed the connection.
    #[error("the bus closed the connection")]
    Closed,
    /// Nothing came in time.
    #[error("nothing came before the deadline")]
    Deadline,
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Stream(#[source] io::Error),
    /// What arrived is no message.
    #[error(transparent)]
    Frame(FrameError),
    /// A body cannot be written, or has another shape than it should.
    #[error("a message has an unexpected body: {0}")]
    Body(#[source] zbus::Error),
    /// The answer is an error.
    #[error("{name}: {message}")]
    Refused {
        /// The error's name.
        name: String,
        /// Its text.
        message: String,
    },
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The broker's own name and interface.
pub(crate) const BROKER: &str = "org.freedesktop.DBus";
/// The broker's own object.
pub(crate) const BROKER_PATH: &str = "/org/freedesktop/DBus";

const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_QUEUED: usize = 1024;
