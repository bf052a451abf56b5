//! The one place where what D-Bus says becomes an [`Obstacle`].

use serde::de::DeserializeOwned;
use zbus::{DBusError, Message, Type};

use crate::store::{Breakage, Obstacle};

use super::service::{Call, Effect};

/// What stands in the way when `call` failed with `error`.
///
/// Messages that come with an error are dropped: a service may quote what it was given.
pub(super) fn obstacle(call: Call, error: &zbus::Error) -> Obstacle {
    if let Some(name) = name(error) {
        return named(call, &name);
    }
    match error {
        zbus::Error::InputOutput(_) | zbus::Error::Connection(..) => lost(call),
        zbus::Error::Handshake(_) => protocol(call, "the bus did not complete the authentication"),
        // Errors of decoding and of zbus itself. Their texts may quote an answer, so they stay out.
        _ => protocol(call, "the answer could not be decoded"),
    }
}

/// An answer that is not what the specification says.
pub(super) fn protocol(call: Call, detail: &str) -> Obstacle {
    Obstacle::Broken(Breakage::Protocol { call: call.label, detail: detail.to_owned() })
}

/// The body of an answer.
///
/// # Errors
///
/// [`Breakage::Protocol`] when the body has another type; the message names the signature, never a value.
pub(super) fn decode<T: DeserializeOwned + Type>(call: Call, answer: &Message) -> Result<T, Obstacle> {
    let body = answer.body();
    body.deserialize()
        .map_err(|_| protocol(call, &format!("unexpected answer of signature {:?}", body.signature())))
}

/// The D-Bus name of an error that somebody on the bus sent.
pub(super) fn name(error: &zbus::Error) -> Option<String> {
    match error {
        zbus::Error::MethodError(name, ..) => Some(name.to_string()),
        zbus::Error::FDO(error) => Some(error.name().to_string()),
        _ => None,
    }
}

fn named(call: Call, name: &str) -> Obstacle {
    let meaning = TABLE.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
    match meaning {
        Some(Meaning::Locked) => Obstacle::Locked,
        Some(Meaning::Refused) => Obstacle::Refused { reason: name.to_owned() },
        Some(Meaning::Undelivered) => Obstacle::Broken(Breakage::Disconnected { call: call.label }),
        Some(Meaning::Unanswered) => lost(call),
        Some(Meaning::Late) => match call.effect {
            Effect::Changes => unknown(call),
            Effect::Reads => Obstacle::Broken(Breakage::TimedOut { call: call.label }),
        },
        Some(Meaning::TooMuch) => Obstacle::Broken(match call.bytes {
            Some(bytes) => Breakage::TooLarge { bytes },
            None => Breakage::Service { call: call.label, name: name.to_owned() },
        }),
        None => Obstacle::Broken(Breakage::Service { call: call.label, name: name.to_owned() }),
    }
}

/// The answer will never come, and the call may have been carried out.
fn lost(call: Call) -> Obstacle {
    match call.effect {
        Effect::Changes => unknown(call),
        Effect::Reads => Obstacle::Broken(Breakage::Disconnected { call: call.label }),
    }
}

fn unknown(call: Call) -> Obstacle {
    Obstacle::Broken(Breakage::OutcomeUnknown { call: call.label })
}

/// What a name means to a cache.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// The collection or the item is locked.
    Locked,
    /// Somebody said no.
    Refused,
    /// The owner had left before the call reached it, so nothing was carried out.
    Undelivered,
    /// The owner left with the call in hand.
    Unanswered,
    /// Somebody between us and the service stopped waiting.
    Late,
    /// The value is too large for the bus or the service.
    TooMuch,
}

