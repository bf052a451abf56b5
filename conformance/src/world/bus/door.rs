//! A socket through which the clients of one session come in.

use std::{
    fmt, fs, io,
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{BusError, Guest, address::BusAddress, guest::Visit, interposer::Hall};

/// A socket through which the clients of one session come in; it is shut when this is dropped.
///
/// Whoever has knocked by then is still let in, and connections last for as long as the bus: they belong to the session
/// of their door, also when it is over.
pub struct Door {
    entrance: Arc<Entrance>,
}

impl Door {
    /// Listens on a socket file.
    pub(super) fn open(hall: &Arc<Hall>, guest: Guest, path: PathBuf) -> Result<Self, BusError> {
        let listen = |source| BusError::Listen { path: path.clone(), source };
        let listener = UnixListener::bind(&path).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let watched = listener.try_clone().map_err(listen)?;
        let (wake, woken) = UnixStream::pair().map_err(listen)?;
        let entrance = Arc::new(Entrance {
            hall: Arc::clone(hall),
            visit: Arc::new(Visit::new(guest)),
            listener: Mutex::new(Some(listener)),
            wake,
            address: BusAddress::of(path),
        });
        let watching = Arc::clone(&entrance);
        hall.start("bus door".into(), move || watching.watch(&watched, &woken)).map_err(BusError::Thread)?;
        hall.enter(&entrance);
        Ok(Self { entrance })
    }

    /// The address for clients: the value of `DBUS_SESSION_BUS_ADDRESS`.
    pub fn client_address(&self) -> String {
        self.address().to_string()
    }

    /// The same, as an address.
    pub(super) fn address(&self) -> &BusAddress {
        &self.entrance.address
    }

    /// Shuts it, as dropping it does.
    pub fn shut(self) {
        drop(self);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.entrance.shut();
        self.entrance.hall.leave(&self.entrance);
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("client_address", &self.client_address()).finish_non_exhaustive()
    }
}

/// What the accepting thread and the door share.
pub(super) struct Entrance {
    hall: Arc<Hall>,
    visit: Arc<Visit>,
    /// Absent once the door is shut.
    listener: Mutex<Option<UnixListener>>,
    wake: UnixStream,
    address: BusAddress,
}

impl Entrance {
    /// Lets in whoever has knocked, and nobody after that.
    pub(super) fn shut(&self) {
        let mut listener = self.listener();
        self.accept_all(&mut listener);
        // Whoever finds no socket file knows that the bus is gone. A door that was shut before has none to remove.
        if listener.take().is_some() {
            let _ = fs::remove_file(self.address.path());
        }
        let _ = self.wake.shutdown(Shutdown::Both);
    }

    fn watch(&self, listener: &UnixListener, woken: &UnixStream) {
        loop {
            let mut watched = [
                PollFd::new(listener.as_fd(), PollFlags::POLLIN),
                PollFd::new(woken.as_fd(), PollFlags::POLLIN),
            ];
            // The other end of `woken` is held by the door, whose end wakes this: no deadline is needed.
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => {
                    self.hall.lose(format!("no more clients were let in: {error}"));
                    *self.listener() = None;
                    return;
                }
            }
            let mut listener = self.listener();
            self.accept_all(&mut listener);
            if listener.is_none() {
                return;
            }
        }
    }

    fn accept_all(&self, open: &mut Option<UnixListener>) {
        while let Some(listener) = open {
            match listener.accept() {
                Ok((client, _)) => self.hall.let_in(client, &self.visit),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.hall.lose(format!("no more clients were let in: {error}"));
                    *open = None;
                }
            }
        }
    }

    fn listener(&self) -> std::sync::MutexGuard<'_, Option<UnixListener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
