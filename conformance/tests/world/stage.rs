//! A bus with a tap and a log, and trials that run with every broker.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use libtest_mimic::{Failed, Trial};
use sealcheck::{
    observation::{BusCall, Clock, Evidence, EvidenceLog, Fact, SessionIndex},
    world::{
        bus::{BrokerKind, Bus, WireTap},
        providers::ProviderKind,
    },
};
use tempfile::TempDir;

/// A bus in a folder of its own.
pub(crate) struct World {
    pub(crate) bus: Bus,
    pub(crate) log: EvidenceLog,
    pub(crate) tap: Arc<Tap>,
    folder: TempDir,
}

impl World {
    pub(crate) fn start(kind: BrokerKind) -> Self {
        let folder = tempfile::Builder::new().prefix("sc").tempdir().expect("there is room for a folder");
        let log = EvidenceLog::new(Clock::start());
        let tap = Arc::new(Tap::default());
        let bus = Bus::start(kind, folder.path(), &log, Arc::clone(&tap) as Arc<dyn WireTap>)
            .expect("the broker starts");
        Self { bus, log, tap, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the bus, which completes the log, and gives what was lost.
    pub(crate) fn finish(self) -> (Result<(), String>, Vec<Evidence>, Arc<Tap>) {
        let lost = self.bus.finish();
        (lost, self.log.entries(), self.tap)
    }
}

/// A message: its session, its member, its bytes.
type Message = (Option<SessionIndex>, String, Vec<u8>);

/// Keeps every message.
#[derive(Default)]
pub(crate) struct Tap {
    messages: Mutex<Vec<Message>>,
}

impl Tap {
    /// The members of the messages in which these bytes stand, with their sessions.
    pub(crate) fn members_with(&self, needle: &[u8]) -> Vec<(Option<SessionIndex>, String)> {
        let messages = self.messages.lock().expect("no test panics while it holds this");
        messages
            .iter()
            .filter(|(_, _, data)| data.windows(needle.len()).any(|window| window == needle))
            .map(|(session, member, _)| (*session, member.clone()))
            .collect()
    }
}

impl WireTap for Tap {
    fn bytes(&self, session: Option<SessionIndex>, member: &str, data: &[u8]) {
        let mut messages = self.messages.lock().expect("no test panics while it holds this");
        messages.push((session, member.to_owned(), data.to_vec()));
    }
}

/// The calls in some evidence, those of the handshake left out.
pub(crate) fn calls(evidence: &[Evidence]) -> Vec<(Option<SessionIndex>, &BusCall)> {
    let mut calls: Vec<_> = evidence
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::BusCall(call) if call.member != "Hello" => Some((entry.at, entry.session, call)),
            _ => None,
        })
        .collect();
    calls.sort_by_key(|(at, ..)| *at);
    calls.into_iter().map(|(_, session, call)| (session, call)).collect()
}

/// One trial per broker; that of a broker which is not installed is shown as ignored, with the reason in its name.
pub(crate) fn with_both_brokers(name: &str, test: fn(BrokerKind) -> Result<(), Failed>) -> Vec<Trial> {
    BrokerKind::ALL
        .into_iter()
        .map(|kind| {
            let lacks = lacking(kind);
            let reason = lacks.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default();
            Trial::test(format!("{kind}: {name}{reason}"), move || test(kind))
                .with_ignored_flag(lacks.is_some())
        })
        .collect()
}

/// One trial per broker and provider; those with something that is not installed are shown as ignored, with the reason.
pub(crate) fn with_every_provider(
    name: &str,
    test: fn(BrokerKind, ProviderKind) -> Result<(), Failed>,
) -> Vec<Trial> {
    with_providers(name, &BrokerKind::ALL, test)
}

/// The same with some of the brokers.
pub(crate) fn with_providers(
    name: &str,
    brokers: &[BrokerKind],
    test: impl Fn(BrokerKind, ProviderKind) -> Result<(), Failed> + Copy + Send + 'static,
) -> Vec<Trial> {
    let pairs = brokers.iter().flat_map(|broker| ProviderKind::ALL.map(|provider| (*broker, provider)));
    pairs
        .map(|(broker, provider)| {
            let lacks = lacking(broker).or_else(|| provider.probe().err());
            let reason = lacks.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default();
            let trial = move || test(broker, provider);
            Trial::test(format!("{broker}, {provider}: {name}{reason}"), trial)
                .with_ignored_flag(lacks.is_some())
        })
        .collect()
}

/// What keeps a broker from running here.
pub(crate) fn lacking(kind: BrokerKind) -> Option<String> {
    let missing = kind == BrokerKind::DbusDaemon && !runs("dbus-daemon", &["--version"]);
    missing.then(|| "dbus-daemon is not installed".to_owned())
}

/// Whether a program is there and says that it is well.
pub(crate) fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Fails a test with what was expected and what was found.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("found {found:#?}\nexpected {expected:#?}").into()) }
}
