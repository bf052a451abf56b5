//! A hand-made set of results, facts and a case, for tests.
//!
//! One file: it is one value, with no code but what makes its parts.

use std::collections::BTreeMap;

use crate::{
    case::{
        BusClass, CallClass, CallEffect, CanaryRole, Case, Check, Condition, End, Fault, FaultKind,
        Interaction, Meeting, Once, Options, Partition, Place, Plant, PlantKind, Platform, Point, Predicate,
        Rendezvous, Repeat, Requirement, RequirementLevel, Scope, Script, Session, Severity, Step, StepLabel,
        Twin, WorldSpec,
    },
    observation::{
        BusCall, Encoding, EntryKind, EvidenceId, Fact, Grant, IssuedBy, KeyringItem, Observer, ProcessStart,
        ReplyFact, Role, SessionEnd, SessionIndex, SightingPlace, Snapshot, SystemCall, SystemCallKind,
        TokenRefusal, TokenRequest, TreeEntry, ValueFact, WorldFacts,
    },
    protocol::{
        Declaration, ErrorCategory, Identity, Level, LocationRole, LogLevel, NativeError, Phase, RenderWhat,
        ReplyError, RequestKind, SelfReport, Unsupported,
    },
    record::{
        Advice, BaselineNote, CheckResult, EvidenceLine, Footer, Header, OutcomeKind, Results,
        ResultsVersion, Selection, Tally, Timestamp, Timing, Verdict,
    },
};

pub(crate) const RAW: Encoding = Encoding::Raw;

pub(crate) fn role(name: &str) -> CanaryRole {
    CanaryRole(name.into())
}

pub(crate) fn label(name: &str) -> StepLabel {
    StepLabel(name.into())
}

pub(crate) fn world() -> WorldFacts {
    WorldFacts {
        platform: Platform::Linux,
        emulator: None,
        provider: "scripted".into(),
        broker: "busd".into(),
        uid: Some(0),
        umask: Some(0o022),
        home: "/tmp/w/home".into(),
        root: "/tmp/w".into(),
    }
}

pub(crate) fn header() -> Header {
    Header {
        format: ResultsVersion::CURRENT,
        harness: "0.1.0".into(),
        catalogue: Some("5eed".repeat(16)),
        adapter: "python-azure-identity".into(),
        implementation: Some(Identity { name: "azure-identity".into(), version: "1.25.3".into() }),
        platform: "linux".into(),
        caveat: None,
        provider: "scripted".into(),
        broker: "busd".into(),
        selection: Selection { checks: 9, ..Selection::default() },
        seed: Some("5eed".parse().expect("seeds in tests are well formed")),
        baseline: None,
        without_observers: vec![Observer::Network],
        started: Timestamp::since_epoch(std::time::Duration::from_secs(1_795_465_756)),
    }
}

/// A run of two jobs that were busy for two thirds of their time.
pub(crate) fn timing() -> Timing {
    Timing { wall_ms: 4_500, jobs: 2, sessions: 21, lived_ms: 6_000 }
}

/// A result with nothing in it but what its outcome demands.
pub(crate) fn result(check: &str, outcome: OutcomeKind, is_listed: bool) -> CheckResult {
    let check: crate::case::CheckId = check.parse().expect("ids in tests are well formed");
    CheckResult {
        case: check.case(),
        rev: 1,
        level: RequirementLevel::Must,
        severity: Severity::High,
        sentence: format!("What {} says holds.", check.word()),
        outcome,
        explanation: format!("It came out as {outcome}."),
        evidence: Vec::new(),
        verdict: Verdict::of(outcome, is_listed),
        baseline: None,
        advice: None,
        elapsed_ms: 120,
        reproducer: format!("sealcheck run -a python-azure-identity --select '{check}'"),
        replayer: None,
        check,
    }
}

