//! The socket behind which the service is.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::Scope;
use std::time::Duration;

use super::message::Call;
use super::service::{Reaction, Service};

/// A bus with one service, as long as somebody serves.
#[derive(Debug)]
pub(super) struct Bus {
    listener: UnixListener,
    socket: PathBuf,
    service: Mutex<Service>,
    over: AtomicBool,
    /// How many connections are open.
    open: Mutex<usize>,
    closed: Condvar,
}

/// Ends the bus when it is dropped, also where the property does not hold.
#[derive(Debug)]
pub(super) struct End<'a>(pub(super) &'a Bus);

impl Bus {
    /// A bus whose socket is in this folder.
    pub(super) fn new(folder: &Path, service: Service) -> Self {
        let socket = folder.join("bus");
        let listener = UnixListener::bind(&socket).expect("a free path");
        Self {
            listener,
            socket,
            service: Mutex::new(service),
            over: AtomicBool::new(false),
            open: Mutex::new(0),
            closed: Condvar::new(),
        }
    }

    /// Where it is, as a client is told.
    pub(super) fn address(&self) -> String {
        format!("unix:path={}", self.socket.display())
    }

    /// The service.
    pub(super) fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().expect("no call has found anything wrong")
    }

    /// Answers until the end.
    pub(super) fn serve<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        for stream in self.listener.incoming() {
            let stream = stream.expect("a connection");
            if self.over.load(Ordering::Acquire) {
                return;
            }
            *self.open() += 1;
            scope.spawn(move || {
                self.converse(&stream);
                *self.open() -= 1;
                self.closed.notify_all();
            });
        }
    }

    /// Waits until the library has closed every connection, so that nothing it sent is still under way.
    ///
    /// # Panics
    ///
    /// Where it keeps one open that it does not use any more.
    pub(super) fn settle(&self) {
        let (_open, waited) = self
            .closed
            .wait_timeout_while(self.open(), LEFT_OPEN, |open| *open > 0)
            .expect("nothing panics while it counts");
        assert!(!waited.timed_out(), "a connection was left open");
    }

    fn open(&self) -> MutexGuard<'_, usize> {
        self.open.lock().expect("nothing panics while it counts")
    }

    fn converse(&self, stream: &UnixStream) {
        // So that a search that has failed already comes to an end.
        stream.set_read_timeout(Some(2 * LEFT_OPEN)).expect("a time that is not zero");
        stream.set_write_timeout(Some(2 * LEFT_OPEN)).expect("a time that is not zero");
        let (mut incoming, mut outgoing) = (BufReader::new(stream), stream);
        if !greet(&mut incoming, &mut outgoing) {
            return;
        }
        let mut spoiled = false;
        while let Ok(call) = Call::read(&mut incoming) {
            let reaction = self.service().answer(&call, &mut spoiled);
            let sent = match reaction {
                Reaction::Bytes(_) if !call.expects_answer => continue,
                Reaction::Bytes(bytes) => outgoing.write_all(&bytes),
                Reaction::Leave => return,
            };
            // Whoever asked may have gone.
            if sent.is_err() {
                return;
            }
        }
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
        // Wakes the thread that waits for a connection.
        drop(UnixStream::connect(&self.0.socket));
    }
}

/// Whether a client has authenticated itself.
fn greet(incoming: &mut impl BufRead, outgoing: &mut impl Write) -> bool {
    loop {
        let mut line = Vec::new();
        if incoming.read_until(b'\n', &mut line).is_err() {
            return false;
        }
        let answer = match line.trim_ascii_start() {
            [] => return false,
            line if line.starts_with(b"BEGIN") => return true,
            line if line.trim_ascii_start().starts_with(b"NEGOTIATE_UNIX_FD") => "AGREE_UNIX_FD\r\n",
            line if line.ends_with(b"\r\n") => "OK 0123456789abcdef0123456789abcdef\r\n",
            _ => return false,
        };
        if outgoing.write_all(answer.as_bytes()).is_err() {
            return false;
        }
    }
}

/// After which a connection counts as left open: shorter than libFuzzer's deadline.
const LEFT_OPEN: Duration = Duration::from_secs(8);
