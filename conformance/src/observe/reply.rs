//! What the observer of replies records: texts that must not hold a secret, and replies without their values.

use super::Lost;
use crate::{
    canary::{CanarySet, Needle, Scanner, Search, canary_of_document},
    case::CanaryRole,
    observation::{Encoding, EvidenceLog, Observer, ReplyFact, SessionIndex, SightingPlace, ValueFact},
    protocol::{NativeError, Reply, ReplyBody, ReplyError, SelfReport, Unsupported},
};

/// Records every canary in the error, the rendered text or the opaque state of a reply.
///
/// Values are not searched: they are where a secret belongs. State is kept outside the cache, so there it does not.
///
/// # Errors
///
/// [`Lost`] if a text could not be searched as a whole.
pub fn record(
    reply: &Reply,
    step: usize,
    scanner: &Scanner,
    log: &EvidenceLog,
    session: Option<SessionIndex>,
) -> Result<(), Lost> {
    let mut lost = Ok(());
    for (member, text) in texts(reply) {
        let Search { hits, exhausted } = scanner.search(text.as_bytes());
        for hit in hits {
            let place = SightingPlace::Reply { step, member: member.clone() };
            if let Some(fact) = hit.fact(Observer::Output, place) {
                log.record(Observer::Output, session, fact);
            }
        }
        if exhausted && lost.is_ok() {
            let reason = format!("{member} of the reply to step {step} decodes to more than can be searched");
            lost = Err(Lost { observer: Observer::Output, reason });
        }
    }
    lost
}

/// A reply as a fact, its canaries replaced by their roles; `None` for an adapter's error, which is no reply.
pub fn fact(reply: &Reply, set: &CanarySet, scanner: &Scanner) -> Option<ReplyFact> {
    match reply {
        Reply::Ok(body) => Some(match body {
            ReplyBody::Get { value, .. } => ReplyFact::Ok {
                value: Some(
                    value.as_ref().map_or(ValueFact::Null, |value| value_fact(&value.0, set, scanner)),
                ),
                self_report: None,
            },
            ReplyBody::Open { self_report } => ReplyFact::Ok {
                value: None,
                self_report: self_report.as_ref().map(|report| SelfReport {
                    encrypted: report.encrypted,
                    location: report.location.as_ref().map(|location| scanner.redact(location)),
                }),
            },
            ReplyBody::Hello(_)
            | ReplyBody::Put { .. }
            | ReplyBody::List { .. }
            | ReplyBody::Render { .. }
            | ReplyBody::Done => ReplyFact::Ok { value: None, self_report: None },
        }),
        Reply::Error(error) => Some(ReplyFact::Error(redacted(error, scanner))),
        Reply::Unsupported(what) => Some(ReplyFact::Unsupported(Unsupported {
            what: scanner.redact(&what.what),
            reason: scanner.redact(&what.reason),
            issue: what.issue.as_ref().map(|issue| scanner.redact(issue)),
        })),
        Reply::AdapterError(_) => None,
    }
}

/// What a value holds, without the value.
pub fn value_fact(value: &[u8], set: &CanarySet, scanner: &Scanner) -> ValueFact {
    let raw = scanner.scan(value).into_iter().filter(|hit| hit.encoding == Encoding::Raw);
    let mut canaries: Vec<CanaryRole> = raw
        .filter_map(|hit| match hit.needle {
            Needle::Canary(role) => Some(role),
            Needle::Liveness(_) => None,
        })
        .collect();
    canaries.sort();
    let token = canary_of_document(value).map_or_else(|| value.to_vec(), String::into_bytes);
    let exactly = set.roles().find(|role| set.text(role).is_some_and(|text| text.as_bytes() == token));
    ValueFact::Some { bytes: value.len(), canaries, exactly: exactly.cloned() }
}

/// An error whose texts have their canaries replaced.
pub fn redacted(error: &ReplyError, scanner: &Scanner) -> ReplyError {
    ReplyError {
        category: error.category,
        phase: error.phase,
        native: NativeError {
            type_name: scanner.redact(&error.native.type_name),
            code: error.native.code.as_ref().map(|code| scanner.redact(code)),
            message: scanner.redact(&error.native.message),
            chain: error.native.chain.iter().map(|message| scanner.redact(message)).collect(),
        },
    }
}