/// One result of each outcome, and the two that a baseline makes of them.
pub(crate) fn results() -> Results {
    let mut pass = result("naming/default-name#item", OutcomeKind::Pass, false);
    pass.sentence = "Without a name, the item of the shared cache is used.".into();

    let mut mended = result("naming/default-name#file", OutcomeKind::Pass, true);
    mended.sentence = "Without a name, the file of the shared cache is used.".into();
    mended.baseline = Some(note("The file had another suffix.", "https://issues.example/7"));

    let mut fail = result("lifecycle/encryption-returns#residue-gone", OutcomeKind::Fail, false);
    fail.sentence = "Once encryption is possible again, no plaintext of the secret stays on the disk.".into();
    fail.explanation =
        "The secret {before} is still in ~/.IdentityService/msal.cache.nocae after the encrypted save."
            .into();
    fail.evidence = vec![
        EvidenceLine {
            id: EvidenceId(17),
            run: Role::Case,
            summary: "the secret {before} was seen (raw) after session 2, in ~/.IdentityService/msal.cache.nocae at \
                      byte 61"
                .into(),
        },
        EvidenceLine {
            id: EvidenceId(9),
            run: Role::Twin,
            summary: "session 2: get `again` answered exactly the secret {before} after 12 ms".into(),
        },
    ];
    fail.advice = Some(Advice {
        why: "Whoever reads the disk later, from a backup for example, gets tokens that the user believes to be \
              encrypted."
            .into(),
        fix: "Empty the plaintext file after the item was read back.".into(),
    });

    fail.replayer =
        Some("sealcheck replay out/python-azure-identity--lifecycle--encryption-returns.rec.json".into());

    let mut known = result("file-hygiene/directory-mode#private", OutcomeKind::Fail, true);
    known.severity = Severity::Medium;
    known.sentence = "The folder of the cache is private.".into();
    known.explanation = "~/.IdentityService has mode 0755.".into();
    known.baseline = Some(note("Made with the umask of the process.", "https://issues.example/12"));

    let mut unsure = result("leakage/requests#client-secret", OutcomeKind::Inconclusive, false);
    unsure.sentence = "The client secret goes to the authority and nowhere else.".into();
    unsure.explanation = "The observer network was disabled, so its silence says nothing.".into();

    let mut inapplicable = result("file-hygiene/ciphertext-mode#private", OutcomeKind::NotApplicable, false);
    inapplicable.explanation = "It declares no location of the role ciphertext.".into();

    let mut not_run = result("availability/kernel-keyring#answers", OutcomeKind::NotRun, false);
    not_run.explanation = "This machine cannot give a world a kernel keyring of its own.".into();

    let mut adapter = result("input/hostile-names#refused", OutcomeKind::AdapterError, false);
    adapter.explanation =
        "The adapter answered the third request with a line that is not a JSON object.".into();

    let mut harness = result("durability/killed-writer#whole", OutcomeKind::HarnessError, false);
    harness.explanation = "The broker of the world could not be started: no space left on device.".into();

    let checks = vec![pass, mended, fail, known, unsure, inapplicable, not_run, adapter, harness];
    let footer = Footer { tally: Tally::of(&checks), exit_code: 70, complete: true, timing: Some(timing()) };
    Results { header: header(), checks, footer }
}

fn note(reason: &str, link: &str) -> BaselineNote {
    BaselineNote { reason: reason.into(), link: Some(link.into()) }
}

