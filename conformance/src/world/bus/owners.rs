//! Who owns `org.freedesktop.secrets`, as far as clients have been told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{connection::BROKER, frame::Frame, header::Kind, transcript::Pending};

/// The unique names that own the name, or did; cloning gives another handle on them.
///
/// Libraries ask once who owns the name and call the owner from then on. What tells them so crosses the interposer
/// first, so that no call to an owner comes before it is known here. A broker gives no unique name out twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    /// The latest one last.
    names: Arc<Mutex<Vec<String>>>,
}

impl Owners {
    /// Whether a message to a destination gets to the Secret Service.
    pub(super) fn is_meant_by(&self, destination: &str) -> bool {
        destination == SECRETS || self.names().iter().any(|name| name == destination)
    }

    /// The one that was heard of last.
    pub(super) fn latest(&self) -> Option<String> {
        self.names().last().cloned()
    }

    /// Learns from an answer that a client is about to get.
    pub(super) fn learn_from_answer(&self, question: &Pending, answer: &Frame) {
        let header = answer.header();
        if question.destination == SECRETS {
            header.sender.as_deref().into_iter().for_each(|sender| self.add(sender));
        } else if question.destination == BROKER
            && question.member == "GetNameOwner"
            && question.argument.as_deref() == Some(SECRETS)
            && header.kind == Kind::Return
        {
            answer.first_text().into_iter().for_each(|owner| self.add(&owner));
        }
    }

    /// Learns from a signal that a client is about to get.
    pub(super) fn learn_from_signal(&self, signal: &Frame) {
        let header = signal.header();
        if header.sender.as_deref() == Some(BROKER)
            && header.member.as_deref() == Some("NameOwnerChanged")
            && let Ok((name, _, owner)) = signal.body::<(String, String, String)>()
            && name == SECRETS
        {
            self.add(&owner);
        }
    }

    fn add(&self, name: &str) {
        // The broker answers in the place of an owner that is missing, and nobody is the new owner of a name that was left.
        if name.starts_with(':') {
            let mut names = self.names();
            if names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
    }

    fn names(&self) -> MutexGuard<'_, Vec<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name that libraries look for.
pub(super) const SECRETS: &str = "org.freedesktop.secrets";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observation::Instant, world::bus::header::Header};

    #[test]
    fn the_owner_is_whoever_answers_for_the_name() {
        let owners = Owners::default();
        assert!(owners.is_meant_by(SECRETS));
        let question = question(SECRETS, "ReadAlias", "default");
        owners.learn_from_answer(&question, &answer(Some(BROKER), ""));
        owners.learn_from_answer(&question, &answer(None, ""));
        assert!(!owners.is_meant_by(BROKER));
        owners.learn_from_answer(&question, &answer(Some(":1.7"), ""));
        assert!(owners.is_meant_by(":1.7"));
        assert!(!owners.is_meant_by(":1.8"));
    }

    #[test]
    fn the_broker_says_who_the_owner_is() {
        let owners = Owners::default();
        owners.learn_from_answer(&question(BROKER, "GetNameOwner", "a.b"), &answer(Some(BROKER), ":1.6"));
        owners.learn_from_answer(&question(BROKER, "GetNameOwner", SECRETS), &answer(Some(BROKER), ":1.7"));
        assert_eq!([":1.6", ":1.7"].map(|name| owners.is_meant_by(name)), [false, true]);
    }

    #[test]
    fn the_broker_says_when_the_owner_changes() {
        let owners = Owners::default();
        owners.learn_from_signal(&change(BROKER, "a.b", ":1.6"));
        owners.learn_from_signal(&change(":1.2", SECRETS, ":1.7"));
        owners.learn_from_signal(&change(BROKER, SECRETS, ":1.8"));
        owners.learn_from_signal(&change(BROKER, SECRETS, ""));
        let known = [":1.6", ":1.7", ":1.8", ""].map(|name| owners.is_meant_by(name));
        assert_eq!(known, [false, false, true, false]);
        assert_eq!(owners.latest().as_deref(), Some(":1.8"));
    }

    fn question(destination: &str, member: &str, argument: &str) -> Pending {
        let mut header = Header::new(Kind::Call, 1);
        header.path = Some("/".into());
        header.member = Some(member.into());
        header.destination = Some(destination.into());
        Pending::of(&Frame::build(header, &argument).expect("it can be written"), Instant(5))
    }

    fn answer(sender: Option<&str>, text: &str) -> Frame {
        let mut header = Header::new(Kind::Return, 2);
        header.reply_serial = Some(1);
        header.sender = sender.map(str::to_owned);
        Frame::build(header, &text).expect("it can be written")
    }

    fn change(sender: &str, name: &str, owner: &str) -> Frame {
        let mut header = Header::new(Kind::Signal, 2);
        header.path = Some("/".into());
        header.interface = Some(BROKER.into());
        header.member = Some("NameOwnerChanged".into());
        header.sender = Some(sender.into());
        Frame::build(header, &(name, "", owner)).expect("it can be written")
    }
}
