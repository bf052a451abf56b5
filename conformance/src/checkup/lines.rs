//! `seq`, and what an adapter does not know.

use serde_json::json;

use super::{
    Point,
    examination::{Examination, FIRST, Farewell, hello},
    interview::{Came, Exchange, Interview, Question},
};
use crate::{
    case::Condition,
    protocol::{LogLevel, ProtocolVersion, Render, RenderWhat, Reply, Request, Store, StoreHandle},
    run::StageError,
};

impl Examination {
    /// Requests that are as odd as the protocol allows.
    pub(super) fn speak_oddly(&mut self) -> Result<(), StageError> {
        let mut current: Option<Interview> = None;
        for (point, ask) in [
            (Point::Sequence, Self::vary_the_sequence as Odd),
            (Point::UntaggedLines, Self::mix_in_lines),
            (Point::UnknownRequest, Self::ask_the_unknown),
            (Point::UnknownHandle, Self::name_the_unopened),
            (Point::Texts, Self::ask_for_texts),
        ] {
            // A session that one point has ended says nothing about the next.
            let usable = match current.take() {
                Some(interview) => Some(interview),
                None => self.opened()?,
            };
            let Some(mut interview) = usable else {
                self.skip_without_store(point);
                continue;
            };
            ask(self, &mut interview);
            if interview.is_lost {
                self.finish(interview, Farewell::Abandon);
            } else {
                current = Some(interview);
            }
        }
        self.end_the_input(current)?;
        if self.opens {
            self.add_members()?;
        } else {
            self.skip_without_store(Point::UnknownMembers);
        }
        self.keep(Point::OneReply);
        Ok(())
    }

    /// A session with an open store; `None` if there is none to be had.
    fn opened(&mut self) -> Result<Option<Interview>, StageError> {
        let Some(mut interview) = self.greeted(Condition::Usable, LogLevel::Default)? else {
            return Ok(None);
        };
        let exchange = interview.ask(self.open(STORE, None));
        if let Came::Reply(Reply::Ok(_)) = exchange.came {
            return Ok(Some(interview));
        }
        self.break_by(Point::Works, &exchange);
        self.finish(interview, Farewell::Abandon);
        Ok(None)
    }

    fn vary_the_sequence(&mut self, interview: &mut Interview) {
        for seq in [
            json!("text \" \\ \n \u{fc} \u{1f511}"),
            json!(9_007_199_254_740_991_u64),
            json!(-1),
            json!(0.5),
            json!(true),
            json!(null),
            json!([1, "a", null, { "b": [] }]),
            json!({ "a": { "b": [1.5, false] }, "\u{fc}": null }),
        ] {
            let exchange = interview.ask(list(STORE).with_seq(seq));
            if !matches!(exchange.came, Came::Reply(_)) {
                self.break_by(Point::Sequence, &exchange);
                return;
            }
        }
        self.keep(Point::Sequence);
    }

    fn mix_in_lines(&mut self, interview: &mut Interview) {
        let mut question = list(STORE);
        // Whoever reads one of these ends the session, answers twice, or stops at a line that is not JSON.
        question.before =
            "somebody else's line\n\n{\"seq\":0,\"request\":\"bye\"}\n0 {\"seq\":0,\"request\":\"bye\"}\n"
                .into();
        for question in [question, list(STORE)] {
            let exchange = interview.ask(question);
            if matches!(exchange.came, Came::Reply(_)) {
                continue;
            }
            // Whatever came, it came because of those lines, and more of it may come.
            interview.is_lost = true;
            let sent = format!("four lines without the tag, then {}", exchange.sent);
            self.break_with(Point::UntaggedLines, sent, exchange.came(&self.scanner));
            return;
        }
        self.keep(Point::UntaggedLines);
    }