/// A fact of every kind, with the session it is recorded under.
pub(crate) fn facts() -> Vec<(Option<usize>, Fact)> {
    let first = SessionIndex(0);
    let file = "/tmp/w/home/.IdentityService/msal.cache.nocae";
    let seen = |place| Fact::CanarySeen { role: role("secret"), encoding: RAW, place };
    let answered = |request, reply| Fact::Replied {
        step: Some(1),
        label: Some(label("save")),
        request,
        reply,
        elapsed_ms: 12,
    };
    let ok = |value| ReplyFact::Ok { value, self_report: None };
    let call = |call, path: Option<&str>| SystemCall {
        call,
        pid: 41,
        path: path.map(Into::into),
        second_path: None,
        mode: None,
        flags: None,
        address: None,
        refused: None,
    };
    let mut facts = vec![
        (
            None,
            Fact::ConditionProved {
                session: first,
                condition: Condition::NoService,
                detail: "ServiceUnknown".into(),
            },
        ),
        (None, Fact::Planted { session: first, path: file.into(), what: "a file with mode 0644".into() }),
        (Some(0), Fact::FaultHit { fault: 0, detail: "write to ~/.store/x failed with ENOSPC".into() }),
        (
            Some(0),
            Fact::FaultMissed {
                fault: 0,
                detail: "alter: GetSecrets, call 1 of the class read: empty".into(),
            },
        ),
        (Some(0), Fact::PathPrinted { path: file.into() }),
        (Some(1), Fact::RendezvousMet { rendezvous: 0, held_ms: 12 }),
        (Some(0), Fact::CanaryIssued { role: role("secret"), by: IssuedBy::Authority }),
        (
            Some(0),
            seen(SightingPlace::File { snapshot: Snapshot::After(first), path: file.into(), offset: 61 }),
        ),
        (Some(0), seen(SightingPlace::Write { path: format!("{file} (deleted)"), pid: 41, mode: 0o644 })),
        (Some(0), seen(SightingPlace::Argument { pid: 41, program: "/usr/bin/python3".into(), index: 2 })),
        (Some(0), seen(SightingPlace::Reply { step: 1, member: "error.native.message".into() })),
        (
            None,
            Fact::LivenessSeen {
                observer: Observer::Bus,
                place: SightingPlace::BusMessage { member: "GetNameOwner".into() },
            },
        ),
        (Some(0), answered(RequestKind::Get, ok(Some(ValueFact::Null)))),
        (
            Some(0),
            answered(
                RequestKind::Get,
                ok(Some(ValueFact::Some {
                    bytes: 420,
                    canaries: vec![role("secret")],
                    exactly: Some(role("secret")),
                })),
            ),
        ),
        (
            Some(0),
            answered(
                RequestKind::Get,
                ok(Some(ValueFact::Some { bytes: 420, canaries: vec![role("a"), role("b")], exactly: None })),
            ),
        ),
        (
            Some(0),
            answered(
                RequestKind::Open,
                ReplyFact::Ok {
                    value: None,
                    self_report: Some(SelfReport { encrypted: Some(true), location: None }),
                },
            ),
        ),
        (
            Some(0),
            answered(
                RequestKind::Put,
                ReplyFact::Error(ReplyError {
                    category: ErrorCategory::EncryptionUnavailable,
                    phase: Phase::Open,
                    native: NativeError {
                        type_name: "ValueError".into(),
                        code: None,
                        message: "Cache encryption is impossible".into(),
                        chain: Vec::new(),
                    },
                }),
            ),
        ),
        (
            Some(0),
            answered(
                RequestKind::List,
                ReplyFact::Unsupported(Unsupported {
                    what: "request:list".into(),
                    reason: "a credential cannot name its caches".into(),
                    issue: None,
                }),
            ),
        ),
        (
            Some(0),
            Fact::AdapterFailed { step: Some(2), detail: "a protocol line is not a JSON object".into() },
        ),
        (Some(0), Fact::DeadlinePassed { step: Some(1), label: Some(label("save")), waited_ms: 5000 }),
        (Some(0), Fact::SessionStarted {}),
        (Some(0), Fact::SessionEnded { how: SessionEnd::Exited { code: 0 }, effective_capabilities: None }),
        (
            Some(0),
            Fact::SessionEnded {
                how: SessionEnd::KilledByHarness { reason: "it did not answer".into() },
                effective_capabilities: None,
            },
        ),
        (None, Fact::Tree { snapshot: Snapshot::Before(first), entries: Vec::new() }),
        (None, Fact::Tree { snapshot: Snapshot::After(first), entries: vec![entry(file, 0o100_600, 0)] }),
        (None, Fact::Keyring { snapshot: Snapshot::After(first), items: vec![item()] }),
        (
            Some(0),
            Fact::SystemCall(SystemCall { mode: Some(0o600), ..call(SystemCallKind::Open, Some(file)) }),
        ),
        (
            Some(0),
            Fact::SystemCall(SystemCall {
                second_path: Some(file.into()),
                ..call(SystemCallKind::Rename, Some("/tmp/w/home/.IdentityService/x.tmp"))
            }),
        ),
        (
            Some(0),
            Fact::SystemCall(SystemCall {
                mode: Some(0o700),
                ..call(SystemCallKind::ChangeMode, Some("/tmp/w/home/.IdentityService"))
            }),
        ),
        (
            Some(0),
            Fact::SystemCall(SystemCall {
                address: Some("127.0.0.53:53".into()),
                refused: Some("EACCES".into()),
                ..call(SystemCallKind::Connect, None)
            }),
        ),
        (
            Some(0),
            Fact::ProcessStarted(ProcessStart {
                pid: 41,
                program: "/usr/bin/python3".into(),
                arguments: vec!["python3".into(), "adapter.py".into()],
                environment: vec!["HOME".into()],
            }),
        ),
        (
            Some(0),
            Fact::BusCall(BusCall {
                connection: 3,
                destination: "org.freedesktop.secrets".into(),
                path: "/org/freedesktop/secrets".into(),
                interface: "org.freedesktop.Secret.Service".into(),
                member: "OpenSession".into(),
                names_secrets: false,
                answer: "ok".into(),
            }),
        ),
        (
            Some(0),
            Fact::TokenRequest(TokenRequest {
                grant: Grant::ClientCredentials,
                scope: "https://secret.sealcheck.test/.default".into(),
                issued: None,
                refused: None,
            }),
        ),
        (
            Some(0),
            Fact::TokenRequest(TokenRequest {
                grant: Grant::RefreshToken,
                scope: "https://secret.sealcheck.test/.default".into(),
                issued: None,
                refused: Some(TokenRefusal::ReplacedToken),
            }),
        ),
    ];
    facts.push((Some(0), seen(SightingPlace::StandardError { offset: 0 })));
    facts
}

fn entry(path: &str, mode: u32, size: u64) -> TreeEntry {
    TreeEntry {
        path: path.into(),
        kind: EntryKind::File,
        mode: Some(mode),
        uid: Some(0),
        gid: Some(0),
        size,
        links: 1,
        inode: 9,
        modified: 0,
        sha256: None,
        target: None,
        attributes: BTreeMap::new(),
    }
}

