//! Brings a world into a condition, and proves that it is in it.

use std::{
    collections::BTreeMap,
    fs, io,
    os::{
        fd::AsRawFd as _,
        unix::{fs::FileTypeExt, net::UnixStream},
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, bind, socket},
};

use super::{
    bus::{Bus, BusAddress},
    client::{Algorithm, ClientError, KeyringClient, NewItem},
    providers::{Keyring, KeyringError},
    secret_service::{DefaultCollection, NAME},
};
use crate::case::Condition;

/// Where clients find the bus in a condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// Nowhere.
    Nowhere,
    /// At a socket on which nobody listens.
    Dead(BusAddress),
    /// At the door that is opened for them.
    Door,
}

impl Reach {
    /// What the environment of clients with this door needs, beside the sandbox's own: a bus address, or nothing.
    pub fn environment(&self, door_address: &str) -> Vec<(String, String)> {
        let address = match self {
            Self::Nowhere => None,
            Self::Dead(address) => Some(address.to_string()),
            Self::Door => Some(door_address.to_owned()),
        };
        address.map(|address| (ADDRESS.to_owned(), address)).into_iter().collect()
    }
}

/// Brings a world into a condition: has the keyring served as it needs, and says where clients find the bus.
///
/// `folder` is where a dead socket may be made.
///
/// # Errors
///
/// [`ApplyError`]: the provider does not leave or does not start, or the socket cannot be made.
pub fn apply(
    condition: Condition,
    bus: &Bus,
    keyring: &mut Keyring,
    folder: &Path,
) -> Result<Reach, ApplyError> {
    let default = match condition {
        Condition::Usable => Some(DefaultCollection::Present { locked: false }),
        Condition::NoDefaultCollection => Some(DefaultCollection::Missing),
        Condition::Locked => Some(DefaultCollection::Present { locked: true }),
        Condition::NoBus | Condition::DeadSocket | Condition::NoService => None,
    };
    keyring.serve(default, bus)?;
    Ok(match condition {
        Condition::NoBus => Reach::Nowhere,
        Condition::DeadSocket => Reach::Dead(dead_socket(folder)?),
        Condition::Usable | Condition::NoService | Condition::NoDefaultCollection | Condition::Locked => {
            Reach::Door
        }
    })
}

/// Why a world cannot be brought into a condition.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The provider does not leave or does not start.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The dead socket cannot be made.
    #[error("cannot make the dead socket {}: {source}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Proves that whoever has this environment finds the condition; gives how it was found, in one line.
///
/// The harness's own client looks, with the environment of the session that is about to begin but through a door that
/// belongs to no session, as its calls are not the session's. It finds out which condition the world is in, not whether
/// it is in the wanted one: no world is in two. In a usable world it stores, reads and deletes a small item.
///
/// # Errors
///
/// What was found instead, in one line.
pub fn prove(condition: Condition, environment: &[(String, String)]) -> Result<String, String> {
    let finding = look(environment).unwrap_or_else(Finding::neither);
    if finding.condition == Some(condition) {
        return Ok(finding.detail);
    }
    let instead = finding.condition.map_or("something else", Condition::as_str);
    Err(format!("{condition} was wanted, but the world is in {instead}: {}", finding.detail))
}

/// What was found; no condition if it is none that a case can ask for.
struct Finding {
    condition: Option<Condition>,
    detail: String,
}

impl Finding {
    fn of(condition: Condition, detail: impl Into<String>) -> Self {
        Self { condition: Some(condition), detail: detail.into() }
    }

    fn neither(detail: impl Into<String>) -> Self {
        Self { condition: None, detail: detail.into() }
    }
}

/// Looks step by step, as a client would that wants to store something. What is neither here nor there is an error.
fn look(environment: &[(String, String)]) -> Result<Finding, String> {
    let address = match address_in(environment)? {
        Ok(address) => address,
        Err(nowhere) => return Ok(nowhere),
    };
    let mut client = match KeyringClient::connect(&address) {
        Ok(client) => client,
        Err(ClientError::Connect { address, source }) => return unconnected(&address, &source),
        Err(error) => return Err(error.to_string()),
    };
    if client.owner(NAME).map_err(|error| error.to_string())?.is_none() {
        return unowned(&mut client);
    }
    // Before the session: gnome-keyring 42 sometimes hears the first call of a connection before it has noted who calls,
    // and a session for nobody ends it.
    let default = client.alias("default").map_err(|error| error.to_string())?;
    client
        .open_session(Algorithm::DiffieHellman)
        .map_err(|error| format!("a session cannot be opened: {error}"))?;
    let Some(default) = default else {
        return no_default(&mut client);
    };
    if client.is_locked(&default).map_err(|error| error.to_string())? {
        return locked(&mut client, &default);
    }
    stored(&mut client, &default)
}

