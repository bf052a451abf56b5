//! One readable line for each kind of fact.

use super::{layout::printable, system_call};
use crate::{
    observation::{
        BusCall, Evidence, Fact, Grant, IssuedBy, KeyringItem, ReplyFact, SessionEnd, SightingPlace,
        Snapshot, TokenRefusal, TokenRequest, TreeEntry, ValueFact, WorldFacts,
    },
    protocol::RequestKind,
};

/// What a piece of evidence says, in one line. Paths in the home of the world begin with `~`.
pub fn summary(evidence: &Evidence, world: &WorldFacts) -> String {
    let said = fact(&evidence.fact, &Paths::of(world));
    let said = match evidence.session {
        Some(session) if !names_its_session(&evidence.fact) => format!("{session}: {said}"),
        Some(_) | None => said,
    };
    printable(&said)
}

/// Whether the line of a fact says itself to which session it belongs.
fn names_its_session(fact: &Fact) -> bool {
    match fact {
        Fact::ConditionProved { .. } | Fact::Planted { .. } | Fact::Tree { .. } | Fact::Keyring { .. } => {
            true
        }
        Fact::CanarySeen { place, .. } | Fact::LivenessSeen { place, .. } => snapshot_of(place).is_some(),
        Fact::CanaryIssued { .. }
        | Fact::FaultHit { .. }
        | Fact::FaultMissed { .. }
        | Fact::RendezvousMet { .. }
        | Fact::Replied { .. }
        | Fact::AdapterFailed { .. }
        | Fact::DeadlinePassed { .. }
        | Fact::PathPrinted { .. }
        | Fact::SessionStarted {}
        | Fact::SessionEnded { .. }
        | Fact::SystemCall(_)
        | Fact::ProcessStarted(_)
        | Fact::BusCall(_)
        | Fact::TokenRequest(_) => false,
    }
}

fn fact(fact: &Fact, paths: &Paths<'_>) -> String {
    match fact {
        Fact::ConditionProved { session, condition, detail } => {
            format!("before {session}: the world is proved to be {condition} ({detail})")
        }
        Fact::Planted { session, path, what } => {
            format!("before {session}: planted {what} at {}", paths.short(path))
        }
        Fact::CanaryIssued { role, by } => format!("the secret {{{role}}} was {}", issued(*by)),
        Fact::CanarySeen { role, encoding, place } => {
            format!("the secret {{{role}}} was seen ({encoding}) {}", sighting(place, paths))
        }
        Fact::LivenessSeen { observer, place } => {
            format!("the leak that was planted for {observer} was seen {}", sighting(place, paths))
        }
        Fact::FaultHit { detail, .. } => format!("a fault of the case happened: {detail}"),
        Fact::FaultMissed { detail, .. } => format!("a fault of the case could not happen: {detail}"),
        Fact::PathPrinted { path } => format!("printed the path of {}, which it wrote", paths.short(path)),
        Fact::RendezvousMet { held_ms, .. } => {
            format!("was held for {held_ms} ms, until the other session had passed its point")
        }
        Fact::Replied { label, request, reply, elapsed_ms, .. } => {
            let step = label.as_ref().map_or_else(String::new, |label| format!(" `{label}`"));
            format!("{}{step} answered {} after {elapsed_ms} ms", request.as_str(), replied(*request, reply))
        }
        Fact::AdapterFailed { step, detail } => match step {
            Some(step) => format!("the adapter failed at step {}: {detail}", step.saturating_add(1)),
            None => format!("the adapter failed: {detail}"),
        },
        Fact::DeadlinePassed { step, label, waited_ms } => match (label, step) {
            (Some(label), _) => format!("`{label}` was not answered within {waited_ms} ms"),
            (None, Some(step)) => {
                format!("step {} was not answered within {waited_ms} ms", step.saturating_add(1))
            }
            (None, None) => format!("there was no answer within {waited_ms} ms"),
        },
        Fact::SessionStarted {} => "began".into(),
        Fact::SessionEnded { how, .. } => ended(how),
        Fact::Tree { snapshot, entries } => format!("{}: {}", moment(*snapshot), tree(entries, paths)),
        Fact::SystemCall(call) => system_call::attempted(call, paths),
        Fact::ProcessStarted(process) => system_call::started(process, paths),
        Fact::BusCall(call) => bus_call(call),
        Fact::Keyring { snapshot, items } => format!("{}: {}", moment(*snapshot), keyring(items)),
        Fact::TokenRequest(request) => token_request(request),
    }
}

fn issued(by: IssuedBy) -> &'static str {
    match by {
        IssuedBy::Put => "handed over to be stored",
        IssuedBy::Authority => "issued by the authority as a token",
        IssuedBy::Plant => "planted",
        IssuedBy::Open => "given as the client secret",
    }
}

