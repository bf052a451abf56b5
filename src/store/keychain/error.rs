//! The one place where an `OSStatus` becomes an [`Obstacle`].

use crate::store::{Absence, Breakage, Obstacle};

/// A request to the keychain, for what its failure means and for messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Call {
    /// Its name in messages.
    pub(super) label: &'static str,
    /// How many bytes it carries, if it carries any.
    pub(super) bytes: Option<usize>,
}

/// Whether a status says more than one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lock {
    Locked,
    Unlocked,
}

/// Why the keychain did not do what it was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// The system's answer.
    Status(i32),
    /// The library between us and the system has an answer of its own.
    Library(&'static str),
}

/// What stands in the way when `call` failed with `fault` on a keychain that is locked, or not, since.
pub(super) fn obstacle(call: Call, fault: Fault, lock: Lock) -> Obstacle {
    let status = match fault {
        Fault::Status(status) => status,
        Fault::Library(detail) => {
            return Breakage::Protocol { call: call.label, detail: detail.to_owned() }.into();
        }
    };
    let service = |name: String| Obstacle::Broken(Breakage::Service { call: call.label, name });
    let Some((_, name, meaning)) = TABLE.iter().find(|(code, ..)| *code == status) else {
        return service(format!("OSStatus {status}"));
    };
    match (meaning, lock) {
        (Meaning::Absent, _) => Absence::NoKeychain { cause: name }.into(),
        (Meaning::Silenced, Lock::Locked) => Obstacle::Locked,
        (Meaning::Silenced, Lock::Unlocked) | (Meaning::Refused, _) => {
            Obstacle::Refused { reason: (*name).to_owned() }
        }
        (Meaning::Undecodable, _) => Obstacle::Unreadable { reason: (*name).to_owned() },
        (Meaning::TooMuch, _) => match call.bytes {
            Some(bytes) => Breakage::TooLarge { bytes }.into(),
            None => service((*name).to_owned()),
        },
        (Meaning::Failed, _) => service((*name).to_owned()),
    }
}

/// What a status means to a cache.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// There is no keychain.
    Absent,
    /// The user would have to be asked, and must not be.
    Silenced,
    /// Somebody said no.
    Refused,
    /// The bytes are there and cannot be decrypted.
    Undecodable,
    /// The value is too large.
    TooMuch,
    /// The keychain does not work.
    Failed,
}

/// There is no such item, which is an answer and no obstacle.
pub(super) const NOT_FOUND: i32 = -25300;

/// Every status that means something or has a name worth showing; none but [`NOT_FOUND`] ever means "not found".
const TABLE: &[(i32, &str, Meaning)] = &[
    (-25307, "errSecNoDefaultKeychain", Meaning::Absent),
    (-25294, "errSecNoSuchKeychain", Meaning::Absent),
    (-25308, "errSecInteractionNotAllowed", Meaning::Silenced),
    (-25315, "errSecInteractionRequired", Meaning::Silenced),
    (-128, "errSecUserCanceled", Meaning::Refused),
    (-25293, "errSecAuthFailed", Meaning::Refused),
    (-25243, "errSecNoAccessForItem", Meaning::Refused),
    (-25244, "errSecInvalidOwnerEdit", Meaning::Refused),
    (-25292, "errSecReadOnly", Meaning::Refused),
    (-25299, "errSecDuplicateItem", Meaning::Refused),
    (-34018, "errSecMissingEntitlement", Meaning::Refused),
    (-61, "errSecWrPerm", Meaning::Refused),
    (-26275, "errSecDecode", Meaning::Undecodable),
    (-25302, "errSecDataTooLarge", Meaning::TooMuch),
    (-25291, "errSecNotAvailable", Meaning::Failed),
    (-25295, "errSecInvalidKeychain", Meaning::Failed),
    (-25301, "errSecBufferTooSmall", Meaning::Failed),
    (-25316, "errSecDataNotAvailable", Meaning::Failed),
    (-2070, "errSecInternalComponent", Meaning::Failed),
    (-36, "errSecIO", Meaning::Failed),
    (-50, "errSecParam", Meaning::Failed),
    (-108, "errSecAllocate", Meaning::Failed),
];

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Call = Call { label: "reading the item", bytes: None };
    const WRITE: Call = Call { label: "writing the item", bytes: Some(9) };

    #[test]
    fn every_status_of_the_table_is_mapped_for_reading_and_for_writing() {
        for (status, name, meaning) in TABLE {
            let met = |call| obstacle(call, Fault::Status(*status), Lock::Unlocked);
            let (read, written) = (met(READ), met(WRITE));
            let expected = match meaning {
                Meaning::Absent => matches!(
                    (&read, &written),
                    (Obstacle::Absent(Absence::NoKeychain { cause: a }), Obstacle::Absent(_)) if a == name
                ),
                Meaning::Silenced | Meaning::Refused => matches!(
                    (&read, &written),
                    (Obstacle::Refused { reason: a }, Obstacle::Refused { reason: b }) if a == name && b == name
                ),
                Meaning::Undecodable => matches!(
                    (&read, &written),
                    (Obstacle::Unreadable { reason: a }, Obstacle::Unreadable { .. }) if a == name
                ),
                Meaning::TooMuch => matches!(
                    (&read, &written),
                    (
                        Obstacle::Broken(Breakage::Service { .. }),
                        Obstacle::Broken(Breakage::TooLarge { bytes: 9 })
                    )
                ),
                Meaning::Failed => matches!(
                    (&read, &written),
                    (Obstacle::Broken(Breakage::Service { name: a, .. }), Obstacle::Broken(_)) if a == name
                ),
            };
            assert!(expected, "{name}: {read:?}, {written:?}");
        }
    }

    #[test]
    fn every_status_is_negative_as_those_of_apple_are() {
        for status in TABLE.iter().map(|(status, ..)| *status).chain([NOT_FOUND]) {
            assert!(status < 0, "{status}");
        }
    }

    #[test]
    fn no_status_stands_in_the_table_twice_and_not_found_does_not_stand_there() {
        let mut codes: Vec<_> = TABLE.iter().map(|(code, ..)| *code).chain([NOT_FOUND]).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), TABLE.len() + 1);
    }

    #[test]
    fn a_dialogue_that_was_not_allowed_means_locked_only_where_the_keychain_is() {
        let silenced = Fault::Status(-25308);
        assert!(matches!(obstacle(READ, silenced, Lock::Locked), Obstacle::Locked));
        let refused = obstacle(READ, silenced, Lock::Unlocked);
        assert!(
            matches!(&refused, Obstacle::Refused { reason } if reason == "errSecInteractionNotAllowed"),
            "{refused:?}"
        );
    }

    #[test]
    fn an_unknown_status_is_reported_by_number_and_never_read_as_not_found_or_absent() {
        let Obstacle::Broken(breakage) = obstacle(READ, Fault::Status(-67808), Lock::Unlocked) else {
            panic!("an unknown status is a breakage")
        };
        let name = "OSStatus -67808".to_owned();
        assert_eq!(breakage, Breakage::Service { call: "reading the item", name });
    }

    #[test]
    fn an_answer_of_the_library_itself_is_a_breach_of_protocol() {
        let Obstacle::Broken(breakage) = obstacle(WRITE, Fault::Library("it is odd"), Lock::Unlocked) else {
            panic!("an odd answer is a breakage")
        };
        let detail = "it is odd".to_owned();
        assert_eq!(breakage, Breakage::Protocol { call: "writing the item", detail });
    }
}
