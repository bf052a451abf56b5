//! Bus addresses: `unix:path=` and nothing else, which is all that a world has.

use std::{
    ffi::OsString,
    fmt,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

/// The address of a bus on a socket file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BusAddress {
    path: PathBuf,
}

impl BusAddress {
    /// The address of a socket file.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Parses one address with the transport `unix` and the key `path`; a `guid` is read over.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if it is anything else, a list of addresses included.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refused = |reason| AddressError { address: text.to_owned(), reason };
        if text.contains(';') {
            return Err(refused("it is a list"));
        }
        let pairs = text.strip_prefix("unix:").ok_or_else(|| refused("its transport is not unix"))?;
        let path = pairs
            .split(',')
            .find_map(|pair| pair.strip_prefix("path="))
            .ok_or_else(|| refused("it has no path"))?;
        let bytes = unescape(path).ok_or_else(|| refused("its path is escaped wrongly"))?;
        Ok(Self { path: PathBuf::from(OsString::from_vec(bytes)) })
    }

    /// The socket file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unix:path=")?;
        for &byte in self.path.as_os_str().as_bytes() {
            match byte {
                b'-' | b'_' | b'/' | b'.' | b'\\' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                    write!(f, "{}", char::from(byte))?;
                }
                other => write!(f, "%{other:02x}")?,
            }
        }
        Ok(())
    }
}

/// An address that no world can have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the bus address `{address}` cannot be used: {reason}; give one like `unix:path=/run/bus`")]
pub struct AddressError {
    address: String,
    reason: &'static str,
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let value = digit()? * 16 + digit()?;
        out.push(u8::try_from(value).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_path_survives_being_written_as_an_address(bytes in prop::collection::vec(1u8..=255, 1..80)) {
            let address = BusAddress::of(OsString::from_vec(bytes));
            prop_assert_eq!(BusAddress::parse(&address.to_string()), Ok(address));
        }
    }

    #[test]
    fn the_guid_of_an_address_is_read_over() {
        let address = BusAddress::parse("unix:path=/tmp/a%20b,guid=00ff");
        assert_eq!(address, Ok(BusAddress::of("/tmp/a b")));
    }

    #[test]
    fn other_transports_and_lists_are_refused() {
        for (text, reason) in [
            ("tcp:host=localhost", "its transport is not unix"),
            ("unix:abstract=x", "it has no path"),
            ("unix:path=/a;unix:path=/b", "it is a list"),
            ("unix:path=/a%2", "its path is escaped wrongly"),
        ] {
            assert_eq!(BusAddress::parse(text), Err(AddressError { address: text.into(), reason }), "{text}");
        }
    }
}