/// Every name that means something; all others are [`Breakage::Service`], and none ever means "not found".
const TABLE: &[(&str, Meaning)] = &[
    ("org.freedesktop.Secret.Error.IsLocked", Meaning::Locked),
    ("org.freedesktop.DBus.Error.AccessDenied", Meaning::Refused),
    ("org.freedesktop.DBus.Error.AuthFailed", Meaning::Refused),
    ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", Meaning::Refused),
    ("org.gnome.keyring.Error.Denied", Meaning::Refused),
    ("org.freedesktop.DBus.Error.NameHasNoOwner", Meaning::Undelivered),
    ("org.freedesktop.DBus.Error.ServiceUnknown", Meaning::Undelivered),
    ("org.freedesktop.DBus.Error.Disconnected", Meaning::Unanswered),
    ("org.freedesktop.DBus.Error.NoReply", Meaning::Unanswered),
    ("org.freedesktop.DBus.Error.TimedOut", Meaning::Late),
    ("org.freedesktop.DBus.Error.Timeout", Meaning::Late),
    ("org.freedesktop.DBus.Error.LimitsExceeded", Meaning::TooMuch),
    ("org.freedesktop.DBus.Error.NoMemory", Meaning::TooMuch),
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::secret_service::backend::service::{GET_SECRET, SET_SECRET};

    /// The error that a client gets when the other side answers with `name`.
    fn answered(name: &str) -> zbus::Error {
        let call = Message::method_call("/", "Any").build(&()).expect("a valid call");
        let answer = Message::error(&call.header(), name).build(&("quoted content",));
        answer.expect("a valid error").into()
    }

    fn shown(call: Call, name: &str) -> String {
        obstacle(call, &answered(name)).to_string()
    }

    #[test]
    fn every_name_of_the_table_is_mapped_for_reading_and_for_changing() {
        let change = SET_SECRET.carrying(9);
        for (name, meaning) in TABLE {
            let (read, written) = (obstacle(GET_SECRET, &answered(name)), obstacle(change, &answered(name)));
            let expected = match meaning {
                Meaning::Locked => matches!((&read, &written), (Obstacle::Locked, Obstacle::Locked)),
                Meaning::Refused => matches!(
                    (&read, &written),
                    (Obstacle::Refused { reason: a }, Obstacle::Refused { reason: b }) if a == name && b == name
                ),
                Meaning::Undelivered => matches!(
                    (&read, &written),
                    (
                        Obstacle::Broken(Breakage::Disconnected { call: "GetSecret" }),
                        Obstacle::Broken(Breakage::Disconnected { call: "SetSecret" })
                    )
                ),
                Meaning::Unanswered => matches!(
                    (&read, &written),
                    (
                        Obstacle::Broken(Breakage::Disconnected { .. }),
                        Obstacle::Broken(Breakage::OutcomeUnknown { .. })
                    )
                ),
                Meaning::Late => matches!(
                    (&read, &written),
                    (
                        Obstacle::Broken(Breakage::TimedOut { .. }),
                        Obstacle::Broken(Breakage::OutcomeUnknown { .. })
                    )
                ),
                Meaning::TooMuch => matches!(
                    (&read, &written),
                    (
                        Obstacle::Broken(Breakage::Service { .. }),
                        Obstacle::Broken(Breakage::TooLarge { bytes: 9 })
                    )
                ),
            };
            assert!(expected, "{name}: {read:?}, {written:?}");
        }
    }

    #[test]
    fn no_name_stands_in_the_table_twice() {
        let mut names: Vec<_> = TABLE.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn an_unknown_name_is_reported_by_name_and_never_read_as_not_found() {
        for name in ["org.freedesktop.Secret.Error.NoSuchObject", "org.example.Error.Odd"] {
            let Obstacle::Broken(breakage) = obstacle(GET_SECRET, &answered(name)) else {
                panic!("{name} is a breakage")
            };
            assert_eq!(breakage, Breakage::Service { call: "GetSecret", name: name.to_owned() });
        }
    }

    #[test]
    fn what_the_service_says_in_prose_is_not_repeated() {
        for (name, _) in TABLE.iter().chain([&("org.example.Error.Odd", Meaning::Refused)]) {
            assert!(!shown(SET_SECRET, name).contains("quoted content"), "{name}");
        }
    }

    #[test]
    fn a_bus_that_does_not_let_us_in_is_told_from_an_answer_that_makes_no_sense() {
        let detail = |failure| match obstacle(GET_SECRET, &failure) {
            Obstacle::Broken(Breakage::Protocol { call: "GetSecret", detail }) => detail,
            other => panic!("{other:?}"),
        };
        let turned_away = detail(zbus::Error::Handshake("quoted content".to_owned()));
        assert_eq!(turned_away, "the bus did not complete the authentication");
        assert_eq!(detail(zbus::Error::InvalidReply), "the answer could not be decoded");
    }

    #[test]
    fn a_lost_connection_leaves_a_change_in_doubt_and_a_reading_disconnected() {
        let failure = zbus::Error::InputOutput(Arc::new(std::io::ErrorKind::BrokenPipe.into()));
        assert!(matches!(
            obstacle(SET_SECRET, &failure),
            Obstacle::Broken(Breakage::OutcomeUnknown { call: "SetSecret" })
        ));
        assert!(matches!(
            obstacle(GET_SECRET, &failure),
            Obstacle::Broken(Breakage::Disconnected { call: "GetSecret" })
        ));
    }
}
