//! Where the session bus is, and who answers there.

use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, connect as connect_socket, getsockopt, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd::Uid;

use crate::location::BusAddress;
use crate::store::{Absence, Breakage, Deadline, Misconfiguration, Obstacle};

/// Connects to the bus and makes sure that it is our own.
///
/// The addresses are tried in their order. Only a process of our own user is spoken to, not even one of root's: a
/// session bus runs as its user, and whoever listens there is handed our tokens.
///
/// # Errors
///
/// - [`Absence::NoBusAddress`]: no address is set, and the default socket is not there.
/// - [`Absence::BusUnreachable`]: there is no such socket, or nobody listens on it.
/// - [`Misconfiguration`]: the address is no socket of this machine, makes no sense, or leads to somebody else.
/// - [`Obstacle::Refused`]: the socket may not be opened.
pub(super) fn connect(bus: &BusAddress, deadline: Deadline) -> Result<UnixStream, Obstacle> {
    let mut unreachable = None;
    for endpoint in endpoints(bus)? {
        match endpoint.connect(deadline) {
            Err(obstacle @ Obstacle::Absent(_)) => unreachable = unreachable.or(Some(obstacle)),
            other => return other,
        }
    }
    Err(unreachable.unwrap_or(Obstacle::Misconfigured(Misconfiguration::Address)))
}

/// One place where the bus may listen.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Endpoint {
    /// A name in the abstract name space, without its leading zero byte.
    Abstract(Vec<u8>),
    /// The socket that is there where no address is set.
    Default(PathBuf),
    /// A socket in the file system.
    Path(PathBuf),
}

impl Endpoint {
    fn connect(&self, deadline: Deadline) -> Result<UnixStream, Obstacle> {
        let address = match self {
            Self::Abstract(name) => UnixAddr::new_abstract(name),
            Self::Default(path) | Self::Path(path) => UnixAddr::new(path),
        };
        // The name is too long for a socket.
        let address = address.map_err(|_| Obstacle::Misconfigured(Misconfiguration::Address))?;
        let fd = reach(&address, deadline).map_err(|errno| self.obstacle(errno))?;
        let peer = getsockopt(&fd, sockopt::PeerCredentials).map_err(|errno| failed("SO_PEERCRED", errno))?;
        own_peer(peer.uid(), Uid::effective())?;
        Ok(fd.into())
    }

    fn obstacle(&self, errno: Errno) -> Obstacle {
        match errno {
            Errno::ENOENT | Errno::ECONNREFUSED => Obstacle::Absent(match self {
                Self::Default(path) if errno == Errno::ENOENT => {
                    Absence::NoBusAddress { default_socket: Some(path.clone()) }
                }
                Self::Abstract(_) | Self::Default(_) | Self::Path(_) => {
                    Absence::BusUnreachable { path: self.shown(), cause: symbol(errno) }
                }
            }),
            Errno::EACCES | Errno::EPERM => {
                Obstacle::Refused { reason: format!("{} on the socket of the session bus", symbol(errno)) }
            }
            // What a socket with a time-out for sending says when the time is over.
            Errno::EAGAIN => Obstacle::Broken(Breakage::TimedOut { call: CALL }),
            other => failed(CALL, other),
        }
    }

    fn shown(&self) -> PathBuf {
        match self {
            Self::Abstract(name) => PathBuf::from(format!("@{}", String::from_utf8_lossy(name))),
            Self::Default(path) | Self::Path(path) => path.clone(),
        }
    }
}

