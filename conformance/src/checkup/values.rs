//! What is put comes back as it was, in a usable world, and does not go in where nothing can protect it.

use super::{
    Point,
    examination::{Examination, FIRST, Farewell, NEVER, SECOND, hello, role},
    interview::{Came, Exchange, Interview},
};
use crate::{
    canary::{cache_document, canary_of_document},
    case::{Condition, Platform},
    protocol::{
        ErrorCategory, ErrorMapEntry, Fallback, Level, LogLevel, NativeError, Protector, ProtocolVersion,
        Reply, ReplyBody, ReplyError,
    },
    run::StageError,
};

impl Examination {
    /// Values through sessions: from one to the next, odd ones, two at a time, with a talkative library, without a bus.
    pub(super) fn carry_values(&mut self) -> Result<(), StageError> {
        self.store()?;
        if self.opens {
            self.load()?;
            self.store_with_a_log()?;
            self.store_where_nothing_protects()?;
        } else {
            for point in NEED_A_STORE {
                self.skip_without_store(point);
            }
        }
        self.compare_errors();
        Ok(())
    }

    fn store(&mut self) -> Result<(), StageError> {
        let Some(mut interview) = self.greeted(Condition::Usable, LogLevel::Default)? else { return Ok(()) };
        let opened = interview.ask(self.open(STORE, None));
        self.note_error(&opened);
        if !is_ok(&opened) {
            self.break_by(Point::Works, &opened);
            self.finish(interview, Farewell::Abandon);
            return Ok(());
        }
        self.opens = true;
        let nothing = interview.ask(self.get(STORE, NEVER));
        self.note_error(&nothing);
        self.judge_nothing(&nothing);
        let put = interview.ask(self.put(STORE, FIRST, self.document(FIRST, 0)));
        self.note_error(&put);
        if !is_ok(&put) {
            self.break_by(Point::Works, &put);
        }
        let farewell = if interview.is_lost { Farewell::Abandon } else { Farewell::Bye };
        let closed = self.finish(interview, farewell);
        if farewell == Farewell::Bye {
            self.judge_exit(Point::Bye, "bye", &closed.end);
        }
        Ok(())
    }

    fn load(&mut self) -> Result<(), StageError> {
        let Some(mut interview) = self.greeted(Condition::Usable, LogLevel::Default)? else { return Ok(()) };
        let opened = interview.ask(self.open(STORE, None));
        let got = interview.ask(self.get(STORE, FIRST));
        self.note_error(&got);
        match self.compare(&got, FIRST, &self.document(FIRST, 0)) {
            Ok(()) => self.keep(Point::Works),
            Err(came) if is_ok(&opened) => self.break_as(Point::Works, &got, came),
            Err(_) => self.break_by(Point::Works, &opened),
        }
        if !interview.is_lost {
            self.vary_values(&mut interview);
        }
        if !interview.is_lost {
            self.use_two_stores(&mut interview);
        }
        if interview.is_lost {
            self.skip(Point::Killed, "the session that was to be killed was lost before");
            self.finish(interview, Farewell::Abandon);
        } else {
            self.settle(&interview);
            let closed = self.finish(interview, Farewell::Kill);
            self.judge_kill(&closed.end, &closed.left_running);
        }
        Ok(())
    }

    /// One kind of value after the other; the first one that ends the session ends the row.
    fn vary_values(&mut self, interview: &mut Interview) {
        let limit = self.statement().and_then(|statement| statement.limits.value_bytes);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let overhead = self.document(FIRST, 1).len() - 1;
        let mut non_ascii = self.document(FIRST, 0);
        let end = non_ascii.len() - 1;
        non_ascii.splice(end..end, ",\"\u{fc}\u{1f511}\":\"gr\u{fc}\u{df}e \u{4f60}\u{597d}\"".bytes());
        let mut binary: Vec<u8> = (0..=u8::MAX).collect();
        binary.extend(b"\0\n\0");
        let large = LARGE.min(limit).saturating_sub(overhead);
        for (point, value) in [
            (Point::NonAscii, non_ascii),
            (Point::Empty, Vec::new()),
            (Point::Binary, binary),
            (Point::Large, self.document(FIRST, large.max(1))),
        ] {
            if self.level() == Level::Credential {
                self.skip(point, "at credential level the authority chooses the values");
            } else if interview.is_lost {
                self.skip(point, "the session was lost at another value");
            } else if value.len() > limit {
                self.skip(point, format!("the statement declares a limit of {limit} bytes"));
            } else {
                self.carry(interview, point, value);
            }
        }
    }

