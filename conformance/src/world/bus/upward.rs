//! What becomes of a message of a client.
//!
//! The embedded broker drops a message to a name that nobody owns. So behind each such message the relay asks, on the
//! same connection and therefore in the same order, who owns the name; if nobody does, the client is told.

use std::io::Write;

use super::{
    BrokerKind,
    connection::{BROKER, BROKER_PATH},
    courtesy,
    fault::{Course, Stand, Struck},
    frame::Frame,
    guest::Passage,
    header::{Header, Kind},
    relay::{ANSWER, Relay},
    transcript::Pending,
};

impl Relay {
    /// Takes in a message of the client; false once the connection is over.
    pub(super) fn take_up(&self, frame: &Frame) -> bool {
        let header = frame.header();
        let member = header.member.as_deref().unwrap_or(ANSWER);
        self.shared.tap.bytes(self.visit.session(), member, frame.bytes());
        let Some(passage) = self.pass(header) else {
            return self.pass_on(frame, frame, None, None);
        };
        let struck = self.visit.strike(&passage).and_then(|(fault, nth)| {
            let call = fault.tell(header, nth);
            let Some(course) = fault.course(frame, &self.stand()) else {
                self.miss(fault.number, &call, "it is no call to which this can happen");
                return None;
            };
            Some((fault.number, call, course))
        });
        let Some((number, call, course)) = struck else {
            return self.pass_on(frame, frame, Some(passage), None);
        };
        match course {
            Course::Passed(other, aftermath) => {
                let struck = Struck { number, call, aftermath };
                self.pass_on(frame, other.as_deref().unwrap_or(frame), Some(passage), Some(struck))
            }
            Course::Silent => {
                self.hit(number, call);
                self.enter(header.serial, self.pending(frame));
                true
            }
        }
    }

    /// Counts a call to the Secret Service, and returns when it may be passed on.
    fn pass(&self, header: &Header) -> Option<Passage> {
        let (Kind::Call, Some(destination)) = (header.kind, &header.destination) else { return None };
        if !self.shared.owners.is_meant_by(destination) {
            return None;
        }
        let passage = self.visit.count(header);
        self.visit.before(&passage);
        Some(passage)
    }

    /// Sends the broker a message in the place of one of the client; false if it cannot be sent.
    fn pass_on(
        &self,
        frame: &Frame,
        instead: &Frame,
        passage: Option<Passage>,
        struck: Option<Struck>,
    ) -> bool {
        let (unanswered, passage) =
            if frame.header().expects_reply() { (None, passage) } else { (passage, None) };
        let pending = Pending { passage, struck, ..self.pending(frame) };
        if let Err(error) = (&self.broker).write_all(&self.admit(instead, pending)) {
            self.lose_if_stalled(&error, "the broker did not read what it sent");
            return false;
        }
        // What wants no answer is done once it is passed on.
        unanswered.iter().for_each(|passage| self.visit.after(passage));
        true
    }

    /// Who answers where the Secret Service does not.
    fn stand(&self) -> Stand {
        Stand { service: self.shared.owners.latest(), foreign_item: self.visit.foreign_item() }
    }

    /// Enters a message that is passed on, and gives the bytes that the broker gets.
    fn admit(&self, frame: &Frame, pending: Pending) -> Vec<u8> {
        let header = frame.header();
        let answerable = match (header.kind, self.shared.kind) {
            (Kind::Call, _) => true,
            (Kind::Signal, BrokerKind::Busd) => header.destination.is_some(),
            (Kind::Signal, BrokerKind::DbusDaemon) | (Kind::Return | Kind::Error, _) => false,
        };
        if answerable {
            self.enter(header.serial, pending);
        }
        match self.shared.kind {
            BrokerKind::DbusDaemon => frame.bytes().to_vec(),
            BrokerKind::Busd => {
                let mut bytes = courtesy::repaired(frame).as_ref().unwrap_or(frame).bytes().to_vec();
                if answerable
                    && let Some(name) = &header.destination
                    && name != BROKER
                {
                    bytes.extend_from_slice(self.question(header.serial, name).bytes());
                }
                bytes
            }
        }
    }

    fn question(&self, about: u32, name: &str) -> Frame {
        let mut header = Header::new(Kind::Call, self.transcript().probe(about));
        header.path = Some(BROKER_PATH.to_owned());
        header.interface = Some(BROKER.to_owned());
        header.member = Some("GetNameOwner".to_owned());
        header.destination = Some(BROKER.to_owned());
        Frame::build(header, &name).expect("a text can always be written")
    }
}
