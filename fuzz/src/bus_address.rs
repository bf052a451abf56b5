//! Bus addresses: one that makes no sense, or leads elsewhere, is never an absent bus.
//!
//! An absent bus may end in plaintext, so nothing that somebody can do to the variable may look like one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use token_cache::store::secret_service::SecretService;
use token_cache::store::{Absence, ItemIdentity, Obstacle, Store};
use token_cache::{BusAddress, Deadline, Interaction};

use crate::{Seeds, text};

/// On one line each: the address, and the folder of the default socket.
pub fn check(bytes: &[u8]) {
    let mut rest = bytes;
    let address = String::from_utf8_lossy(text::line(&mut rest)).into_owned();
    let directory = (!rest.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(rest)));
    let bus = BusAddress {
        address: (!address.is_empty()).then(|| address.clone()),
        // No socket of this machine is to be found by it.
        runtime_directory: directory.map(|directory| PathBuf::from("/nonexistent").join(directory)),
    };
    if may_lead_somewhere(&address)
        || bus.runtime_directory.as_ref().is_some_and(|path| !path.starts_with("/nonexistent"))
    {
        return;
    }
    let no_address = bus.address.is_none();
    let store = SecretService::new(bus, ItemIdentity::of_file("fuzz.nocae")).expect("it is built here");
    let obstacle = store
        .probe(Interaction::Never, Deadline::after(Duration::from_secs(5)))
        .expect_err("there is no bus at such an address");
    match obstacle {
        Obstacle::Absent(Absence::NoBusAddress { .. }) => assert!(no_address, "{address:?} is an address"),
        Obstacle::Absent(Absence::BusUnreachable { .. }) => {
            assert!(no_address || is_list_of_sockets(&address), "{address:?} is no absent bus");
        }
        Obstacle::Misconfigured(_) => {}
        // A component of the path is too long, is no folder, or loops.
        Obstacle::Broken(_) | Obstacle::Refused { .. } => {}
        other => panic!("{address:?} gives {other:?}"),
    }
}

/// Addresses of the specification's forms, and such as lead elsewhere.
pub fn seeds() -> Seeds {
    let addresses = [
        "unix:path=/nonexistent/bus",
        "unix:path=/nonexistent/a%20bus,guid=0123456789abcdef0123456789abcdef",
        "unix:abstract=sealcheck-fuzz-nobody-listens",
        "unix:path=/nonexistent/1;unix:path=/nonexistent/2",
        "unix:path=/nonexistent/1;tcp:host=localhost,port=1",
        "unixexec:path=/bin/false",
        "autolaunch:",
        "unix:dir=/nonexistent",
        "unix:path=nonexistent",
        "unix:path=/nonexistent/%00",
        "unix:path=/nonexistent/\u{e9}",
        ";;;",
        "\nrun",
    ];
    addresses.map(|address| address.as_bytes().to_vec()).to_vec()
}

/// Whether somebody could be there: a search must not speak to the machine's own services.
fn may_lead_somewhere(address: &str) -> bool {
    let path = |value: &str| {
        !unescaped(value).starts_with("/nonexistent/") || value.contains("..") || value.contains('%')
    };
    address.split(';').flat_map(|entry| entry.split_once(':')).flat_map(|(_, pairs)| pairs.split(',')).any(
        |pair| match pair.split_once('=') {
            Some(("path", value)) => {
                value.starts_with(['/', '%']) && path(value) && !value.starts_with("/nonexistent/a%20")
            }
            Some(("abstract", value)) => !value.starts_with("sealcheck-fuzz-"),
            Some(_) | None => false,
        },
    )
}

/// Whether every entry is a socket of this machine, said again from the specification: `unix:`, with one absolute path
/// or one abstract name, everything else being `key=value`.
fn is_list_of_sockets(address: &str) -> bool {
    let mut entries = address.split(';').filter(|entry| !entry.is_empty()).peekable();
    entries.peek().is_some()
        && entries.all(|entry| {
            let Some(("unix", pairs)) = entry.split_once(':') else { return false };
            let pairs: Vec<_> = pairs.split(',').map(|pair| pair.split_once('=')).collect();
            let sockets = pairs.iter().flatten().filter(|(key, _)| matches!(*key, "path" | "abstract"));
            let named: Vec<_> = sockets.collect();
            pairs.iter().all(Option::is_some)
                && entry.is_ascii()
                && named.len() == 1
                && !named[0].1.is_empty()
        })
}

fn unescaped(value: &str) -> String {
    value.replace("%2F", "/").replace("%2f", "/")
}
