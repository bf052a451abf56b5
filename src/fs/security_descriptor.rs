//! Who owns a file or folder of Windows, and who may do what with it.
//!
//! A descriptor is read and made as bytes, in the self-relative form ([MS-DTYP], 2.4.6), so that nothing of this is a
//! pointer into memory of the system, and all of it can be tested and fuzzed on any machine.
//!
//! [MS-DTYP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/7d4dac05-9cef-4563-a058-f108abecce1d

use crate::fs::{Finding, Sid};

/// What is known of a file or folder's rights.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct SecurityDescriptor {
    owner: Option<Sid>,
    access: Access,
}

/// How far a file or folder is open to others than the user, the system and the administrators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Openness {
    /// Not at all.
    Private,
    /// Others may read it, or see that it is there.
    Readable,
    /// Others may change it, so its content need not be ours.
    Writable(Finding),
}

/// Whether what is made in a folder gets the folder's rights.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Inheritance {
    /// A file, or a folder that keeps its rights to itself.
    Nothing,
    /// What other programs make in the folder is private too.
    Everything,
}

/// An access control list.
#[derive(Debug, Eq, PartialEq)]
enum Access {
    /// There is none, so nobody is kept out.
    Everybody,
    /// Those who are allowed something.
    Listed(Vec<Allowed>),
}

/// An entry that allows something.
#[derive(Debug, Eq, PartialEq)]
enum Allowed {
    /// Rights of an account.
    Known { account: Sid, rights: u32 },
    /// Of a type that has no place in the list of a file.
    Unknown,
}

impl SecurityDescriptor {
    /// Reads a descriptor; `None` if these bytes are none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<HEADER>()?;
        let control = u16::from_le_bytes([header[2], header[3]]);
        if header[0] != REVISION || control & SELF_RELATIVE == 0 {
            return None;
        }
        let at = |offset: usize| {
            let offset = word(header, offset)?;
            usize::try_from(offset).ok()
        };
        let owner = match at(OWNER)? {
            0 => None,
            offset => Some(Sid::from_bytes(bytes.get(offset..)?)?),
        };
        let access = match at(ACCESS_LIST)? {
            offset if offset != 0 && control & ACCESS_LIST_PRESENT != 0 => {
                Access::from_bytes(bytes.get(offset..)?)?
            }
            _ => Access::Everybody,
        };
        Some(Self { owner, access })
    }

    /// The descriptor of something private: the user owns it, and the system and administrators have rights to it too.
    ///
    /// The list is protected: nothing is inherited from the folder above.
    pub(crate) fn private(user: &Sid, inheritance: Inheritance) -> Vec<u8> {
        let flags = match inheritance {
            Inheritance::Nothing => 0,
            Inheritance::Everything => OBJECT_INHERIT | CONTAINER_INHERIT,
        };
        let mut accounts = vec![*user];
        accounts.extend(TRUSTED.into_iter().filter(|trusted| trusted != user));
        let entries = accounts.iter().flat_map(|account| entry(account, flags, ALL_RIGHTS)).collect();
        descriptor(Some(user), Some(list(&accounts, entries)))
    }

    /// The descriptor of something of the user's to which another account has these rights.
    #[cfg(all(test, windows))]
    pub(crate) fn shared(user: &Sid, other: &Sid, rights: u32) -> Vec<u8> {
        let entries = [entry(user, 0, ALL_RIGHTS), entry(other, 0, rights)].concat();
        descriptor(Some(user), Some(list(&[*user, *other], entries)))
    }

    /// Whether it belongs to the user, or to somebody who could take it anyway.
    pub(crate) fn foreign_owner(&self, user: &Sid) -> Option<Finding> {
        match self.owner {
            Some(owner) if owner == *user || TRUSTED.contains(&owner) => None,
            Some(owner) => Some(Finding::ForeignAccount { owner }),
            None => Some(Finding::UnknownRights),
        }
    }

    /// How far it is open to others; an entry that denies takes nothing from what another entry allows.
    pub(crate) fn openness(&self, user: &Sid) -> Openness {
        let Access::Listed(entries) = &self.access else {
            return Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE });
        };
        let mut openness = Openness::Private;
        for entry in entries {
            match *entry {
                Allowed::Unknown => return Openness::Writable(Finding::UnknownRights),
                Allowed::Known { account, rights } if is_trusted(&account, user) || rights == 0 => {}
                Allowed::Known { account, rights } if rights & !READING != 0 => {
                    return Openness::Writable(Finding::WritableBy { account });
                }
                Allowed::Known { .. } => openness = Openness::Readable,
            }
        }
        openness
    }
}