fn sighting(place: &SightingPlace, paths: &Paths<'_>) -> String {
    let when = snapshot_of(place).map_or_else(String::new, |snapshot| format!("{}, ", moment(snapshot)));
    let place = match place {
        SightingPlace::File { path, offset, .. } => format!("in {} at byte {offset}", paths.short(path)),
        SightingPlace::FileName { path, .. } => format!("in the name or target of {}", paths.short(path)),
        SightingPlace::ExtendedAttribute { path, attribute, .. } => {
            format!("in the attribute {attribute} of {}", paths.short(path))
        }
        SightingPlace::Write { path, pid, mode } => {
            format!("in a write of process {pid} to {}, mode {mode:04o}", paths.short(path))
        }
        SightingPlace::StandardOutput { offset } => format!("on standard output at byte {offset}"),
        SightingPlace::StandardError { offset } => format!("on standard error at byte {offset}"),
        SightingPlace::Reply { step, member } => {
            format!("in {member} of the reply to step {}", step.saturating_add(1))
        }
        SightingPlace::Argument { pid, program, index } => {
            format!("in argument {index} of process {pid}, {}", paths.short(program))
        }
        SightingPlace::Environment { pid, program, name } => {
            format!("in the variable {name} of process {pid}, {}", paths.short(program))
        }
        SightingPlace::BusMessage { member } => format!("in a bus message ({member})"),
        SightingPlace::KeyringSecret { item, .. } => format!("as the secret of keyring item {item}"),
        SightingPlace::KeyringAttribute { item, attribute, .. } => {
            format!("in {attribute} of keyring item {item}")
        }
        SightingPlace::Request { path, field } => format!("in {field} of a request for {path}"),
        SightingPlace::RelocatedFile { path, .. } => {
            format!("by a fresh process in the carried {}", paths.short(path))
        }
    };
    format!("{when}{place}")
}

fn snapshot_of(place: &SightingPlace) -> Option<Snapshot> {
    match place {
        SightingPlace::File { snapshot, .. }
        | SightingPlace::FileName { snapshot, .. }
        | SightingPlace::ExtendedAttribute { snapshot, .. }
        | SightingPlace::KeyringSecret { snapshot, .. }
        | SightingPlace::KeyringAttribute { snapshot, .. } => Some(*snapshot),
        SightingPlace::Write { .. }
        | SightingPlace::StandardOutput { .. }
        | SightingPlace::StandardError { .. }
        | SightingPlace::Reply { .. }
        | SightingPlace::Argument { .. }
        | SightingPlace::Environment { .. }
        | SightingPlace::BusMessage { .. }
        | SightingPlace::Request { .. }
        | SightingPlace::RelocatedFile { .. } => None,
    }
}

fn replied(request: RequestKind, reply: &ReplyFact) -> String {
    match reply {
        ReplyFact::Ok { value: Some(value), .. } => held(value),
        ReplyFact::Ok { value: None, self_report: Some(report) } => match report.encrypted {
            Some(true) => "ok (it says that it encrypts)".into(),
            Some(false) => "ok (it says that it does not encrypt)".into(),
            None => "ok".into(),
        },
        ReplyFact::Ok { value: None, self_report: None } => {
            if request == RequestKind::Get {
                "ok without a value".into()
            } else {
                "ok".into()
            }
        }
        ReplyFact::Error(error) => {
            format!("the error {} ({}: {})", error.category, error.native.type_name, error.native.message)
        }
        ReplyFact::Unsupported(unsupported) => {
            format!("that {} is not supported: {}", unsupported.what, unsupported.reason)
        }
    }
}

fn held(value: &ValueFact) -> String {
    match value {
        ValueFact::Null => "that nothing is there".into(),
        ValueFact::Some { exactly: Some(role), .. } => format!("exactly the secret {{{role}}}"),
        ValueFact::Some { bytes, canaries, exactly: None } if canaries.is_empty() => {
            format!("a value of {bytes} bytes with none of the known secrets in it")
        }
        ValueFact::Some { bytes, canaries, exactly: None } => {
            let roles: Vec<_> = canaries.iter().map(|role| format!("{{{role}}}")).collect();
            format!("a value of {bytes} bytes with {} in it", roles.join(", "))
        }
    }
}

fn ended(how: &SessionEnd) -> String {
    match how {
        SessionEnd::Exited { code } => format!("the process exited with {code}"),
        SessionEnd::KilledByScript => "the process was killed, as the script says".into(),
        SessionEnd::KilledByFault => "the process was killed, by a fault of the case".into(),
        SessionEnd::KilledByHarness { reason } => format!("the process had to be killed: {reason}"),
        SessionEnd::Signalled { signal } => format!("the process died by signal {signal}"),
        SessionEnd::CannotRunHere => "the adapter says that it cannot run here (exit 89)".into(),
        SessionEnd::NotStarted { reason } => format!("the process could not be started: {reason}"),
    }
}

fn tree(entries: &[TreeEntry], paths: &Paths<'_>) -> String {
    if entries.is_empty() {
        return "there are no files".into();
    }
    let mut shown: Vec<_> = entries
        .iter()
        .take(SHOWN)
        .map(|entry| {
            let mode = entry.mode.map(|mode| format!("{:04o} ", mode & 0o7777)).unwrap_or_default();
            format!("{} {mode}{} bytes", paths.short(&entry.path), entry.size)
        })
        .collect();
    shown.extend(rest(entries.len(), "entries"));
    shown.join(", ")
}

