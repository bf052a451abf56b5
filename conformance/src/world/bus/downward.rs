//! What becomes of a message of the broker.

use super::{
    BrokerKind, courtesy,
    fault::{Aftermath, Struck},
    frame::Frame,
    guest::Passage,
    header::Kind,
    relay::{ANSWER, Relay, UNANSWERED, answer_of},
    transcript::Pending,
};

/// What the client gets.
pub(super) struct Delivery {
    /// Messages, in order.
    pub(super) messages: Vec<Frame>,
    /// The member that they belong to.
    pub(super) member: String,
    /// The call that is answered by that, if the Secret Service was called.
    pub(super) answers: Option<Passage>,
    /// Whether it is held back for a while.
    pub(super) is_late: bool,
    /// Whether the connection is cut then.
    pub(super) is_last: bool,
}

impl Delivery {
    fn of(frame: Frame, member: String) -> Self {
        Self { messages: vec![frame], member, answers: None, is_late: false, is_last: false }
    }
}

impl Relay {
    /// Decides what becomes of a message of the broker: `None` if it answers a question of the relay's own.
    pub(super) fn deliver(&self, frame: Frame) -> Option<Delivery> {
        let header = frame.header();
        let Some(serial) = header.reply_serial.filter(|_| matches!(header.kind, Kind::Return | Kind::Error))
        else {
            self.shared.owners.learn_from_signal(&frame);
            let member = header.member.clone().unwrap_or_default();
            return Some(Delivery::of(frame, member));
        };
        let (about, answered) = {
            let mut transcript = self.transcript();
            let about = transcript.take_probe(serial);
            (about, transcript.take(about.unwrap_or(serial)))
        };
        match (about, answered) {
            (None, Some(pending)) => {
                let instead = match self.shared.kind {
                    BrokerKind::Busd => courtesy::reworded(&pending, serial, &frame),
                    BrokerKind::DbusDaemon => None,
                };
                Some(self.answered(pending, instead.unwrap_or(frame)))
            }
            (None, None) if courtesy::is_late(&frame) => None,
            (None, None) => Some(Delivery::of(frame, ANSWER.to_owned())),
            (Some(about), Some(pending)) => self.owner_known(&frame, about, pending),
            (Some(_), None) => None,
        }
    }

    /// The broker has said whether anybody owns the name to which a message went.
    fn owner_known(&self, answer: &Frame, serial: u32, pending: Pending) -> Option<Delivery> {
        if courtesy::says_unowned(answer) {
            let refusal = courtesy::unowned(&pending, serial, answer);
            return Some(self.answered(pending, refusal));
        }
        if pending.expects_reply {
            // It is under way; whoever got it answers, or the broker does when they leave.
            self.enter(serial, pending);
        } else {
            self.record(pending, UNANSWERED);
        }
        None
    }

    /// A call has its answer, or what a fault makes of it.
    fn answered(&self, mut pending: Pending, frame: Frame) -> Delivery {
        self.shared.owners.learn_from_answer(&pending, &frame);
        let answers = pending.passage.take();
        let struck = pending.struck.take().and_then(|Struck { number, call, aftermath }| {
            let Some(messages) = aftermath.apply(&frame) else {
                self.miss(number, &call, &format!("its answer ({}) holds no secret", answer_of(&frame)));
                return None;
            };
            self.hit(number, call);
            Some((aftermath, messages))
        });
        let mut delivery = Delivery::of(frame, pending.member.clone());
        let is_wanted = |message: &Frame| message.header().kind == Kind::Signal || pending.expects_reply;
        if let Some((aftermath, messages)) = struck {
            delivery.messages = messages.into_iter().filter(is_wanted).collect();
            delivery.is_late = aftermath == Aftermath::Slow;
            delivery.is_last = aftermath == Aftermath::Cut;
        }
        delivery.answers = answers.filter(|_| !delivery.is_last);
        let answer = delivery.messages.first().map_or(UNANSWERED, answer_of);
        self.record(pending, answer);
        delivery
    }
}
