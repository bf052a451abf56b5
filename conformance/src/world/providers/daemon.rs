//! A program that owns the service's name: its start, its readiness, its end.

use std::{
    io::{Read, Write},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::ownership::Ownership;
use crate::world::{
    bus::{Bus, BusAddress, ConnectionError, ProviderDoor, Sender},
    secret_service::NAME,
};

/// A running daemon; dropping this ends it.
///
/// It leads a process group of its own, so that a signal from the terminal meets the harness first. Should the harness be
/// killed, the daemon's door to the bus is gone, and a daemon that has joined the bus ends with it. One that is still on
/// its way there does not: it stays behind, as does the `dbus-daemon` of the world.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Child,
    /// What it wrote to standard error, once it has ended.
    said: mpsc::Receiver<String>,
    broker: BusAddress,
    _door: ProviderDoor,
}

impl Daemon {
    /// Starts a program in front of a bus, hands it some input, and waits until it owns the name.
    ///
    /// # Errors
    ///
    /// Why there is no provider, with what the program said.
    pub(super) fn start(mut command: Command, input: &[u8], bus: &Bus) -> Result<Self, String> {
        let deadline = Instant::now() + PATIENCE;
        let broker = BusAddress::parse(&bus.broker_address()).map_err(|error| error.to_string())?;
        let mut ownership = Ownership::watch(&broker, deadline).map_err(|error| error.to_string())?;
        // One that is about to leave must not be taken for the one that comes.
        ownership.free(deadline).map_err(|error| format!("somebody else owns {NAME}: {error}"))?;
        let door = bus.open_provider_door().map_err(|error| error.to_string())?;
        let mut child = command
            .env("DBUS_SESSION_BUS_ADDRESS", door.address().to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", command.get_program().display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that has ended does not read; the wait below finds that out.
            let _unread = stdin.write_all(input);
        }
        let stderr = child.stderr.take();
        let (ending, said) = mpsc::channel();
        let daemon = Self { child, said, broker, _door: door };
        listen(stderr, ownership.sender(), ending)
            .map_err(|error| format!("a thread for its standard error cannot be started: {error}"))?;
        match ownership.taken(deadline) {
            Ok(()) => Ok(daemon),
            Err(ConnectionError::Deadline) => Err(daemon.late()),
            Err(error) => Err(daemon.ended(&error)),
        }
    }

    /// Ends it and waits until nobody owns the name.
    ///
    /// # Errors
    ///
    /// What went wrong; it is ended all the same.
    pub(super) fn stop(mut self) -> Result<(), String> {
        self.end();
        let deadline = Instant::now() + PATIENCE;
        let free =
            Ownership::watch(&self.broker, deadline).and_then(|mut ownership| ownership.free(deadline));
        free.map_err(|error| format!("{NAME} is still owned after the provider was stopped: {error}"))
    }

    fn late(mut self) -> String {
        let said = self.end();
        format!("it did not own {NAME} within {PATIENCE:?}{said}")
    }

    fn ended(mut self, error: &ConnectionError) -> String {
        let said = self.end();
        match (error, self.child.try_wait()) {
            // Its end closed the connection on which its name was waited for.
            (ConnectionError::Closed, Ok(Some(status))) => {
                format!("it ended before it owned {NAME} ({status}){said}")
            }
            _ => format!("the broker does not tell who owns {NAME}: {error}{said}"),
        }
    }

    /// Ends it, by force if need be, and gives what it said.
    fn end(&mut self) -> String {
        let mut said = None;
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            // While the child is not waited for, nobody else can have its number.
            let group = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"));
            let _gone = killpg(group, signal);
            said = self.said.recv_timeout(GRACE).ok();
            if said.is_some() {
                break;
            }
        }
        let _reaped = self.child.wait();
        match said.as_deref().map(str::trim) {
            None | Some("") => String::new(),
            Some(said) => format!("; it said: {}", said.replace('\n', "; ")),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.end();
        }
    }
}

/// Gathers what a program writes to standard error; its end ends the wait for it.
fn listen(stderr: Option<ChildStderr>, waiting: Sender, ending: mpsc::Sender<String>) -> std::io::Result<()> {
    let listen = move || {
        let mut said = Vec::new();
        if let Some(mut stderr) = stderr {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                let room = MOST_SAID.saturating_sub(said.len());
                said.extend_from_slice(&buffer[..count.min(room)]);
            }
        }
        // Nobody listens any more where the daemon was dropped.
        let _dropped = ending.send(String::from_utf8_lossy(&said).into_owned());
        waiting.shut_down();
    };
    thread::Builder::new().name("provider errors".into()).spawn(listen).map(drop)
}

/// How long a daemon may take until it owns its name, and the broker until it says so; a few milliseconds are usual.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const MOST_SAID: usize = 4096;