impl Access {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (header, _) = bytes.split_first_chunk::<LIST_HEADER>()?;
        let size = usize::from(u16::from_le_bytes([header[2], header[3]]));
        let count = u16::from_le_bytes([header[4], header[5]]);
        let mut rest = bytes.get(LIST_HEADER..size)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (&[kind, _flags, low, high], _) = rest.split_first_chunk()?;
            let size = usize::from(u16::from_le_bytes([low, high]));
            let entry = rest.get(..size)?;
            // Less than its own header would never come to an end.
            rest = rest.get(size.max(ENTRY_HEADER)..)?;
            match kind {
                ALLOWED | ALLOWED_CALLBACK => entries.push(Allowed::Known {
                    account: Sid::from_bytes(entry.get(ENTRY_SID..)?)?,
                    rights: word(entry, ENTRY_HEADER)?,
                }),
                DENIED | DENIED_CALLBACK => {}
                _ => entries.push(Allowed::Unknown),
            }
        }
        Some(Self::Listed(entries))
    }
}

/// Those who can do what they like with every file of the machine, whatever a list says.
const TRUSTED: [Sid; 2] = [Sid::SYSTEM, Sid::ADMINISTRATORS];

fn is_trusted(account: &Sid, user: &Sid) -> bool {
    // The owner is checked; an entry for whoever makes a thing speaks of that thing's owner.
    account == user || TRUSTED.contains(account) || [Sid::OWNER_RIGHTS, Sid::CREATOR_OWNER].contains(account)
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let word = bytes.get(offset..offset + 4)?;
    Some(u32::from_le_bytes(word.try_into().expect("four bytes")))
}

fn entry(account: &Sid, flags: u8, rights: u32) -> Vec<u8> {
    let account = account.to_bytes();
    let size = short(ENTRY_SID + account.len());
    [&[ALLOWED, flags][..], &size, &rights.to_le_bytes(), &account].concat()
}

fn list(accounts: &[Sid], entries: Vec<u8>) -> Vec<u8> {
    let (size, count) = (short(LIST_HEADER + entries.len()), short(accounts.len()));
    [&[LIST_REVISION, 0][..], &size, &count, &[0, 0], &entries].concat()
}

fn descriptor(owner: Option<&Sid>, list: Option<Vec<u8>>) -> Vec<u8> {
    let owner = owner.map(Sid::to_bytes);
    let mut body = Vec::new();
    let mut place = |part: &Option<Vec<u8>>| match part {
        Some(part) => {
            let offset = u32::try_from(HEADER + body.len()).expect("three identifiers are small");
            body.extend_from_slice(part);
            offset.to_le_bytes()
        }
        None => [0; 4],
    };
    let (owner, access) = (place(&owner), place(&list));
    let control = SELF_RELATIVE | if list.is_some() { ACCESS_LIST_PRESENT | PROTECTED } else { 0 };
    let nothing = [0; 4];
    [&[REVISION, 0][..], &control.to_le_bytes(), &owner, &nothing, &nothing, &access, &body].concat()
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("three entries are small").to_le_bytes()
}

const REVISION: u8 = 1;
const SELF_RELATIVE: u16 = 0x8000;
const ACCESS_LIST_PRESENT: u16 = 0x0004;
const PROTECTED: u16 = 0x1000;
const HEADER: usize = 20;
const OWNER: usize = 4;
const ACCESS_LIST: usize = 16;