/// The texts of a reply that must not hold a secret, each with the member that it is in.
fn texts(reply: &Reply) -> Vec<(String, &str)> {
    let mut texts: Vec<(String, &str)> = Vec::new();
    match reply {
        Reply::Ok(body) => match body {
            ReplyBody::Open { self_report } => {
                let location = self_report.as_ref().and_then(|report| report.location.as_deref());
                texts.extend(location.map(|text| ("ok.self_report.location".into(), text)));
            }
            ReplyBody::List { names } => {
                let names = names.iter().enumerate();
                texts.extend(names.map(|(index, name)| (format!("ok.names[{index}]"), name.as_str())));
            }
            ReplyBody::Render { text } => texts.push(("ok.text".into(), text)),
            ReplyBody::Put { state } | ReplyBody::Get { state, .. } => {
                texts.extend(state.as_deref().map(|text| ("ok.state".into(), text)));
            }
            ReplyBody::Hello(_) | ReplyBody::Done => {}
        },
        Reply::Error(error) => {
            let native = &error.native;
            texts.push(("error.native.type".into(), &native.type_name));
            texts.extend(native.code.as_deref().map(|code| ("error.native.code".into(), code)));
            texts.push(("error.native.message".into(), &native.message));
            let chain = native.chain.iter().enumerate();
            texts.extend(chain.map(|(index, text)| (format!("error.native.chain[{index}]"), text.as_str())));
        }
        Reply::Unsupported(what) => {
            texts.push(("unsupported.what".into(), &what.what));
            texts.push(("unsupported.reason".into(), &what.reason));
            texts.extend(what.issue.as_deref().map(|issue| ("unsupported.issue".into(), issue)));
        }
        Reply::AdapterError(error) => {
            texts.push(("adapter_error.message".into(), &error.message));
            texts.extend(error.trace.as_deref().map(|trace| ("adapter_error.trace".into(), trace)));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canary::cache_document,
        observation::{Clock, Fact},
        protocol::{Base64Bytes, ErrorCategory, Phase},
    };

    fn alice() -> CanaryRole {
        CanaryRole("alice".into())
    }

    fn error(message: &str, cause: &str) -> Reply {
        Reply::Error(ReplyError {
            category: ErrorCategory::Corrupt,
            phase: Phase::Load,
            native: NativeError {
                type_name: "ValueError".into(),
                code: None,
                message: message.into(),
                chain: vec!["outer".into(), cause.into()],
            },
        })
    }

    #[test]
    fn a_canary_in_a_cause_is_seen_and_not_recorded() {
        let set = CanarySet::generate([alice()]);
        let log = EvidenceLog::new(Clock::start());
        let reply = error("cannot parse", &format!("near {:?}", set.text(&alice()).unwrap()));
        record(&reply, 3, &set.scanner(), &log, Some(SessionIndex(0))).unwrap();
        let place = SightingPlace::Reply { step: 3, member: "error.native.chain[1]".into() };
        let facts: Vec<Fact> = log.entries().into_iter().map(|entry| entry.fact).collect();
        assert_eq!(facts, [Fact::CanarySeen { role: alice(), encoding: Encoding::Raw, place }]);

        let shown = serde_json::to_string(&fact(&reply, &set, &set.scanner())).unwrap();
        assert!(shown.contains("{alice}"));
        assert_eq!(set.scanner().scan(shown.as_bytes()), []);
    }

    #[test]
    fn a_value_is_where_a_secret_belongs() {
        let set = CanarySet::generate([alice()]);
        let log = EvidenceLog::new(Clock::start());
        let value = Some(Base64Bytes(cache_document(set.text(&alice()).unwrap(), 10)));
        let reply = Reply::Ok(ReplyBody::Get { value, state: None });
        record(&reply, 0, &set.scanner(), &log, None).unwrap();
        assert!(log.entries().is_empty());
    }

    #[test]
    fn a_value_is_exactly_a_canary_whether_bare_or_the_token_of_a_document() {
        let set = CanarySet::generate([alice(), CanaryRole("bob".into())]);
        let canary = set.text(&alice()).unwrap();
        for value in [canary.as_bytes().to_vec(), cache_document(canary, 7)] {
            assert_eq!(
                value_fact(&value, &set, &set.scanner()),
                ValueFact::Some { bytes: value.len(), canaries: vec![alice()], exactly: Some(alice()) }
            );
        }
        let more = format!("{canary}!").into_bytes();
        assert_eq!(
            value_fact(&more, &set, &set.scanner()),
            ValueFact::Some { bytes: 43, canaries: vec![alice()], exactly: None }
        );
    }

    #[test]
    fn no_value_is_null_and_an_adapters_error_is_no_reply() {
        let set = CanarySet::generate([]);
        let nothing = Reply::Ok(ReplyBody::Get { value: None, state: None });
        assert_eq!(
            fact(&nothing, &set, &set.scanner()),
            Some(ReplyFact::Ok { value: Some(ValueFact::Null), self_report: None })
        );
        let error = crate::protocol::AdapterError { message: "no".into(), trace: None };
        assert_eq!(fact(&Reply::AdapterError(error), &set, &set.scanner()), None);
    }
}
