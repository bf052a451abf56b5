//! What a client of `dbus-daemon` would have been told: closes the gaps of the embedded broker.
//!
//! Clients were written against `dbus-daemon`, and tell "no keyring here" from its answers. The embedded broker drops
//! a call to a name that nobody owns and words its own refusals differently. Everything here is pure: it looks at one
//! call and one answer and says what the client gets.

use serde::Serialize;
use zbus::wire::DynamicType;

use super::{
    connection::{BROKER, BROKER_PATH},
    frame::Frame,
    header::{Header, Kind},
    transcript::Pending,
};

/// A call that the embedded broker would refuse for its path only, with the path that it accepts.
///
/// `dbus-daemon` answers the methods of its own interface on every path.
pub(super) fn repaired(call: &Frame) -> Option<Frame> {
    let header = call.header();
    let own = header.kind == Kind::Call
        && header.destination.as_deref() == Some(BROKER)
        && matches!(header.interface.as_deref(), None | Some(BROKER));
    if !own || header.path.as_deref() == Some(BROKER_PATH) {
        return None;
    }
    Some(call.with_header(|header| header.path = Some(BROKER_PATH.to_owned())))
}

/// The answer to a message whose destination nobody owns; `instead` is the broker's frame whose place it takes.
pub(super) fn unowned(pending: &Pending, serial: u32, instead: &Frame) -> Frame {
    let name = &pending.destination;
    if pending.may_start_service {
        refusal(serial, instead, SERVICE_UNKNOWN, &not_provided(name))
    } else {
        refusal(serial, instead, NAME_HAS_NO_OWNER, &format!("Name \"{name}\" does not exist"))
    }
}

/// What the client gets instead of an answer of the broker; `None` if it is as it should be.
pub(super) fn reworded(pending: &Pending, serial: u32, answer: &Frame) -> Option<Frame> {
    let header = answer.header();
    if header.sender.as_deref() != Some(BROKER) {
        return None;
    }
    if header.error_name.as_deref() == Some(NO_REPLY) {
        return Some(refusal(serial, answer, NO_REPLY, DISCONNECTED));
    }
    if pending.destination != BROKER {
        return None;
    }
    match (pending.member.as_str(), header.error_name.as_deref()) {
        ("ListActivatableNames", None) => Some(success(serial, answer, &vec![BROKER])),
        ("UpdateActivationEnvironment" | "ReloadConfig", Some(FAILED)) => Some(success(serial, answer, &())),
        (_, Some(UNKNOWN_METHOD | UNKNOWN_INTERFACE | UNKNOWN_OBJECT)) => {
            Some(misunderstood(pending, serial, answer))
        }
        // It looks for a service file before it looks whether the service runs, and here are no service files.
        ("StartServiceByName", _) => {
            let name = pending.argument.as_deref()?;
            Some(refusal(serial, answer, SERVICE_UNKNOWN, &not_provided(name)))
        }
        (member, Some(_)) => {
            let name = pending.argument.as_deref()?;
            let (_, wanted) = ASKED_OF_OWNERS.into_iter().find(|(asked, _)| *asked == member)?;
            let text = format!("Could not get {wanted} of name '{name}': no such name");
            Some(refusal(serial, answer, NAME_HAS_NO_OWNER, &text))
        }
        (_, None) => None,
    }
}

/// Whether the broker says that nobody owns a name.
pub(super) fn says_unowned(answer: &Frame) -> bool {
    answer.header().error_name.as_deref() == Some(NAME_HAS_NO_OWNER)
}

/// Whether this comes late: the broker gives up on a call that the client has been answered already.
pub(super) fn is_late(answer: &Frame) -> bool {
    answer.header().sender.as_deref() == Some(BROKER)
        && answer.header().error_name.as_deref() == Some(NO_REPLY)
}

fn misunderstood(pending: &Pending, serial: u32, answer: &Frame) -> Frame {
    let known = matches!(pending.interface.as_str(), "" | BROKER);
    let name = if known { UNKNOWN_METHOD } else { UNKNOWN_INTERFACE };
    let text = format!("{BROKER} does not understand message {}", pending.member);
    refusal(serial, answer, name, &text)
}

fn not_provided(name: &str) -> String {
    format!("The name {name} was not provided by any .service files")
}

fn refusal(serial: u32, instead: &Frame, name: &str, text: &str) -> Frame {
    let mut header = header(Kind::Error, serial, instead);
    header.error_name = Some(name.to_owned());
    build(header, &text)
}

fn success<B: Serialize + DynamicType>(serial: u32, instead: &Frame, body: &B) -> Frame {
    build(header(Kind::Return, serial, instead), body)
}

/// The header of an answer by the broker, with the serial and the destination of the frame whose place it takes.
fn header(kind: Kind, serial: u32, instead: &Frame) -> Header {
    let mut header = Header::new(kind, instead.header().serial);
    header.flags = super::header::NO_REPLY_EXPECTED;
    header.reply_serial = Some(serial);
    header.sender = Some(BROKER.to_owned());
    header.destination = instead.header().destination.clone();
    header
}

fn build<B: Serialize + DynamicType>(header: Header, body: &B) -> Frame {
    Frame::build(header, body).expect("texts and lists of texts can always be written")
}

/// Methods of the broker that ask something about the owner of a name, and what `dbus-daemon` calls that.
const ASKED_OF_OWNERS: [(&str, &str); 7] = [
    ("GetNameOwner", "owner"),
    ("ListQueuedOwners", "owners"),
    ("GetConnectionUnixUser", "UID"),
    ("GetConnectionUnixProcessID", "PID"),
    ("GetConnectionCredentials", "credentials"),
    ("GetConnectionSELinuxSecurityContext", "security context"),
    ("GetAdtAuditSessionData", "audit session data"),
];
const DISCONNECTED: &str = "Message recipient disconnected from message bus without replying";
const FAILED: &str = "org.freedesktop.DBus.Error.Failed";
const NAME_HAS_NO_OWNER: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";
const NO_REPLY: &str = "org.freedesktop.DBus.Error.NoReply";
const SERVICE_UNKNOWN: &str = "org.freedesktop.DBus.Error.ServiceUnknown";
const UNKNOWN_INTERFACE: &str = "org.freedesktop.DBus.Error.UnknownInterface";
const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";
const UNKNOWN_OBJECT: &str = "org.freedesktop.DBus.Error.UnknownObject";