    fn carry(&mut self, interview: &mut Interview, point: Point, value: Vec<u8>) {
        let put = interview.ask(self.put(STORE, FIRST, value.clone()));
        self.note_error(&put);
        if let Some(reason) = declined(&put, &self.scanner) {
            self.skip(point, format!("the library does not take it: {reason}"));
            return;
        }
        if !is_ok(&put) {
            self.break_by(point, &put);
            return;
        }
        let mut got = interview.ask(self.get(STORE, FIRST));
        self.note_error(&got);
        got.sent = format!("{}, then {}", put.sent, got.sent);
        match self.compare(&got, FIRST, &value) {
            Ok(()) => self.keep(point),
            Err(came) => self.break_as(point, &got, came),
        }
    }

    fn use_two_stores(&mut self, interview: &mut Interview) {
        for (store, secret) in [(ONE, FIRST), (TWO, SECOND)] {
            let opened = interview.ask(self.open(store, Some(store)));
            let put = interview.ask(self.put(store, secret, self.document(secret, 0)));
            for exchange in [&opened, &put] {
                self.note_error(exchange);
                if let Some(reason) = declined(exchange, &self.scanner) {
                    self.skip(
                        Point::TwoStores,
                        format!("the library does not take the name {store:?}: {reason}"),
                    );
                    return;
                }
                if !is_ok(exchange) {
                    self.break_by(Point::TwoStores, exchange);
                    return;
                }
            }
        }
        for (store, secret) in [(ONE, FIRST), (TWO, SECOND)] {
            let got = interview.ask(self.get(store, secret));
            self.note_error(&got);
            if let Err(came) = self.compare(&got, secret, &self.document(secret, 0)) {
                self.break_as(Point::TwoStores, &got, came);
                return;
            }
        }
        self.keep(Point::TwoStores);
    }

    fn store_with_a_log(&mut self) -> Result<(), StageError> {
        let mut interview = self.begin(Condition::Usable)?;
        self.loud = Some(interview.live.session);
        let mut is_kept = true;
        let greeting = hello(vec![ProtocolVersion::CURRENT], LogLevel::Max);
        for question in [greeting, self.open(STORE, None), self.put(STORE, SECOND, self.document(SECOND, 0))]
        {
            let exchange = interview.ask(question);
            if !is_ok(&exchange) {
                is_kept = false;
                self.break_by(Point::Log, &exchange);
                break;
            }
        }
        if is_kept {
            let got = interview.ask(self.get(STORE, SECOND));
            match self.compare(&got, SECOND, &self.document(SECOND, 0)) {
                Ok(()) => self.keep(Point::Log),
                Err(came) => self.break_as(Point::Log, &got, came),
            }
        }
        let farewell = if interview.is_lost { Farewell::Abandon } else { Farewell::Bye };
        self.finish(interview, farewell);
        Ok(())
    }

    /// The bottom of the pair: whoever stores here has asked for plaintext, or pretends.
    fn store_where_nothing_protects(&mut self) -> Result<(), StageError> {
        if let Some(reason) = self.reason_to_work_anyway() {
            self.skip(Point::Fails, reason);
            return Ok(());
        }
        let Some(mut interview) = self.greeted(Condition::NoBus, LogLevel::Default)? else { return Ok(()) };
        let opened = interview.ask(self.open(STORE, None));
        let last = if is_ok(&opened) {
            interview.ask(self.put(STORE, FIRST, self.document(FIRST, 0)))
        } else {
            opened
        };
        self.note_error(&last);
        match &last.came {
            // One that the map gives another category is mapped wrongly, which is a point of its own.
            Came::Reply(Reply::Error(error))
                if error.category != ErrorCategory::Other || !self.categories(&error.native).is_empty() =>
            {
                self.keep(Point::Fails);
            }
            Came::Reply(_) | Came::Misshapen(_) | Came::OtherSequence(_) | Came::Extra(_) | Came::Lost(_) => {
                self.break_by(Point::Fails, &last);
            }
        }
        let farewell = if interview.is_lost { Farewell::Abandon } else { Farewell::Bye };
        self.finish(interview, farewell);
        Ok(())
    }

    /// Why storing may work without a bus.
    fn reason_to_work_anyway(&self) -> Option<String> {
        let statement = self.statement()?;
        if statement.fallback == Fallback::DefaultOn {
            return Some("the statement declares a plaintext fallback that is on by default".into());
        }
        let protectors = statement.protectors.get(&Platform::CURRENT)?;
        let other = protectors.iter().find(|protector| **protector != Protector::SecretService)?;
        Some(format!("the statement declares a protector that needs no bus: {other:?}"))
    }

    fn judge_nothing(&mut self, exchange: &Exchange) {
        let is_good = match &exchange.came {
            Came::Reply(Reply::Ok(ReplyBody::Get { value, .. })) => {
                // The authority gives whoever asks it a token that nobody knows.
                value.is_none() || self.level() == Level::Credential
            }
            Came::Reply(Reply::Error(error)) => error.category == ErrorCategory::NotFound,
            Came::Reply(Reply::Ok(_) | Reply::Unsupported(_) | Reply::AdapterError(_))
            | Came::Misshapen(_)
            | Came::OtherSequence(_)
            | Came::Extra(_)
            | Came::Lost(_) => false,
        };
        if is_good { self.keep(Point::Nothing) } else { self.break_by(Point::Nothing, exchange) }
    }

