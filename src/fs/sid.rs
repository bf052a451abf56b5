//! Who somebody is to Windows.

use std::fmt;

/// A security identifier: an account, a group, or the system itself.
///
/// # Example
///
/// ```
/// use token_cache::Sid;
///
/// assert_eq!(Sid::ADMINISTRATORS.to_string(), "S-1-5-32-544");
/// assert_eq!(Sid::SYSTEM.to_string(), "S-1-5-18");
/// assert_eq!(Sid::EVERYONE.to_string(), "S-1-1-0");
/// // These two stand for whoever it may be.
/// assert_eq!(Sid::CREATOR_OWNER.to_string(), "S-1-3-0");
/// assert_eq!(Sid::OWNER_RIGHTS.to_string(), "S-1-3-4");
///
/// let kept = Sid::SYSTEM.to_bytes();
/// assert_eq!(Sid::from_bytes(&kept), Some(Sid::SYSTEM));
/// assert_eq!(Sid::from_bytes(b"no identifier"), None);
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Sid {
    // Both as they are kept, so that an error that names somebody stays small.
    authority: [u8; 6],
    count: u8,
    parts: [u32; MOST_PARTS],
}

impl Sid {
    /// The operating system.
    pub const SYSTEM: Self = Self::new(5, &[18]);
    /// The administrators of the machine.
    pub const ADMINISTRATORS: Self = Self::new(5, &[32, 544]);
    /// Everybody.
    pub const EVERYONE: Self = Self::new(1, &[0]);
    /// In an inherited entry, whoever makes the thing that inherits it.
    pub const CREATOR_OWNER: Self = Self::new(3, &[0]);
    /// Whoever owns the thing.
    pub const OWNER_RIGHTS: Self = Self::new(3, &[4]);

    const fn new(authority: u8, given: &[u32]) -> Self {
        let mut parts = [0; MOST_PARTS];
        let mut index = 0;
        while index < given.len() {
            parts[index] = given[index];
            index += 1;
        }
        Self { authority: [0, 0, 0, 0, 0, authority], count: given.len() as u8, parts }
    }

    /// The identifier at the beginning of these bytes, as Windows keeps it ([MS-DTYP], 2.4.2.2); `None` for anything else.
    ///
    /// [MS-DTYP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/f992ad60-0fe4-4b87-9fed-beb478836861
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[revision, count, ref authority @ ..], rest) = bytes.split_first_chunk::<8>()?;
        if revision != REVISION || usize::from(count) > MOST_PARTS {
            return None;
        }
        let mut parts = [0; MOST_PARTS];
        let words = rest.get(..usize::from(count) * 4)?.chunks_exact(4);
        for (part, word) in parts.iter_mut().zip(words) {
            *part = u32::from_le_bytes(word.try_into().expect("chunks of four bytes"));
        }
        Some(Self { authority: *authority, count, parts })
    }

    /// The identifier as Windows keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![REVISION, self.count];
        bytes.extend(self.authority);
        bytes.extend(self.parts().iter().flat_map(|part| part.to_le_bytes()));
        bytes
    }

    fn parts(&self) -> &[u32] {
        &self.parts[..usize::from(self.count)]
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.authority;
        write!(f, "S-{REVISION}-{}", u64::from_be_bytes([0, 0, a, b, c, d, e, g]))?;
        self.parts().iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

const REVISION: u8 = 1;
const MOST_PARTS: usize = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identifier_is_written_as_windows_writes_it() {
        let user = Sid::new(5, &[21, 1, u32::MAX, 3, 1001]);
        assert_eq!(user.to_string(), "S-1-5-21-1-4294967295-3-1001");
        assert_eq!(format!("{user:?}"), "S-1-5-21-1-4294967295-3-1001");
        assert_eq!(Sid::SYSTEM.to_bytes(), [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
    }

    #[test]
    fn what_is_cut_off_or_of_another_revision_is_no_identifier() {
        let whole = Sid::ADMINISTRATORS.to_bytes();
        for length in 0..whole.len() {
            assert_eq!(Sid::from_bytes(&whole[..length]), None, "{length}");
        }
        let mut other = whole.clone();
        other[0] = 2;
        assert_eq!(Sid::from_bytes(&other), None);
        assert_eq!(Sid::from_bytes(&whole), Some(Sid::ADMINISTRATORS));
    }

    #[test]
    fn more_parts_than_an_identifier_can_have_are_refused() {
        let mut bytes = vec![1, 16, 0, 0, 0, 0, 0, 5];
        bytes.extend([0; 64]);
        assert_eq!(Sid::from_bytes(&bytes), None);
        bytes[1] = 15;
        assert!(Sid::from_bytes(&bytes).is_some());
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_written_again(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(read) = Sid::from_bytes(&bytes) {
                prop_assert!(bytes.starts_with(&read.to_bytes()));
            }
        }
    }
}
