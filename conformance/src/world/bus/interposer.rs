//! What is behind every door: relays to the one broker.

use std::{
    collections::BTreeMap,
    io,
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    BusError, Door, Guest,
    address::BusAddress,
    door::Entrance,
    guest::Visit,
    relay::{Relay, Shared},
};

/// Opens doors and, in the end, sees everybody out.
pub(super) struct Interposer {
    hall: Arc<Hall>,
}

/// What all doors lead to.
pub(super) struct Hall {
    shared: Shared,
    broker: BusAddress,
    last_number: AtomicU64,
    relays: Mutex<BTreeMap<u64, Arc<Relay>>>,
    entrances: Mutex<Vec<Arc<Entrance>>>,
}

impl Interposer {
    /// Stands in front of a broker.
    pub(super) fn new(shared: Shared, broker: BusAddress) -> Self {
        let hall = Hall {
            shared,
            broker,
            last_number: AtomicU64::default(),
            relays: Mutex::default(),
            entrances: Mutex::default(),
        };
        Self { hall: Arc::new(hall) }
    }

    /// Opens a door on a socket file.
    pub(super) fn open(&self, guest: Guest, path: PathBuf) -> Result<Door, BusError> {
        Door::open(&self.hall, guest, path)
    }

    /// Shuts every door, lets what clients have sent already through, and ends every thread.
    pub(super) fn finish(&self) -> Result<(), String> {
        let entrances = std::mem::take(&mut *self.hall.entrances());
        entrances.iter().for_each(|entrance| entrance.shut());
        let Hall { shared, .. } = &*self.hall;
        self.hall.for_each_relay(Relay::wind_down);
        if !shared.crew.wait(GRACE) {
            self.hall.for_each_relay(Relay::cut);
            if !shared.crew.wait(PATIENCE) {
                shared.losses.add("a connection did not end in time".into());
            }
        }
        shared.losses.check()
    }
}

impl Hall {
    /// Starts a thread that the end of the bus waits for.
    pub(super) fn start(&self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.shared.crew.start(name, work)
    }

    /// Notes an open door, so that it is shut when the bus ends.
    pub(super) fn enter(&self, entrance: &Arc<Entrance>) {
        self.entrances().push(Arc::clone(entrance));
    }

    /// Forgets a door that was shut.
    pub(super) fn leave(&self, entrance: &Arc<Entrance>) {
        self.entrances().retain(|other| !Arc::ptr_eq(other, entrance));
    }

    /// Notes what was lost.
    pub(super) fn lose(&self, loss: String) {
        self.shared.losses.add(loss);
    }

    /// Gives a client a relay of its own.
    pub(super) fn let_in(self: &Arc<Self>, client: UnixStream, visit: &Arc<Visit>) {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        if let Err(error) = self.serve(client, number, visit) {
            self.lose(format!("client {number} was turned away: {error}"));
        }
    }

    fn serve(self: &Arc<Self>, client: UnixStream, number: u64, visit: &Arc<Visit>) -> io::Result<()> {
        if self.relays().len() == MOST_CLIENTS {
            return Err(io::Error::other(format!("{MOST_CLIENTS} others are connected")));
        }
        client.set_nonblocking(false)?;
        let broker = UnixStream::connect(self.broker.path())?;
        let relay = Relay::new(self.shared.clone(), number, Arc::clone(visit), client, broker)?;
        self.relays().insert(number, Arc::clone(&relay));
        let hall = Arc::clone(self);
        let started = self.start(format!("bus client {number}"), move || {
            relay.run(move || drop(hall.relays().remove(&number)));
        });
        if started.is_err() {
            self.relays().remove(&number);
        }
        started
    }

    fn for_each_relay(&self, act: impl Fn(&Relay)) {
        // Not while the list is held: whoever ends takes itself out of it.
        let relays: Vec<_> = self.relays().values().map(Arc::clone).collect();
        relays.iter().for_each(|relay| act(relay));
    }

    fn relays(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Relay>>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entrances(&self) -> MutexGuard<'_, Vec<Arc<Entrance>>> {
        self.entrances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long what is under way may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long a cut connection may take to end; longer than any write may.
const PATIENCE: Duration = Duration::from_secs(15);
const MOST_CLIENTS: usize = 512;

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        os::unix::net::UnixListener,
    };

    use super::*;
    use crate::{
        observation::{Clock, EvidenceLog, SessionIndex},
        world::bus::{BrokerKind, WireTap},
    };

    struct Deaf;

    impl WireTap for Deaf {
        fn bytes(&self, _: Option<SessionIndex>, _: &str, _: &[u8]) {}
    }

    fn interposer(folder: &tempfile::TempDir) -> (Interposer, Door) {
        let shared = Shared::new(BrokerKind::Busd, &EvidenceLog::new(Clock::start()), Arc::new(Deaf));
        let broker = BusAddress::of(folder.path().join("broker.sock"));
        let interposer = Interposer::new(shared, broker);
        let door = interposer.open(Guest::world(), folder.path().join("own.sock")).expect("it can listen");
        (interposer, door)
    }

    fn knock(door: &Door) -> io::Result<UnixStream> {
        let address = BusAddress::parse(&door.client_address()).expect("a door has an address");
        UnixStream::connect(address.path())
    }

    fn end_of(mut client: UnixStream) -> io::Result<usize> {
        client.set_read_timeout(Some(Duration::from_secs(5)))?;
        client.read_to_end(&mut Vec::new())
    }

    #[test]
    fn a_broker_that_is_gone_turns_clients_away_and_is_a_loss() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (interposer, door) = interposer(&folder);
        let client = knock(&door).expect("somebody listens");
        assert_eq!(end_of(client).expect("it ends in time"), 0);
        let lost = interposer.finish().expect_err("a client was lost");
        assert!(lost.starts_with("client 1 was turned away: "), "{lost}");
    }

    #[test]
    fn a_broker_that_leaves_ends_its_clients() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let broker = UnixListener::bind(folder.path().join("broker.sock")).expect("it can listen");
        let (interposer, door) = interposer(&folder);
        let client = knock(&door).expect("somebody listens");
        drop(broker.accept().expect("the interposer connects"));
        (&client).write_all(b"\0AUTH EXTERNAL\r\n").expect("the socket takes it");
        // Whether the end arrives as an end or as a reset depends on what was still unread.
        let _ = end_of(client);
        assert_eq!(interposer.finish(), Ok(()));
    }

    #[test]
    fn nobody_listens_once_it_has_finished() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let (interposer, door) = interposer(&folder);
        assert_eq!(interposer.finish(), Ok(()));
        let refused = knock(&door).expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn whoever_knocked_before_a_door_was_shut_is_let_in_and_nobody_after() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let broker = UnixListener::bind(folder.path().join("broker.sock")).expect("it can listen");
        let (interposer, own) = interposer(&folder);
        let other = interposer.open(Guest::world(), folder.path().join("1.sock")).expect("it can listen");
        let address = BusAddress::parse(&other.client_address()).expect("a door has an address");
        let early = knock(&other).expect("somebody listens");
        drop(other);
        // Its relay connects to the broker, and still does what a relay does.
        broker.accept().expect("the interposer connects");
        let refused = UnixStream::connect(address.path()).expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
        // The other door is not concerned.
        knock(&own).expect("somebody listens");
        drop(early);
        assert_eq!(interposer.finish(), Ok(()));
    }
}
