//! The Secret Service as a [`Store`]: every call is a request to the thread that speaks D-Bus.

mod address;
mod agreement;
mod error;
mod item;
mod link;
mod probe;
mod progress;
mod prompt;
mod service;
mod session;
mod worker;

use crate::location::BusAddress;
use crate::store::{Deadline, Interaction, ItemIdentity, Obstacle, Store};
use crate::{LockGuard, SecretBytes};

use worker::{Request, Worker};

/// One item in the default collection of the session's Secret Service.
///
/// Making a store does nothing; the first call connects. The connection is kept for further calls and closed when
/// the store is dropped.
#[derive(Debug)]
pub struct SecretService(Worker);

impl SecretService {
    /// The store of `item`, in the service on `bus`.
    ///
    /// # Errors
    ///
    /// None here; [`Obstacle::NotBuilt`] on a platform without a Secret Service.
    pub fn new(bus: BusAddress, item: ItemIdentity) -> Result<Self, Obstacle> {
        Ok(Self(Worker::new(bus, item)))
    }
}

impl Store for SecretService {
    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.ask(Request::Probe(interaction), deadline).map(drop)
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.0.ask(Request::Read, deadline)
    }

    fn write(&self, _lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.ask(Request::Write(bytes.clone()), deadline).map(drop)
    }

    fn clear(&self, _lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.ask(Request::Clear, deadline).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::store::{Absence, Breakage};

    fn store(address: &str) -> SecretService {
        let bus = BusAddress { address: Some(address.to_owned()), runtime_directory: None };
        SecretService::new(bus, ItemIdentity::of_file("test.nocae")).expect("built for this platform")
    }

    #[test]
    fn a_bus_that_never_answers_is_given_up_at_the_deadline_and_the_thread_lives_on() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("bus");
        let listener = UnixListener::bind(&socket).expect("a free path");
        let store = store(&format!("unix:path={}", socket.display()));
        for _ in 0..2 {
            let begun = Instant::now();
            let probed = store.probe(Interaction::Never, Deadline::after(Duration::from_millis(100)));
            assert!(
                matches!(probed, Err(Obstacle::Broken(Breakage::TimedOut { call: "connect" }))),
                "{probed:?}"
            );
            assert!(begun.elapsed() < Duration::from_secs(2));
            // The abandoned connection is closed: its other end sees the end.
            let (mut accepted, _) = listener.accept().expect("the store connected");
            accepted.read_to_end(&mut Vec::new()).expect("the connection ends");
        }
    }

    #[test]
    fn a_bus_that_is_not_there_is_absent_for_every_call() {
        let store = store("unix:path=/nonexistent/bus");
        let soon = || Deadline::after(Duration::from_secs(5));
        let absent = |obstacle: Option<Obstacle>| {
            matches!(obstacle, Some(Obstacle::Absent(Absence::BusUnreachable { .. })))
        };
        assert!(absent(store.probe(Interaction::Never, soon()).err()));
        assert!(absent(store.read(soon()).err()));
    }

    #[test]
    fn a_passed_deadline_is_a_time_out_and_no_hang() {
        let store = store("unix:path=/nonexistent/bus");
        let read = store.read(Deadline::after(Duration::ZERO));
        assert!(matches!(read, Err(Obstacle::Broken(Breakage::TimedOut { .. }))), "{read:?}");
    }
}