fn item() -> KeyringItem {
    KeyringItem {
        collection: "/c".into(),
        path: "/c/1".into(),
        label: "MSALCache".into(),
        attributes: BTreeMap::from([("xdg:schema".into(), "msal.cache.nocae".into())]),
        content_type: "text/plain".into(),
        bytes: 420,
    }
}

/// A case with a condition, a plant, two sessions and three checks.
pub(crate) fn case() -> Case {
    let id: crate::case::CaseId =
        "lifecycle/encryption-returns".parse().expect("ids in tests are well formed");
    let check = |word: &str, sentence: &str, predicate| Check {
        id: id.check(word).expect("words in tests are well formed"),
        sentence: sentence.into(),
        requirement: Requirement {
            level: RequirementLevel::Must,
            sentences: vec!["S16".into(), "S17".into()],
            sources: vec!["CWE-312".into()],
        },
        applies_when: vec![Declaration::Location(LocationRole::Plaintext), Declaration::Level(Level::Store)],
        predicate,
    };
    let checks = vec![
        check(
            "residue-gone",
            "Once encryption is possible again, no plaintext of the secret stays on the disk.",
            Predicate::ResidueGone { canary: role("before"), besides: None },
        ),
        check(
            "still-there",
            "What was saved in plaintext is not lost.",
            Predicate::ValueEquals { step: label("again"), canary: role("before") },
        ),
        check(
            "quiet",
            "Neither output nor errors carry the secret.",
            Predicate::CanaryAbsent { canary: role("before"), scopes: vec![Scope::Output, Scope::Errors] },
        ),
    ];
    Case {
        rev: 2,
        title: "Plaintext is gone once encryption is possible again".into(),
        why: "Whoever reads the disk later gets tokens that the user believes to be encrypted.".into(),
        effect: "Refresh tokens stay readable for ever.".into(),
        precondition: "Read access to the files of the user, a backup is enough.".into(),
        fix: "Empty the plaintext file after the item was read back.".into(),
        properties: vec!["P12".into()],
        cwe: vec![312, 459],
        severity: Severity::High,
        world: WorldSpec { condition: Condition::NoService, ..WorldSpec::default() },
        plants: vec![Plant {
            before_session: 0,
            location: LocationRole::Plaintext,
            name: None,
            partition: Partition::Nocae,
            kind: PlantKind::File {
                mode: "0644".into(),
                text: None,
                canary: Some(role("planted")),
                age_seconds: 86_400,
            },
        }],
        faults: vec![Fault {
            during_session: 0,
            kind: FaultKind::SystemCall {
                call: CallClass::SecretWrite,
                nth: 1,
                repeat: Repeat::Once,
                effect: CallEffect::Enospc,
            },
        }],
        rendezvous: vec![Rendezvous {
            hold: Meeting { session: 0, at: Point::Bus { call: BusClass::Search, nth: 1 } },
            until: Meeting { session: 1, at: Point::End {} },
            once: Once::Passed,
        }],
        twin: Twin {
            round_trip: label("again"),
            names: BTreeMap::from([("../escape".into(), "plain".into())]),
        },
        script: Script { sessions: sessions() },
        checks,
        id,
    }
}

fn sessions() -> Vec<Session> {
    vec![
        Session {
            condition: None,
            place: Place::Home,
            overlaps: false,
            end: End::Kill,
            log: LogLevel::Default,
            steps: vec![
                Step::Open {
                    label: None,
                    store: "cache".into(),
                    name: Some("../escape".into()),
                    allow_unencrypted_storage: Some(true),
                    interaction: Interaction::Never,
                    credential: None,
                    options: Options::Given,
                },
                Step::Put {
                    label: Some(label("save")),
                    store: "cache".into(),
                    partition: Partition::Nocae,
                    canary: role("before"),
                    padding: 4096,
                },
            ],
        },
        Session {
            condition: Some(Condition::Usable),
            place: Place::Relocated,
            overlaps: true,
            end: End::Bye,
            log: LogLevel::Default,
            steps: vec![
                Step::Open {
                    label: None,
                    store: "cache".into(),
                    name: None,
                    allow_unencrypted_storage: None,
                    interaction: Interaction::Allow,
                    credential: None,
                    options: Options::Given,
                },
                Step::Get {
                    label: Some(label("again")),
                    store: "cache".into(),
                    partition: Partition::Cae,
                    canary: role("before"),
                },
                Step::Render { label: None, store: None, what: RenderWhat::LastError },
                Step::Remove { label: None, store: "cache".into(), partition: Partition::Nocae },
                Step::Close { store: "cache".into() },
            ],
        },
    ]
}
