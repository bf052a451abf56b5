//! Who called what on one connection, and what still waits for its answer.

use std::collections::BTreeMap;

use super::{fault::Struck, frame::Frame, guest::Passage, header::Kind, owners::SECRETS};
use crate::observation::{BusCall, Instant};

/// The messages of one client that may still be answered, and the questions that the interposer asked in between.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    pending: BTreeMap<u32, Pending>,
    probes: BTreeMap<u32, u32>,
    last_probe: u32,
}

/// A message of a client that may still be answered.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) at: Instant,
    pub(super) kind: Kind,
    pub(super) destination: String,
    pub(super) path: String,
    pub(super) interface: String,
    pub(super) member: String,
    /// The first argument, if it is a string.
    pub(super) argument: Option<String>,
    pub(super) expects_reply: bool,
    pub(super) may_start_service: bool,
    /// How it was counted, if it is a call to the Secret Service that expects an answer.
    pub(super) passage: Option<Passage>,
    /// What is done with its answer, if a fault struck it.
    pub(super) struck: Option<Struck>,
}

impl Pending {
    /// A message that a client sends at a time.
    pub(super) fn of(frame: &Frame, at: Instant) -> Self {
        let header = frame.header();
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            at,
            kind: header.kind,
            destination: text(&header.destination),
            path: text(&header.path),
            interface: text(&header.interface),
            member: text(&header.member),
            argument: frame.first_text(),
            expects_reply: header.expects_reply(),
            may_start_service: header.may_start_service(),
            passage: None,
            struck: None,
        }
    }

    /// The fact about it, unless it is a signal.
    pub(super) fn into_call(self, connection: u64, answer: &str) -> Option<BusCall> {
        (self.kind == Kind::Call).then(|| BusCall {
            connection,
            destination: self.destination,
            path: self.path,
            interface: self.interface,
            member: self.member,
            names_secrets: self.argument.as_deref() == Some(SECRETS),
            answer: answer.to_owned(),
        })
    }
}

impl Transcript {
    /// Enters a message; gives back what has to make place for it and so ends unanswered.
    pub(super) fn enter(&mut self, serial: u32, pending: Pending) -> Option<Pending> {
        let replaced = self.pending.insert(serial, pending);
        if self.pending.len() <= MOST_PENDING {
            return replaced;
        }
        let (&oldest, _) = self.pending.iter().find(|(other, _)| **other != serial)?;
        self.pending.remove(&oldest)
    }

    /// Takes out the message that an answer is for.
    pub(super) fn take(&mut self, serial: u32) -> Option<Pending> {
        self.pending.remove(&serial)
    }

    /// Takes out every message: none of them will be answered any more.
    pub(super) fn take_all(&mut self) -> Vec<Pending> {
        std::mem::take(&mut self.pending).into_values().collect()
    }

    /// A serial for a question of the interposer's own, asked right behind a message. No client gets that far by
    /// counting, and one that jumps there keeps its serial: those that are in use are left out.
    pub(super) fn probe(&mut self, about: u32) -> u32 {
        loop {
            self.last_probe = self.last_probe.wrapping_add(1);
            let serial = FIRST_PROBE | self.last_probe;
            if !self.pending.contains_key(&serial) && !self.probes.contains_key(&serial) {
                self.probes.insert(serial, about);
                return serial;
            }
        }
    }

    /// Takes out a question of the interposer's own and gives the message that it is about.
    pub(super) fn take_probe(&mut self, serial: u32) -> Option<u32> {
        self.probes.remove(&serial)
    }
}

const MOST_PENDING: usize = 16 * 1024;
const FIRST_PROBE: u32 = 0xF000_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::bus::header::Header;

    fn pending(member: &str) -> Pending {
        let mut header = Header::new(Kind::Call, 1);
        header.path = Some("/".into());
        header.member = Some(member.into());
        Pending::of(&Frame::build(header, &("first", 2u32)).expect("it can be written"), Instant(5))
    }

    #[test]
    fn an_answer_finds_its_call_once() {
        let mut transcript = Transcript::default();
        assert!(transcript.enter(1, pending("A")).is_none());
        assert!(transcript.enter(2, pending("B")).is_none());
        let call = transcript.take(2).expect("it waits").into_call(9, "ok").expect("it is a call");
        assert_eq!((call.member.as_str(), call.connection, call.answer.as_str()), ("B", 9, "ok"));
        assert!(transcript.take(2).is_none());
        assert_eq!(transcript.take_all().len(), 1);
    }

    #[test]
    fn a_serial_that_is_used_twice_leaves_the_first_call_unanswered() {
        let mut transcript = Transcript::default();
        transcript.enter(1, pending("A"));
        let replaced = transcript.enter(1, pending("B")).expect("the first one gives way");
        assert_eq!(replaced.member, "A");
    }

    #[test]
    fn a_flood_of_calls_is_bounded_and_the_oldest_gives_way() {
        let mut transcript = Transcript::default();
        for serial in 1..=u32::try_from(MOST_PENDING).expect("it fits") {
            assert!(transcript.enter(serial, pending("A")).is_none());
        }
        let evicted = transcript.enter(u32::MAX, pending("B")).expect("one gives way");
        assert_eq!(evicted.member, "A");
        assert!(transcript.take(1).is_none());
    }

    #[test]
    fn a_probe_never_takes_the_serial_of_a_call() {
        let mut transcript = Transcript::default();
        transcript.enter(FIRST_PROBE | 1, pending("A"));
        let probe = transcript.probe(7);
        assert_eq!(probe, FIRST_PROBE | 2);
        assert_eq!(transcript.take_probe(probe), Some(7));
        assert_eq!(transcript.take_probe(probe), None);
    }
}