/// The bus address that a client with this environment uses, or the finding that it has none.
fn address_in(environment: &[(String, String)]) -> Result<Result<String, Finding>, String> {
    let variable = |name: &str| {
        environment.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
    };
    if let Some(address) = variable(ADDRESS) {
        return Ok(Ok(address.clone()));
    }
    if variable("DISPLAY").is_some() {
        return Err(format!("{ADDRESS} is unset, but DISPLAY is set, so that clients may start a bus"));
    }
    let runtime = variable("XDG_RUNTIME_DIR")
        .ok_or_else(|| format!("{ADDRESS} and XDG_RUNTIME_DIR are unset, so that clients guess a socket"))?;
    let socket = Path::new(runtime).join("bus");
    match fs::symlink_metadata(&socket) {
        Ok(_) => Ok(Ok(BusAddress::of(socket).to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Err(Finding::of(
            Condition::NoBus,
            format!("{ADDRESS} is unset and there is no {}", socket.display()),
        ))),
        Err(error) => Err(format!("{} cannot be looked at: {error}", socket.display())),
    }
}

fn unconnected(address: &BusAddress, error: &io::Error) -> Result<Finding, String> {
    let path = address.path();
    let is_socket = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if is_socket && error.kind() == io::ErrorKind::ConnectionRefused {
        return Ok(Finding::of(
            Condition::DeadSocket,
            format!("{} is a socket, and connecting to it is refused", path.display()),
        ));
    }
    Err(format!("cannot connect to {address}: {error}"))
}

fn unowned(client: &mut KeyringClient) -> Result<Finding, String> {
    // All three ways in which clients notice must agree: the owner, activation, a call.
    for (what, result) in [
        ("StartServiceByName", client.start_service(NAME)),
        ("OpenSession", client.open_session(Algorithm::Plain)),
    ] {
        match result {
            Err(ClientError::Refused { name, .. }) if name == SERVICE_UNKNOWN => {}
            Err(error) => return Err(format!("nobody owns {NAME}, but {what}: {error}")),
            Ok(()) => return Err(format!("nobody owns {NAME}, but {what} succeeds")),
        }
    }
    Ok(Finding::of(
        Condition::NoService,
        format!("nobody owns {NAME}; activating and calling it are answered with ServiceUnknown"),
    ))
}

fn no_default(client: &mut KeyringClient) -> Result<Finding, String> {
    let collections = client.collections().map_err(|error| error.to_string())?;
    if collections != [SESSION_COLLECTION] {
        return Err(format!("no default collection, but other ones: {}", collections.join(", ")));
    }
    match client.is_locked(DEFAULT_ALIAS) {
        Err(ClientError::Refused { name, .. }) => Ok(Finding::of(
            Condition::NoDefaultCollection,
            format!("the alias default leads nowhere ({name}); {SESSION_COLLECTION} is all there is"),
        )),
        Err(error) => Err(error.to_string()),
        Ok(_) => Err(format!("the alias default leads nowhere, but {DEFAULT_ALIAS} is there")),
    }
}

fn locked(client: &mut KeyringClient, default: &str) -> Result<Finding, String> {
    let unlocking = client.unlock(default).map_err(|error| error.to_string())?;
    let Some(prompt) = unlocking.prompt else {
        return Err(format!("{default} was locked, and could be unlocked without a prompt"));
    };
    let dismissed = client.prompt(&prompt).map_err(|error| format!("{prompt}: {error}"))?;
    let still = client.is_locked(default).map_err(|error| error.to_string())?;
    if !dismissed || !still {
        return Err(format!("{default} was locked, and a prompt unlocked it"));
    }
    let refused = match client.create_item(default, &probe(), PROBE_SECRET) {
        Err(ClientError::Refused { name, .. }) => name,
        Err(error) => return Err(error.to_string()),
        Ok(item) => return Err(format!("{default} is locked, but {item} was stored")),
    };
    Ok(Finding::of(
        Condition::Locked,
        format!("{default} is locked, its prompt is dismissed at once, storing is answered with {refused}"),
    ))
}

fn stored(client: &mut KeyringClient, default: &str) -> Result<Finding, String> {
    let text = |error: ClientError| format!("{default} is unlocked, but not usable: {error}");
    let item = client.create_item(default, &probe(), PROBE_SECRET).map_err(text)?;
    let secret = client.secret(&item).map_err(text)?;
    client.delete(&item).map_err(text)?;
    let left = client.search(&probe().attributes).map_err(text)?;
    if secret != PROBE_SECRET {
        return Err(format!("{default} gave back another secret than was stored"));
    }
    if !left.unlocked.is_empty() || !left.locked.is_empty() {
        return Err(format!("{default} keeps an item that was deleted"));
    }
    Ok(Finding::of(Condition::Usable, format!("an item was stored in {default}, read back and deleted")))
}

fn probe() -> NewItem {
    NewItem {
        label: "sealcheck".into(),
        attributes: BTreeMap::from([("sealcheck".to_owned(), "proof".to_owned())]),
        content_type: "text/plain".into(),
        replace: true,
    }
}

/// Makes a socket file on which nobody listens, as a listener leaves it that is gone.
fn dead_socket(folder: &Path) -> Result<BusAddress, ApplyError> {
    let path = folder.join("dead.sock");
    // Nobody ever listens: what is only bound is dead even while a child that is just being made has a copy of it.
    let bound = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)
        .and_then(|socket| bind(socket.as_raw_fd(), &UnixAddr::new(&path)?));
    match bound {
        Ok(()) => {}
        // One that an earlier session left is as good, if it is dead.
        Err(Errno::EADDRINUSE) if UnixStream::connect(&path).is_err() => {}
        Err(errno) => return Err(ApplyError::Socket { path, source: errno.into() }),
    }
    Ok(BusAddress::of(path))
}

const ADDRESS: &str = "DBUS_SESSION_BUS_ADDRESS";
const SERVICE_UNKNOWN: &str = "org.freedesktop.DBus.Error.ServiceUnknown";
const DEFAULT_ALIAS: &str = "/org/freedesktop/secrets/aliases/default";
const SESSION_COLLECTION: &str = "/org/freedesktop/secrets/collection/session";
const PROBE_SECRET: &[u8] = b"proof";