const LIST_REVISION: u8 = 2;
const LIST_HEADER: usize = 8;
const ENTRY_HEADER: usize = 4;
const ENTRY_SID: usize = 8;

const ALLOWED: u8 = 0;
const DENIED: u8 = 1;
const ALLOWED_CALLBACK: u8 = 9;
const DENIED_CALLBACK: u8 = 10;
const OBJECT_INHERIT: u8 = 1;
const CONTAINER_INHERIT: u8 = 2;

/// `FILE_ALL_ACCESS`.
const ALL_RIGHTS: u32 = 0x001F_01FF;

/// What lets nobody change anything: `FILE_READ_DATA`, `FILE_READ_EA`, `FILE_EXECUTE`, `FILE_READ_ATTRIBUTES`,
/// `READ_CONTROL`, `SYNCHRONIZE`, `GENERIC_READ` and `GENERIC_EXECUTE`.
const READING: u32 =
    0x0001 | 0x0008 | 0x0020 | 0x0080 | 0x0002_0000 | 0x0010_0000 | 0x8000_0000 | 0x2000_0000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn user() -> Sid {
        Sid::from_bytes(&[1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xe9, 3, 0, 0]).expect("an identifier")
    }

    fn other() -> Sid {
        Sid::from_bytes(&[1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xea, 3, 0, 0]).expect("an identifier")
    }

    /// A descriptor of the user's with one more entry than a private one.
    fn with(extra: &[u8]) -> Vec<u8> {
        let entries = [entry(&user(), 0, ALL_RIGHTS), extra.to_vec()].concat();
        descriptor(Some(&user()), Some(list(&[user(), other()], entries)))
    }

    fn openness(bytes: &[u8]) -> Openness {
        SecurityDescriptor::from_bytes(bytes).expect("a descriptor").openness(&user())
    }

    #[test]
    fn what_is_made_private_is_found_private() {
        for inheritance in [Inheritance::Nothing, Inheritance::Everything] {
            for owner in [user(), Sid::SYSTEM] {
                let bytes = SecurityDescriptor::private(&owner, inheritance);
                let read = SecurityDescriptor::from_bytes(&bytes).expect("a descriptor");
                assert_eq!(read.foreign_owner(&owner), None);
                assert_eq!(read.openness(&owner), Openness::Private);
            }
        }
    }

    #[test]
    fn what_is_private_to_one_user_is_open_to_an_other() {
        let bytes = SecurityDescriptor::private(&other(), Inheritance::Nothing);
        let read = SecurityDescriptor::from_bytes(&bytes).expect("a descriptor");
        assert_eq!(read.foreign_owner(&user()), Some(Finding::ForeignAccount { owner: other() }));
        assert_eq!(read.openness(&user()), Openness::Writable(Finding::WritableBy { account: other() }));
    }

    #[test]
    fn the_rights_of_the_system_the_administrators_and_the_owner_open_nothing() {
        for account in [Sid::SYSTEM, Sid::ADMINISTRATORS, Sid::OWNER_RIGHTS, Sid::CREATOR_OWNER] {
            assert_eq!(openness(&with(&entry(&account, 0, ALL_RIGHTS))), Openness::Private, "{account}");
        }
    }

    #[test]
    fn every_single_right_of_another_is_reading_or_writing() {
        for bit in 0..32 {
            let found = openness(&with(&entry(&Sid::EVERYONE, 0, 1 << bit)));
            let reading = matches!(bit, 0 | 3 | 5 | 7 | 17 | 20 | 29 | 31);
            let writable = Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE });
            assert_eq!(found, if reading { Openness::Readable } else { writable }, "{bit}");
        }
        assert_eq!(openness(&with(&entry(&Sid::EVERYONE, 0, 0))), Openness::Private);
    }

    #[test]
    fn without_a_list_everybody_may_write() {
        let bytes = descriptor(Some(&user()), None);
        let everybody = Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE });
        assert_eq!(openness(&bytes), everybody);
        let empty = descriptor(Some(&user()), Some(list(&[], Vec::new())));
        assert_eq!(openness(&empty), Openness::Private);
    }

    #[test]
    fn an_entry_that_denies_opens_nothing_and_one_of_an_unknown_type_is_not_trusted() {
        let mut denied = entry(&Sid::EVERYONE, 0, ALL_RIGHTS);
        for (kind, expected) in [
            (DENIED, Openness::Private),
            (DENIED_CALLBACK, Openness::Private),
            (ALLOWED_CALLBACK, Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE })),
            (5, Openness::Writable(Finding::UnknownRights)),
        ] {
            denied[0] = kind;
            assert_eq!(openness(&with(&denied)), expected, "{kind}");
        }
    }

    #[test]
    fn a_thing_without_an_owner_is_nobody_s() {
        let bytes = descriptor(None, Some(list(&[], Vec::new())));
        let read = SecurityDescriptor::from_bytes(&bytes).expect("a descriptor");
        assert_eq!(read.foreign_owner(&user()), Some(Finding::UnknownRights));
    }

    #[test]
    fn bytes_of_another_revision_or_with_pointers_are_no_descriptor() {
        let whole = SecurityDescriptor::private(&user(), Inheritance::Nothing);
        let changed = |at: usize, value| {
            let mut bytes = whole.clone();
            bytes[at] = value;
            SecurityDescriptor::from_bytes(&bytes)
        };
        assert!(changed(0, REVISION).is_some());
        assert_eq!(changed(0, 2), None);
        // The control without the bit that says that offsets follow.
        assert_eq!(changed(3, whole[3] & 0x7f), None);
    }

    #[test]
    fn a_list_that_the_control_does_not_know_of_keeps_nobody_out() {
        let mut bytes = SecurityDescriptor::private(&user(), Inheritance::Nothing);
        bytes[2] &= !4;
        let everybody = Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE });
        assert_eq!(openness(&bytes), everybody);
    }

    #[test]
    fn a_list_that_is_nowhere_keeps_nobody_out() {
        let mut bytes = SecurityDescriptor::private(&user(), Inheritance::Nothing);
        bytes[ACCESS_LIST..ACCESS_LIST + 4].fill(0);
        let everybody = Openness::Writable(Finding::WritableBy { account: Sid::EVERYONE });
        assert_eq!(openness(&bytes), everybody);
    }

    /// Each account once, with all rights, and with the flags that say what inherits them.
    #[test]
    fn what_is_private_is_the_user_s_the_system_s_and_the_administrators() {
        for (inheritance, flags) in [(Inheritance::Nothing, 0), (Inheritance::Everything, 3)] {
            for (owner, accounts) in [
                (user(), &[user(), Sid::SYSTEM, Sid::ADMINISTRATORS][..]),
                (Sid::SYSTEM, &[Sid::SYSTEM, Sid::ADMINISTRATORS]),
            ] {
                let entries = accounts.iter().flat_map(|account| entry(account, flags, 0x001F_01FF));
                let expected = descriptor(Some(&owner), Some(list(accounts, entries.collect())));
                assert_eq!(SecurityDescriptor::private(&owner, inheritance), expected);
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_no_descriptor() {
        let whole = with(&entry(&other(), 0, 1));
        for length in 0..whole.len() {
            assert_eq!(SecurityDescriptor::from_bytes(&whole[..length]), None, "{length}");
        }
        assert!(SecurityDescriptor::from_bytes(&whole).is_some());
    }

    #[test]
    fn an_entry_without_a_size_is_no_entry() {
        let mut nothing = entry(&other(), 0, ALL_RIGHTS);
        nothing[2..4].fill(0);
        assert_eq!(SecurityDescriptor::from_bytes(&with(&nothing)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Some(read) = SecurityDescriptor::from_bytes(&bytes) {
                read.openness(&user());
            }
        }

        #[test]
        fn a_flipped_byte_is_no_panic(at in 0..90_usize, value: u8) {
            let mut bytes = with(&entry(&other(), 0, 1));
            let length = bytes.len();
            bytes[at % length] = value;
            if let Some(read) = SecurityDescriptor::from_bytes(&bytes) {
                read.openness(&user());
            }
        }
    }
}