/// Connects a socket; a full backlog is waited for until the deadline.
fn reach(address: &UnixAddr, deadline: Deadline) -> Result<OwnedFd, Errno> {
    let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    loop {
        let left = i64::try_from(deadline.remaining().as_micros()).unwrap_or(i64::MAX);
        if left == 0 {
            return Err(Errno::EAGAIN);
        }
        setsockopt(&fd, sockopt::SendTimeout, &TimeVal::microseconds(left))?;
        match connect_socket(fd.as_raw_fd(), address) {
            Ok(()) => return Ok(fd),
            // A signal came in; the kernel has not begun to connect.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// # Errors
///
/// [`Misconfiguration::ForeignPeer`] when the peer is another user.
fn own_peer(peer: u32, own: Uid) -> Result<(), Obstacle> {
    if peer == own.as_raw() {
        return Ok(());
    }
    Err(Obstacle::Misconfigured(Misconfiguration::ForeignPeer { owner: peer }))
}

fn endpoints(bus: &BusAddress) -> Result<Vec<Endpoint>, Obstacle> {
    let set = bus.address.as_deref().filter(|address| !address.is_empty());
    match (set, &bus.runtime_directory) {
        (Some(address), _) => parse(address).map_err(Obstacle::Misconfigured),
        (None, Some(directory)) => Ok(vec![Endpoint::Default(directory.join("bus"))]),
        (None, None) => Err(Obstacle::Absent(Absence::NoBusAddress { default_socket: None })),
    }
}

/// Parses an address list in the form of the [D-Bus specification].
///
/// One entry of another transport spoils the list: nobody should wonder when a secret goes there.
///
/// [D-Bus specification]: https://dbus.freedesktop.org/doc/dbus-specification.html#addresses
fn parse(list: &str) -> Result<Vec<Endpoint>, Misconfiguration> {
    list.split(';').filter(|entry| !entry.is_empty()).map(entry).collect()
}

fn entry(entry: &str) -> Result<Endpoint, Misconfiguration> {
    let (transport, pairs) = entry.split_once(':').ok_or(Misconfiguration::Address)?;
    if transport != "unix" {
        return Err(Misconfiguration::Transport { transport: transport.to_owned() });
    }
    // A character beyond ASCII has to be escaped; one that is not may be what is left of bytes that are no text. The
    // socket that it would lead to is not there, and a bus that is not there may end in plaintext.
    if !pairs.is_ascii() {
        return Err(Misconfiguration::Address);
    }
    let mut found = None;
    for pair in pairs.split(',') {
        let (key, value) = pair.split_once('=').ok_or(Misconfiguration::Address)?;
        // Whatever the key: an address that is damaged anywhere is not one at which nobody answers.
        let value = unescaped(value)?;
        let endpoint = match key {
            "path" => Endpoint::Path(PathBuf::from(OsString::from_vec(value))),
            "abstract" => Endpoint::Abstract(value),
            // `guid` and whatever else may come; `dir`, `tmpdir` and `runtime` are for listening only.
            _ => continue,
        };
        if found.replace(endpoint).is_some() {
            return Err(Misconfiguration::Address);
        }
    }
    match found {
        // A relative path would depend on where the process happens to be.
        Some(Endpoint::Path(path) | Endpoint::Default(path)) if !path.is_absolute() => {
            Err(Misconfiguration::Address)
        }
        Some(Endpoint::Abstract(name)) if name.is_empty() => Err(Misconfiguration::Address),
        Some(endpoint) => Ok(endpoint),
        None => Err(Misconfiguration::Address),
    }
}

/// Undoes `%xx`; a zero byte cannot be part of any name.
fn unescaped(value: &str) -> Result<Vec<u8>, Misconfiguration> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => u8::try_from(high * 16 + low).expect("two digits are a byte"),
                    (Some(_) | None, Some(_) | None) => return Err(Misconfiguration::Address),
                }
            }
            plain => plain,
        };
        if byte == 0 {
            return Err(Misconfiguration::Address);
        }
        bytes.push(byte);
    }
    Ok(bytes)
}

fn failed(call: &'static str, errno: Errno) -> Obstacle {
    Obstacle::Broken(Breakage::Service { call, name: symbol(errno).to_owned() })
}

/// The error's name, such as ENOENT.
fn symbol(errno: Errno) -> &'static str {
    match errno {
        Errno::EACCES => "EACCES",
        Errno::ECONNREFUSED => "ECONNREFUSED",
        Errno::ENOENT => "ENOENT",
        Errno::EPERM => "EPERM",
        other => other.desc(),
    }
}

