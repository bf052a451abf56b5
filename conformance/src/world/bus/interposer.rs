//! Accepts clients and gives each a relay.

use std::{
    collections::BTreeMap,
    fs, io,
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{
    BusError,
    address::BusAddress,
    relay::{Relay, Shared},
};
use crate::observation::SessionIndex;

/// The socket that clients connect to.
pub(super) struct Interposer {
    door: Arc<Door>,
    address: BusAddress,
    wake: UnixStream,
}

/// What the accepting thread and the world share.
struct Door {
    shared: Shared,
    broker: BusAddress,
    state: Mutex<State>,
    relays: Mutex<BTreeMap<u64, Arc<Relay>>>,
}

struct State {
    /// Absent once the door is shut.
    listener: Option<UnixListener>,
    session: Option<SessionIndex>,
    last_number: u64,
}

impl Interposer {
    /// Listens on a socket file for clients of a broker.
    pub(super) fn start(shared: Shared, broker: BusAddress, path: PathBuf) -> Result<Self, BusError> {
        let listen = |source| BusError::Listen { path: path.clone(), source };
        let listener = UnixListener::bind(&path).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let watched = listener.try_clone().map_err(listen)?;
        let (wake, woken) = UnixStream::pair().map_err(listen)?;
        let state = State { listener: Some(listener), session: None, last_number: 0 };
        let door = Arc::new(Door { shared, broker, state: Mutex::new(state), relays: Mutex::default() });
        let accepting = Arc::clone(&door);
        door.shared
            .crew
            .start("bus door".into(), move || accepting.watch(&watched, &woken))
            .map_err(BusError::Thread)?;
        Ok(Self { door, address: BusAddress::of(path), wake })
    }

    /// Where clients connect.
    pub(super) fn address(&self) -> &BusAddress {
        &self.address
    }

    /// From now on clients that connect belong to this session; those that knock already belong to the one before.
    pub(super) fn set_session(&self, session: Option<SessionIndex>) {
        let mut state = self.door.state();
        self.door.accept_all(&mut state);
        state.session = session;
    }

    /// Shuts the door, lets what clients have sent already through, and ends every thread.
    pub(super) fn finish(&self) -> Result<(), String> {
        {
            let mut state = self.door.state();
            self.door.accept_all(&mut state);
            state.listener = None;
        }
        let _ = self.wake.shutdown(Shutdown::Both);
        // Whoever finds no socket file knows that the bus is gone.
        let _ = fs::remove_file(self.address.path());
        self.door.for_each_relay(Relay::wind_down);
        if !self.door.shared.crew.wait(GRACE) {
            self.door.for_each_relay(Relay::cut);
            if !self.door.shared.crew.wait(PATIENCE) {
                self.door.shared.losses.add("a connection did not end in time".into());
            }
        }
        self.door.shared.losses.check()
    }
}

impl Door {
    fn watch(self: &Arc<Self>, listener: &UnixListener, woken: &UnixStream) {
        loop {
            let mut watched = [
                PollFd::new(listener.as_fd(), PollFlags::POLLIN),
                PollFd::new(woken.as_fd(), PollFlags::POLLIN),
            ];
            // The other end of `woken` is held by the interposer, whose end wakes this: no deadline is needed.
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => {
                    self.shared.losses.add(format!("no more clients were let in: {error}"));
                    self.state().listener = None;
                    return;
                }
            }
            let mut state = self.state();
            self.accept_all(&mut state);
            if state.listener.is_none() {
                return;
            }
        }
    }

    fn accept_all(self: &Arc<Self>, state: &mut State) {
        while let Some(listener) = &state.listener {
            match listener.accept() {
                Ok((client, _)) => {
                    state.last_number += 1;
                    self.let_in(client, state.last_number, state.session);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.shared.losses.add(format!("no more clients were let in: {error}"));
                    state.listener = None;
                }
            }
        }
    }

    fn let_in(self: &Arc<Self>, client: UnixStream, number: u64, session: Option<SessionIndex>) {
        if let Err(error) = self.serve(client, number, session) {
            self.shared.losses.add(format!("client {number} was turned away: {error}"));
        }
    }

    fn serve(
        self: &Arc<Self>,
        client: UnixStream,
        number: u64,
        session: Option<SessionIndex>,
    ) -> io::Result<()> {
        if self.relays().len() == MOST_CLIENTS {
            return Err(io::Error::other(format!("{MOST_CLIENTS} others are connected")));
        }
        client.set_nonblocking(false)?;
        let broker = UnixStream::connect(self.broker.path())?;
        let relay = Relay::new(self.shared.clone(), number, session, client, broker)?;
        self.relays().insert(number, Arc::clone(&relay));
        let door = Arc::clone(self);
        let started = self.shared.crew.start(format!("bus client {number}"), move || {
            relay.run(move || drop(door.relays().remove(&number)));
        });
        if started.is_err() {
            self.relays().remove(&number);
        }
        started
    }

    fn for_each_relay(&self, act: impl Fn(&Relay)) {
        for relay in self.relays().values() {
            act(relay);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn relays(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Relay>>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long what is under way may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long a cut connection may take to end; longer than any write may.
const PATIENCE: Duration = Duration::from_secs(15);
const MOST_CLIENTS: usize = 512;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::{
        observation::{Clock, EvidenceLog},
        world::bus::{BrokerKind, WireTap, crew::Crew, losses::Losses},
    };

    struct Deaf;

    impl WireTap for Deaf {
        fn bytes(&self, _: Option<SessionIndex>, _: &str, _: &[u8]) {}
    }

    fn interposer(folder: &tempfile::TempDir) -> Interposer {
        let shared = Shared {
            kind: BrokerKind::Busd,
            log: EvidenceLog::new(Clock::start()),
            tap: Arc::new(Deaf),
            losses: Losses::default(),
            crew: Crew::default(),
        };
        let broker = BusAddress::of(folder.path().join("broker.sock"));
        Interposer::start(shared, broker, folder.path().join("session.sock")).expect("it can listen")
    }

    fn end_of(mut client: UnixStream) -> io::Result<usize> {
        client.set_read_timeout(Some(Duration::from_secs(5)))?;
        client.read_to_end(&mut Vec::new())
    }

    #[test]
    fn a_broker_that_is_gone_turns_clients_away_and_is_a_loss() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let interposer = interposer(&folder);
        let client = UnixStream::connect(interposer.address().path()).expect("somebody listens");
        assert_eq!(end_of(client).expect("it ends in time"), 0);
        let lost = interposer.finish().expect_err("a client was lost");
        assert!(lost.starts_with("client 1 was turned away: "), "{lost}");
    }

    #[test]
    fn a_broker_that_leaves_ends_its_clients() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let broker = UnixListener::bind(folder.path().join("broker.sock")).expect("it can listen");
        let interposer = interposer(&folder);
        let client = UnixStream::connect(interposer.address().path()).expect("somebody listens");
        drop(broker.accept().expect("the interposer connects"));
        (&client).write_all(b"\0AUTH EXTERNAL\r\n").expect("the socket takes it");
        // Whether the end arrives as an end or as a reset depends on what was still unread.
        let _ = end_of(client);
        assert_eq!(interposer.finish(), Ok(()));
    }

    #[test]
    fn nobody_listens_once_it_has_finished() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let interposer = interposer(&folder);
        assert_eq!(interposer.finish(), Ok(()));
        let refused = UnixStream::connect(interposer.address().path()).expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    }
}