    /// Looks whether each error's category is one that the map gives it.
    fn compare_errors(&mut self) {
        let errors = std::mem::take(&mut self.errors);
        if errors.is_empty() {
            self.skip(Point::ErrorsMapped, "the library returned no error");
            return;
        }
        for (sent, error) in &errors {
            let declared = self.categories(&error.native);
            if is_declared(error, &declared) {
                continue;
            }
            let expected = match &declared[..] {
                [] => "the map has no line for it".into(),
                declared => format!("the map says {}", listed(declared)),
            };
            let came = format!(
                "error {} ({}: {}), and {expected}",
                error.category, error.native.type_name, error.native.message
            );
            self.break_with(Point::ErrorsMapped, sent.clone(), self.scanner.redact(&came));
        }
        self.keep(Point::ErrorsMapped);
    }

    /// The categories that the map gives an error.
    fn categories(&self, native: &NativeError) -> Vec<ErrorCategory> {
        let map = self.statement().into_iter().flat_map(|statement| &statement.error_map);
        map.filter(|entry| is_about(entry, native)).map(|entry| entry.category).collect()
    }

    /// Whether a `get` gave a value; else what it gave instead.
    fn compare(&self, exchange: &Exchange, secret: &str, value: &[u8]) -> Result<(), String> {
        let came = || exchange.came(&self.scanner);
        let Came::Reply(Reply::Ok(ReplyBody::Get { value: Some(got), .. })) = &exchange.came else {
            return Err(came());
        };
        let token = self.canaries().text(&role(secret)).unwrap_or_default();
        let expected = match self.level() {
            Level::Store => value,
            Level::Credential => token.as_bytes(),
        };
        let is_token_alone = canary_of_document(value).is_some() && got.0 == token.as_bytes();
        if got.0 == expected || is_token_alone {
            return Ok(());
        }
        Err(match self.level() {
            Level::Store => format!("{} that are not the {} bytes that were put", came(), value.len()),
            Level::Credential => {
                format!("{}: another token than was put, so the authority was asked again", came())
            }
        })
    }

    fn break_as(&mut self, point: Point, exchange: &Exchange, came: String) {
        match &exchange.came {
            Came::Reply(_) => self.break_with(point, exchange.sent.clone(), came),
            Came::Misshapen(_) | Came::OtherSequence(_) | Came::Extra(_) | Came::Lost(_) => {
                self.break_by(point, exchange);
            }
        }
    }

    fn document(&self, secret: &str, padding: usize) -> Vec<u8> {
        let text = self.canaries().text(&role(secret));
        cache_document(text.expect("the world has a canary for every secret of an examination"), padding)
    }
}

fn is_ok(exchange: &Exchange) -> bool {
    matches!(exchange.came, Came::Reply(Reply::Ok(_)))
}

/// What the library says instead of doing it, where that is its right.
fn declined(exchange: &Exchange, scanner: &crate::canary::Scanner) -> Option<String> {
    match &exchange.came {
        Came::Reply(Reply::Error(_) | Reply::Unsupported(_)) => Some(exchange.came(scanner)),
        Came::Reply(Reply::Ok(_) | Reply::AdapterError(_))
        | Came::Misshapen(_)
        | Came::OtherSequence(_)
        | Came::Extra(_)
        | Came::Lost(_) => None,
    }
}

/// Whether a line of the map is about an error: its type, and a fragment of its message, or of one of its causes.
fn is_about(entry: &ErrorMapEntry, native: &NativeError) -> bool {
    let (name, fragment) = entry.native.split_once(": ").unwrap_or((&entry.native, ""));
    let is_itself = native.type_name == name && native.message.contains(fragment);
    let is_cause = |cause: &String| cause.starts_with(name) && cause.contains(fragment);
    is_itself || native.chain.iter().any(is_cause)
}

/// An error that the map has no line for is `other`.
fn is_declared(error: &ReplyError, declared: &[ErrorCategory]) -> bool {
    match declared {
        [] => error.category == ErrorCategory::Other,
        declared => declared.contains(&error.category),
    }
}

fn listed(categories: &[ErrorCategory]) -> String {
    categories.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// What cannot be looked at where no store opens.
const NEED_A_STORE: [Point; 10] = [
    Point::Nothing,
    Point::Fails,
    Point::TwoStores,
    Point::NonAscii,
    Point::Empty,
    Point::Binary,
    Point::Large,
    Point::Log,
    Point::Killed,
    Point::ErrorsMapped,
];

const STORE: &str = "cache";
const ONE: &str = "sealcheck-one";
const TWO: &str = "sealcheck-two";
const LARGE: usize = 1 << 20;
