//! The addresses of connections.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::errno::Errno;

use super::{
    calls::Peer,
    memory::{Memory, Unreadable, word},
    territory,
};

/// Whom a process wants to reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Address {
    /// A socket with a path.
    Path(Vec<u8>),
    /// A socket with an abstract name, or a random one.
    Abstract(Vec<u8>),
    /// An internet address.
    Internet(SocketAddr),
    /// Nobody: it ends a connection, or speaks to the kernel about the network.
    Nobody,
    /// Another kind of address, by the number of its family.
    Other(u16),
}

impl Address {
    /// Parses a `sockaddr`; `None` if it is too short for its family, which the kernel refuses too.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let family = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
        let rest = &bytes[2..];
        let port = || Some(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?));
        Some(match i32::from(family) {
            libc::AF_UNSPEC => Self::Nobody,
            libc::AF_UNIX => match rest {
                [] | [0, ..] => Self::Abstract(rest.get(1..).unwrap_or_default().to_vec()),
                path => Self::Path(path.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()),
            },
            libc::AF_INET => {
                let octets: [u8; 4] = rest.get(2..6)?.try_into().ok()?;
                Self::Internet(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), port()?))
            }
            libc::AF_INET6 => {
                let octets: [u8; 16] = rest.get(6..22)?.try_into().ok()?;
                Self::Internet(SocketAddr::new(IpAddr::V6(Ipv6Addr::from(octets)), port()?))
            }
            // Netlink with process 0 is the kernel; resolvers ask it for the machine's own addresses.
            libc::AF_NETLINK if rest.get(2..6) == Some([0; 4].as_slice()) => Self::Nobody,
            _ => Self::Other(family),
        })
    }

    /// How it is written in evidence; a path is resolved by the caller.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Path(path) => format!("unix:{}", String::from_utf8_lossy(path)),
            Self::Abstract(name) => format!("unix:@{}", String::from_utf8_lossy(name)),
            Self::Internet(address) => address.to_string(),
            Self::Nobody => "nobody".into(),
            Self::Other(family) => format!("address family {family}"),
        }
    }

    /// The errno with which it is refused wherever it leads; `None` if it is allowed or depends on the path.
    pub(super) fn refusal(&self) -> Option<Errno> {
        match self {
            Self::Path(_) | Self::Nobody => None,
            Self::Internet(address) if territory::is_local(address.ip()) => None,
            Self::Internet(_) => Some(Errno::ENETUNREACH),
            Self::Abstract(_) | Self::Other(_) => Some(Errno::ECONNREFUSED),
        }
    }
}

/// The addresses that a call names. None if it names none, or only broken ones.
///
/// # Errors
///
/// [`Unreadable`].
pub(super) fn addresses(
    memory: Memory,
    peer: Peer,
    arguments: &[u64; 6],
) -> Result<Vec<Address>, Unreadable> {
    Ok(match peer {
        Peer::Address(at) => read(memory, arguments[at], arguments[at + 1])?.into_iter().collect(),
        Peer::Message => of_message(memory, arguments[1])?.into_iter().collect(),
        Peer::Messages => {
            let count = (arguments[2] & 0xffff_ffff).min(MAX_MESSAGES);
            let mut found = Vec::new();
            for index in 0..count {
                let address = arguments[1].checked_add(index * MESSAGES_STRIDE).ok_or(Unreadable::Fault)?;
                found.extend(of_message(memory, address)?);
            }
            found
        }
    })
}

/// The address that is given by pointer and length.
///
/// # Errors
///
/// [`Unreadable`].
pub(super) fn read(memory: Memory, pointer: u64, length: u64) -> Result<Option<Address>, Unreadable> {
    let length = usize::try_from(length & 0xffff_ffff).map_err(|_| Unreadable::Fault)?;
    if pointer == 0 || length > MAX_ADDRESS_BYTES {
        return Ok(None);
    }
    Ok(Address::parse(&memory.bytes(pointer, length)?))
}

/// The address in a `msghdr`, which begins with pointer and length.
fn of_message(memory: Memory, address: u64) -> Result<Option<Address>, Unreadable> {
    let message = memory.exactly::<16>(address)?;
    read(memory, word(&message), word(&message[8..]))
}

/// A `sockaddr_storage`, the most that the kernel takes.
const MAX_ADDRESS_BYTES: usize = 128;
/// The kernel's own bound.
const MAX_MESSAGES: u64 = 1024;
/// The size of a `mmsghdr` on a 64-bit machine.
const MESSAGES_STRIDE: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(family: i32, rest: &[u8]) -> Option<Address> {
        let mut bytes = u16::try_from(family).unwrap().to_ne_bytes().to_vec();
        bytes.extend(rest);
        Address::parse(&bytes)
    }

    #[test]
    fn a_socket_with_a_path_ends_at_its_zero() {
        let parsed = address(libc::AF_UNIX, b"/run/bus\0rest").unwrap();
        assert_eq!(parsed, Address::Path(b"/run/bus".to_vec()));
    }

    #[test]
    fn a_socket_with_an_abstract_name_is_refused() {
        let parsed = address(libc::AF_UNIX, b"\0name").unwrap();
        assert_eq!(parsed, Address::Abstract(b"name".to_vec()));
        assert_eq!(parsed.refusal(), Some(Errno::ECONNREFUSED));
    }

    #[test]
    fn an_internet_address_is_refused_unless_it_is_loopback() {
        let far = address(libc::AF_INET, &[0, 80, 192, 0, 2, 1, 0, 0]).unwrap();
        assert_eq!((far.text().as_str(), far.refusal()), ("192.0.2.1:80", Some(Errno::ENETUNREACH)));
        let near = address(libc::AF_INET, &[0, 80, 127, 0, 0, 1, 0, 0]).unwrap();
        assert_eq!((near.text().as_str(), near.refusal()), ("127.0.0.1:80", None));
    }

    #[test]
    fn a_version_6_address_is_read_at_its_own_offset() {
        let mut rest = vec![1, 187, 0, 0, 0, 0];
        rest.extend("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
        let parsed = address(libc::AF_INET6, &rest).unwrap();
        assert_eq!(
            (parsed.text().as_str(), parsed.refusal()),
            ("[2001:db8::1]:443", Some(Errno::ENETUNREACH))
        );
    }

    #[test]
    fn the_kernel_may_be_asked_about_the_network_and_other_processes_may_not() {
        assert_eq!(address(libc::AF_NETLINK, &[0; 10]).unwrap(), Address::Nobody);
        let other = address(libc::AF_NETLINK, &[0, 0, 7, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(other.refusal(), Some(Errno::ECONNREFUSED));
    }

    #[test]
    fn an_address_that_is_too_short_is_none() {
        assert_eq!(Address::parse(&[1]), None);
        assert_eq!(address(libc::AF_INET, &[0, 80, 127]), None);
    }
}