    fn ask_the_unknown(&mut self, interview: &mut Interview) {
        let members = json!({ "request": "sealcheck_unknown", "store": STORE });
        let question = Question { before: String::new(), seq: None, members, kind: None };
        let mut exchange = interview.ask(question);
        if matches!(exchange.came, Came::Reply(Reply::Unsupported(_))) {
            let next = interview.ask(list(STORE));
            if !matches!(next.came, Came::Reply(_)) {
                exchange = Exchange { sent: format!("{}, then {}", exchange.sent, next.sent), ..next };
                self.break_by(Point::UnknownRequest, &exchange);
                return;
            }
        }
        self.judge(Point::UnknownRequest, &exchange, |reply| matches!(reply, Reply::Unsupported(_)));
    }

    fn name_the_unopened(&mut self, interview: &mut Interview) {
        let mut exchange = interview.ask(self.get("sealcheck_unopened", FIRST));
        if matches!(exchange.came, Came::Reply(Reply::AdapterError(_))) {
            let next = interview.ask(list(STORE));
            if !matches!(next.came, Came::Reply(_)) {
                exchange = Exchange { sent: format!("{}, then {}", exchange.sent, next.sent), ..next };
                self.break_by(Point::UnknownHandle, &exchange);
                return;
            }
        }
        self.judge(Point::UnknownHandle, &exchange, |reply| matches!(reply, Reply::AdapterError(_)));
    }

    fn ask_for_texts(&mut self, interview: &mut Interview) {
        let render = |what, store: Option<&str>| {
            let store = store.map(|store| StoreHandle(store.to_owned()));
            Question::plain(&Request::Render(Render { store, what }))
        };
        for question in [
            list(STORE),
            render(RenderWhat::Options, Some(STORE)),
            render(RenderWhat::Store, Some(STORE)),
            render(RenderWhat::LastError, None),
            render(RenderWhat::DebugLog, None),
        ] {
            let exchange = interview.ask(question);
            if !matches!(exchange.came, Came::Reply(Reply::Ok(_) | Reply::Unsupported(_))) {
                self.break_by(Point::Texts, &exchange);
                return;
            }
        }
        self.keep(Point::Texts);
    }

    /// A session in which every request has a member that no version knows yet.
    fn add_members(&mut self) -> Result<(), StageError> {
        let odd = |question: Question| question.with_member("sealcheck_unknown", json!({ "a": [null, 1] }));
        let mut interview = self.begin(Condition::Usable)?;
        let greeting = hello(vec![ProtocolVersion::CURRENT], LogLevel::Default);
        for (question, may_be_unsupported) in
            [(greeting, false), (self.open(STORE, None), false), (list(STORE), true)]
        {
            let exchange = interview.ask(odd(question));
            let is_good = match &exchange.came {
                Came::Reply(Reply::Ok(_)) => true,
                Came::Reply(Reply::Unsupported(_)) => may_be_unsupported,
                Came::Reply(Reply::Error(_) | Reply::AdapterError(_))
                | Came::Misshapen(_)
                | Came::OtherSequence(_)
                | Came::Extra(_)
                | Came::Lost(_) => false,
            };
            if !is_good {
                self.break_by(Point::UnknownMembers, &exchange);
                self.finish(interview, Farewell::Abandon);
                return Ok(());
            }
        }
        self.keep(Point::UnknownMembers);
        self.finish(interview, Farewell::Abandon);
        Ok(())
    }

    fn end_the_input(&mut self, usable: Option<Interview>) -> Result<(), StageError> {
        let usable = match usable {
            Some(interview) => Some(interview),
            None => self.greeted(Condition::Usable, LogLevel::Default)?,
        };
        if let Some(interview) = usable {
            let closed = self.finish(interview, Farewell::EndOfInput);
            self.judge_exit(Point::EndOfInput, "the end of the input, without bye", &closed.end);
        }
        Ok(())
    }

    /// Keeps or breaks a point by what came of one request.
    pub(super) fn judge(&mut self, point: Point, exchange: &Exchange, is_good: impl Fn(&Reply) -> bool) {
        match &exchange.came {
            Came::Reply(reply) if is_good(reply) => self.keep(point),
            _ => self.break_by(point, exchange),
        }
    }
}

/// Plays one point in a session with an open store.
type Odd = fn(&mut Examination, &mut Interview);

fn list(store: &str) -> Question {
    Question::plain(&Request::List(Store { store: StoreHandle(store.to_owned()) }))
}

const STORE: &str = "cache";