fn keyring(items: &[KeyringItem]) -> String {
    if items.is_empty() {
        return "the keyring is empty".into();
    }
    let mut shown: Vec<_> = items
        .iter()
        .take(SHOWN)
        .map(|item| {
            let attributes: Vec<_> =
                item.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("item {} \"{}\" [{}] {} bytes", item.path, item.label, attributes.join(" "), item.bytes)
        })
        .collect();
    shown.extend(rest(items.len(), "items"));
    shown.join(", ")
}

fn rest(count: usize, what: &str) -> Option<String> {
    (count > SHOWN).then(|| format!("and {} more {what}", count - SHOWN))
}

fn bus_call(call: &BusCall) -> String {
    let interface = if call.interface.is_empty() { String::new() } else { format!("{}.", call.interface) };
    let destination = if call.destination.is_empty() { "the bus" } else { &call.destination };
    format!("bus call {interface}{} on {} of {destination}: {}", call.member, call.path, call.answer)
}

fn token_request(request: &TokenRequest) -> String {
    let TokenRequest { grant, scope, issued, refused } = request;
    let answer = match (issued, refused) {
        (Some(role), _) => format!("the secret {{{role}}} was issued"),
        (None, Some(refusal)) => format!("refused, {}", refused_because(*refusal)),
        (None, None) => match grant {
            Grant::DeviceAuthorization | Grant::Authorization => "the user was asked to sign in".into(),
            Grant::ClientCredentials
            | Grant::DeviceCode
            | Grant::AuthorizationCode
            | Grant::RefreshToken
            | Grant::Unknown(_) => "no known secret was issued".into(),
        },
    };
    format!("the authority was asked for a token ({grant}, scope {scope}): {answer}")
}

fn refused_because(refusal: TokenRefusal) -> &'static str {
    match refusal {
        TokenRefusal::Malformed => "the request is not well-formed",
        TokenRefusal::UnknownGrant => "the grant is unknown",
        TokenRefusal::UnknownClient => "the client or the tenant is unknown",
        TokenRefusal::WrongSecret => "the client secret is wrong",
        TokenRefusal::UnknownScope => "the scope is unknown",
        TokenRefusal::Pending => "the user has not entered the code yet",
        TokenRefusal::UnknownCode => "the code or refresh token is unknown",
        TokenRefusal::ReplacedToken => "the refresh token was replaced by a newer one before",
    }
}

fn moment(snapshot: Snapshot) -> String {
    match snapshot {
        Snapshot::Before(session) => format!("before {session}"),
        Snapshot::After(session) => format!("after {session}"),
    }
}

/// Shortens paths by what every path of a world begins with.
pub(super) struct Paths<'a> {
    world: &'a WorldFacts,
}

impl<'a> Paths<'a> {
    pub(super) fn of(world: &'a WorldFacts) -> Self {
        Self { world }
    }

    pub(super) fn short(&self, path: &str) -> String {
        self.below(path, &self.world.home, "~")
            .or_else(|| self.below(path, &self.world.root, "{world}"))
            .unwrap_or_else(|| path.to_owned())
    }

    fn below(&self, path: &str, folder: &str, name: &str) -> Option<String> {
        let rest = path.strip_prefix(folder)?;
        (!folder.is_empty() && (rest.is_empty() || rest.starts_with('/'))).then(|| format!("{name}{rest}"))
    }
}

/// How many files or items one line names.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        observation::{EvidenceId, Instant, SessionIndex},
        report::sample,
    };

    fn said(session: Option<usize>, fact: Fact) -> String {
        let evidence = Evidence {
            id: EvidenceId(17),
            at: Instant(0),
            session: session.map(SessionIndex),
            observer: crate::observation::Observer::Harness,
            fact,
        };
        summary(&evidence, &sample::world())
    }

    #[test]
    fn every_kind_of_fact_has_a_readable_line() {
        let lines: Vec<_> = sample::facts().into_iter().map(|(session, fact)| said(session, fact)).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_sibling_of_the_home_is_not_shown_as_the_home() {
        let place = SightingPlace::FileName {
            snapshot: Snapshot::After(SessionIndex(0)),
            path: "/tmp/w/home-of-another/x".into(),
        };
        let line =
            said(None, Fact::CanarySeen { role: sample::role("secret"), encoding: sample::RAW, place });
        assert_eq!(
            line,
            "the secret {secret} was seen (raw) after session 1, in the name or target of {world}/home-of-another/x"
        );
    }

    #[test]
    fn a_hostile_path_cannot_move_the_cursor() {
        let line = said(
            None,
            Fact::Planted {
                session: SessionIndex(0),
                path: "/tmp/w/home/\u{1b}[2J".into(),
                what: "a file".into(),
            },
        );
        assert_eq!(line, "before session 1: planted a file at ~/\\u{1b}[2J");
    }
}
