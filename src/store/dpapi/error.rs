//! The one place where what DPAPI says becomes an [`Obstacle`].

use crate::store::{Breakage, Misconfiguration, Obstacle};

/// A call to the data protection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Call {
    /// From bytes to a blob.
    Protect,
    /// From a blob to bytes.
    Unprotect,
}

impl Call {
    /// The name of the function.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Protect => "CryptProtectData",
            Self::Unprotect => "CryptUnprotectData",
        }
    }
}

/// What stands in the way when `call` failed with `code`, as `GetLastError` gives it.
pub(super) fn obstacle(call: Call, code: u32) -> Obstacle {
    let Some((_, symbol, meaning)) = TABLE.iter().find(|(known, ..)| *known == code) else {
        return unexpected(call, &format!("error {code:#010x}"));
    };
    match (meaning, call) {
        (Meaning::Altered, Call::Unprotect) => {
            unreadable(symbol, "it was not made by this protection, or is cut off or altered")
        }
        (Meaning::ForeignKey, Call::Unprotect) => {
            unreadable(symbol, "it was encrypted for another user, or before this user's password was reset")
        }
        (Meaning::MissingKey, Call::Unprotect) => {
            unreadable(symbol, "the key that it was encrypted with is gone")
        }
        (Meaning::MissingKey, Call::Protect) => Misconfiguration::NoProfile.into(),
        (Meaning::NetworkLogon, _) => Misconfiguration::NetworkLogon.into(),
        (Meaning::Refused, _) => Obstacle::Refused { reason: (*symbol).to_owned() },
        (Meaning::Altered | Meaning::ForeignKey, Call::Protect) => unexpected(call, symbol),
    }
}

fn unreadable(symbol: &str, what: &str) -> Obstacle {
    Obstacle::Unreadable { reason: format!("{what} ({symbol})") }
}

fn unexpected(call: Call, name: &str) -> Obstacle {
    Breakage::Service { call: call.name(), name: name.to_owned() }.into()
}

/// What a code means to a cache.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// These bytes are no blob, or not the one that was made.
    Altered,
    /// The user's keys cannot open it.
    ForeignKey,
    /// There is no key where it should be.
    MissingKey,
    /// The session has no credentials to open the user's keys with.
    NetworkLogon,
    /// Somebody said no, or would have to be asked.
    Refused,
}

/// Every code that means something; all others are [`Breakage::Service`], and none ever means "not found".
const TABLE: &[(u32, &str, Meaning)] = &[
    (2, "ERROR_FILE_NOT_FOUND", Meaning::MissingKey),
    (5, "ERROR_ACCESS_DENIED", Meaning::Refused),
    (13, "ERROR_INVALID_DATA", Meaning::Altered),
    (87, "ERROR_INVALID_PARAMETER", Meaning::Altered),
    (1223, "ERROR_CANCELLED", Meaning::Refused),
    (1312, "ERROR_NO_SUCH_LOGON_SESSION", Meaning::NetworkLogon),
    (1325, "ERROR_PASSWORD_RESTRICTION", Meaning::Refused),
    // The flags and algorithms that these complain of are those that the blob names.
    (0x8009_0001, "NTE_BAD_UID", Meaning::Altered),
    (0x8009_0002, "NTE_BAD_HASH", Meaning::Altered),
    (0x8009_0003, "NTE_BAD_KEY", Meaning::Altered),
    (0x8009_0004, "NTE_BAD_LEN", Meaning::Altered),
    (0x8009_0005, "NTE_BAD_DATA", Meaning::Altered),
    (0x8009_0006, "NTE_BAD_SIGNATURE", Meaning::Altered),
    (0x8009_0007, "NTE_BAD_VER", Meaning::Altered),
    (0x8009_0008, "NTE_BAD_ALGID", Meaning::Altered),
    (0x8009_0009, "NTE_BAD_FLAGS", Meaning::Altered),
    (0x8009_000A, "NTE_BAD_TYPE", Meaning::Altered),
    (0x8009_000B, "NTE_BAD_KEY_STATE", Meaning::ForeignKey),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_is_mapped_for_both_calls() {
        for (code, symbol, meaning) in TABLE {
            let (protected, unprotected) = (obstacle(Call::Protect, *code), obstacle(Call::Unprotect, *code));
            let unreadable =
                matches!(&unprotected, Obstacle::Unreadable { reason } if reason.contains(symbol));
            let unexpected = matches!(
                &protected,
                Obstacle::Broken(Breakage::Service { call: "CryptProtectData", name }) if name == symbol
            );
            let expected = match meaning {
                Meaning::Altered | Meaning::ForeignKey => unreadable && unexpected,
                Meaning::MissingKey => {
                    unreadable && matches!(protected, Obstacle::Misconfigured(Misconfiguration::NoProfile))
                }
                Meaning::NetworkLogon => [&protected, &unprotected].iter().all(|obstacle| {
                    matches!(obstacle, Obstacle::Misconfigured(Misconfiguration::NetworkLogon))
                }),
                Meaning::Refused => [&protected, &unprotected]
                    .iter()
                    .all(|obstacle| matches!(obstacle, Obstacle::Refused { reason } if reason == symbol)),
            };
            assert!(expected, "{symbol}: {protected:?}, {unprotected:?}");
        }
    }

    #[test]
    fn no_code_stands_in_the_table_twice() {
        let mut codes: Vec<_> = TABLE.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), TABLE.len());
    }

    #[test]
    fn no_code_is_an_absence_which_would_allow_plaintext() {
        for code in TABLE.iter().map(|(code, ..)| *code).chain([0, 1722, 0x8009_0016, u32::MAX]) {
            for call in [Call::Protect, Call::Unprotect] {
                let obstacle = obstacle(call, code);
                assert!(!matches!(obstacle, Obstacle::Absent(_)), "{code} {obstacle:?}");
            }
        }
    }

    #[test]
    fn an_unknown_code_is_reported_by_its_number() {
        let Obstacle::Broken(breakage) = obstacle(Call::Unprotect, 1722) else { panic!("a breakage") };
        let expected = Breakage::Service { call: "CryptUnprotectData", name: "error 0x000006ba".to_owned() };
        assert_eq!(breakage, expected);
    }
}