const CALL: &str = "connecting to the session bus";

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::time::Duration;

    use nix::sys::socket::{Shutdown, shutdown};
    use proptest::prelude::*;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(5))
    }

    fn at(address: &str) -> BusAddress {
        BusAddress { address: Some(address.to_owned()), runtime_directory: None }
    }

    fn misconfigured(address: &str) -> Misconfiguration {
        match connect(&at(address), soon()) {
            Err(Obstacle::Misconfigured(misconfiguration)) => misconfiguration,
            other => panic!("{address}: {other:?}"),
        }
    }

    fn absent(bus: &BusAddress) -> Absence {
        match connect(bus, soon()) {
            Err(Obstacle::Absent(absence)) => absence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths_and_abstract_names_are_understood() {
        assert_eq!(
            parse("unix:path=/run/user/1/bus,guid=0;unix:abstract=/tmp/dbus-%41%2c"),
            Ok(vec![
                Endpoint::Path(PathBuf::from("/run/user/1/bus")),
                Endpoint::Abstract(b"/tmp/dbus-A,".to_vec())
            ])
        );
    }

    #[test]
    fn any_other_transport_is_misconfigured_by_its_name() {
        for transport in ["tcp", "nonce-tcp", "unixexec", "autolaunch", "launchd", "UNIX"] {
            let address = format!("unix:path=/nowhere;{transport}:host=localhost,port=1");
            assert_eq!(
                misconfigured(&address),
                Misconfiguration::Transport { transport: transport.to_owned() }
            );
        }
    }

    #[test]
    fn addresses_without_sense_are_misconfigured() {
        for address in [
            "unix:path=/nowhere,guid=\u{fffd}",
            "unix:path=/nowhere,\u{fffd}=0",
            "unix",
            "unix:",
            "unix:guid=0",
            "unix:path",
            "unix:path=",
            "unix:path=bus",
            "unix:abstract=",
            "unix:path=/a,path=/b",
            "unix:path=/a,abstract=b",
            "unix:path=/%",
            "unix:path=/%4",
            "unix:path=/%4g",
            "unix:path=/%00",
            "unix:path=/\u{FFFD}",
            "unix:path=/caf\u{E9}",
            "unix:tmpdir=/tmp",
            "unix:runtime=yes",
            ";",
        ] {
            assert_eq!(misconfigured(address), Misconfiguration::Address, "{address}");
        }
        assert_eq!(misconfigured(&format!("unix:path=/{}", "x".repeat(200))), Misconfiguration::Address);
    }

    #[test]
    fn without_an_address_and_a_runtime_directory_there_is_no_bus() {
        assert_eq!(absent(&BusAddress::default()), Absence::NoBusAddress { default_socket: None });
        assert_eq!(absent(&at("")), Absence::NoBusAddress { default_socket: None });
    }

    #[test]
    fn without_an_address_the_default_socket_is_looked_for() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let bus = BusAddress { address: None, runtime_directory: Some(directory.path().to_owned()) };
        let socket = directory.path().join("bus");
        assert_eq!(absent(&bus), Absence::NoBusAddress { default_socket: Some(socket.clone()) });

        let listener = UnixListener::bind(&socket).expect("a free path");
        connect(&bus, soon()).expect("somebody listens");
        // Closing alone would not do while the child that another test just makes has a copy of it.
        shutdown(listener.as_raw_fd(), Shutdown::Both).expect("it listened");
        assert_eq!(absent(&bus), Absence::BusUnreachable { path: socket, cause: "ECONNREFUSED" });
    }

    #[test]
    fn a_socket_that_is_not_there_is_unreachable() {
        let path = Path::new("/nonexistent/bus");
        assert_eq!(
            absent(&at("unix:path=/nonexistent/bus")),
            Absence::BusUnreachable { path: path.to_owned(), cause: "ENOENT" }
        );
    }

    #[test]
    fn a_dead_entry_is_passed_over_for_the_next_one() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("second");
        let _listener = UnixListener::bind(&socket).expect("a free path");
        connect(&at(&format!("unix:path=/nonexistent/bus;unix:path={}", socket.display())), soon())
            .expect("the second one listens");
    }

    #[test]
    fn only_a_process_of_our_own_user_is_trusted() {
        let own = Uid::from_raw(1000);
        assert!(own_peer(1000, own).is_ok());
        for other in [0, 1001, 65534] {
            assert!(matches!(
                own_peer(other, own),
                Err(Obstacle::Misconfigured(Misconfiguration::ForeignPeer { owner })) if owner == other
            ));
        }
    }

    #[test]
    fn a_bus_that_accepts_nobody_is_given_up_at_the_deadline() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("full");
        let address = UnixAddr::new(&socket).expect("a short path");
        let listener =
            nix::sys::socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None)
                .expect("a socket");
        nix::sys::socket::bind(listener.as_raw_fd(), &address).expect("a free path");
        nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).expect("a backlog"))
            .expect("a listener");
        let _first = connect(&at(&format!("unix:path={}", socket.display())), soon()).expect("one has room");
        let second = connect(
            &at(&format!("unix:path={}", socket.display())),
            Deadline::after(Duration::from_millis(50)),
        );
        assert!(matches!(second, Err(Obstacle::Broken(Breakage::TimedOut { .. }))), "{second:?}");
    }

    proptest! {
        #[test]
        fn no_address_makes_the_parser_panic(list in "\\PC*") {
            drop(parse(&list));
        }

        #[test]
        fn every_path_survives_being_escaped(path in "/[^\\x00]{0,40}") {
            let escaped: String = path.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(
                parse(&format!("unix:path={escaped}")),
                Ok(vec![Endpoint::Path(PathBuf::from(path))])
            );
        }
    }
}
