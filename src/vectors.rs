//! The vectors of `fixtures/` and this library say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::plan::tests::{CONSENTS, EXISTING, obstacles};
use crate::plan::{Consent, Decision, Existing, Past, Plan, Protector, Residue, decide};
use crate::store::{Absence, Breakage, ItemIdentity, Misconfiguration, Obstacle};
use crate::{
    CacheName, Environment, Error, ErrorKind, Location, NameError, Partition, Platform,
    TokenCachePersistenceOptions,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    format: u32,
    default_name: String,
    suffixes: Suffixed,
    longest_name_bytes: usize,
    vectors: Vec<NameVector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suffixed {
    nocae: String,
    cae: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameVector {
    name: String,
    why: String,
    accepted: bool,
    files: Option<Suffixed>,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Items {
    format: u32,
    vectors: Vec<ItemVector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemVector {
    name: Option<String>,
    partition: String,
    file: String,
    linux: LinuxItem,
    macos: MacosItem,
    windows: WindowsFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinuxItem {
    collection: String,
    attributes: BTreeMap<String, String>,
    label: String,
    content_type: String,
    signal: String,
    plaintext: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MacosItem {
    service: String,
    account: String,
    signal: String,
    plaintext: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowsFile {
    protected: String,
    plaintext: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    format: u32,
    probes: BTreeMap<String, String>,
    vectors: Vec<DecisionVector>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionVector {
    probe: String,
    opt_in: bool,
    existing: String,
    decision: String,
    plaintext_found: Option<String>,
    demoted: Option<bool>,
    error: Option<String>,
}

#[test]
fn every_name_is_accepted_or_refused_as_its_vector_says() {
    let Names { format, default_name, suffixes, longest_name_bytes, vectors } = parsed(NAMES);
    assert_eq!((format, default_name.as_str()), (FORMAT, CacheName::DEFAULT));
    assert_eq!((suffixes.nocae.as_str(), suffixes.cae.as_str()), (".nocae", ".cae"));
    assert!(CacheName::parse(&"n".repeat(longest_name_bytes)).is_ok());
    assert!(CacheName::parse(&"n".repeat(longest_name_bytes + 1)).is_err());
    for NameVector { name, why, accepted, files, reasons } in &vectors {
        match CacheName::parse(name) {
            Ok(parsed) => {
                assert!(accepted, "{name:?} is accepted, and the vector refuses it: {why}");
                let files = files.as_ref().expect("an accepted name has files");
                assert_eq!(files.nocae, parsed.file_name(Partition::NoCae));
                assert_eq!(files.cae, parsed.file_name(Partition::Cae));
            }
            Err(error) => {
                assert!(!accepted, "{name:?} is refused, and the vector accepts it: {why}");
                let reason = reason(&error);
                assert!(reasons.iter().any(|known| known == reason), "{name:?} is refused as {reason}");
            }
        }
    }
}

#[test]
fn the_names_show_every_reason_and_no_two_of_them_one_file() {
    let Names { vectors, .. } = parsed(NAMES);
    let reasons: BTreeSet<_> =
        vectors.iter().flat_map(|vector| &vector.reasons).map(String::as_str).collect();
    let errors = vectors.iter().filter_map(|vector| CacheName::parse(&vector.name).err());
    assert_eq!(errors.map(|error| reason(&error)).collect::<BTreeSet<_>>(), reasons);
    assert_eq!(reasons, BTreeSet::from(REASONS));

    let files: Vec<_> = vectors.iter().filter_map(|vector| vector.files.as_ref()).collect();
    let distinct: BTreeSet<_> = files.iter().flat_map(|files| [&files.nocae, &files.cae]).collect();
    assert_eq!(distinct.len(), 2 * files.len());
}

#[test]
fn every_item_is_called_as_its_vector_says() {
    let Items { format, vectors } = parsed(ITEMS);
    assert_eq!(format, FORMAT);
    for vector in &vectors {
        let ItemVector { name, partition, file, linux, macos, windows } = vector;
        let options = TokenCachePersistenceOptions::new();
        let options = name.iter().fold(options, |options, name| options.name(name));
        let name = name.as_deref().map_or_else(|| Ok(CacheName::default()), CacheName::parse);
        let partition = match partition.as_str() {
            "nocae" => Partition::NoCae,
            "cae" => Partition::Cae,
            other => panic!("there is no partition {other}"),
        };
        assert_eq!(*file, name.expect("the name is accepted").file_name(partition));

        let plan =
            |platform| Plan::new(&options, &environment(platform), file.clone()).expect("there is a home");
        let on_linux = plan(Platform::Linux);
        let Protector::SecretService { item, .. } = &on_linux.protector else {
            panic!("Linux has the Secret Service");
        };
        let ItemIdentity { attributes, label, content_type } = item;
        assert_eq!(linux.collection, "default");
        assert_eq!((&linux.attributes, &linux.label, &linux.content_type), (attributes, label, content_type));
        assert_eq!((&linux.signal, &linux.plaintext), (&path(HOME, &on_linux), &plaintext(HOME, &on_linux)));

        let on_macos = plan(Platform::MacOs);
        let Protector::Keychain { service, account } = &on_macos.protector else {
            panic!("macOS has the keychain");
        };
        assert_eq!((macos.service.as_str(), &macos.account), (*service, account));
        assert_eq!((&macos.signal, &macos.plaintext), (&path(HOME, &on_macos), &plaintext(HOME, &on_macos)));

        let on_windows = plan(Platform::Windows);
        assert_eq!(on_windows.protector, Protector::Dpapi);
        let found = (&path(DATA, &on_windows), &plaintext(DATA, &on_windows));
        assert_eq!((&windows.protected, &windows.plaintext), found);
    }
}

#[test]
fn no_two_items_of_different_caches_are_one() {
    let Items { vectors, .. } = parsed(ITEMS);
    for (number, one) in vectors.iter().enumerate() {
        for other in &vectors[..number] {
            let same = one.file == other.file;
            assert_eq!(one.linux.attributes == other.linux.attributes, same);
            assert_eq!(one.macos.account == other.macos.account, same);
            assert_eq!(one.windows.protected == other.windows.protected, same);
        }
    }
}

#[test]
fn every_cell_of_the_decision_table_has_one_vector_that_says_the_same() {
    let Decisions { format, probes, vectors } = parsed(DECISIONS);
    assert_eq!(format, FORMAT);
    let obstacles = obstacles();
    let mut seen = BTreeSet::new();
    for (consent, opt_in) in CONSENTS.into_iter().zip([false, true]) {
        assert_eq!(consent == Consent::Given, opt_in);
        for existing in EXISTING {
            let usable = (None, USABLE);
            let others = obstacles.iter().map(|(_, obstacle)| (Some(obstacle), row(obstacle)));
            for (obstacle, probe) in std::iter::once(usable).chain(others) {
                assert!(probes.contains_key(probe), "{probe} is not explained");
                let mut cell = vectors.iter().filter(|vector| {
                    (vector.probe.as_str(), vector.opt_in, vector.existing.as_str())
                        == (probe, opt_in, word(existing))
                });
                let vector = cell.next().unwrap_or_else(|| panic!("{probe} has a vector for every cell"));
                assert!(cell.next().is_none(), "{probe} has two vectors for one cell");
                agree(vector, &decide(obstacle.map_or(Ok(()), Err), consent, existing));
                seen.insert(probe);
            }
        }
    }
    assert_eq!(seen, probes.keys().map(String::as_str).collect());
    assert_eq!(vectors.len(), seen.len() * CONSENTS.len() * EXISTING.len());
}

#[test]
fn a_refusal_is_told_as_its_vector_says() {
    let Decisions { vectors, .. } = parsed(DECISIONS);
    for (_, obstacle) in obstacles() {
        let probe = row(&obstacle);
        let kind = kind(Error::from(obstacle).kind());
        for vector in vectors.iter().filter(|vector| vector.probe == probe && vector.decision == "refused") {
            assert_eq!(vector.error.as_deref(), Some(kind), "{vector:?}");
        }
    }
}

fn agree(vector: &DecisionVector, decision: &Decision) {
    let DecisionVector { decision: said, plaintext_found, demoted, error, .. } = vector;
    let said = (said.as_str(), plaintext_found.as_deref(), *demoted, error.is_some());
    let found = match decision {
        Decision::Encrypted(residue) => ("encrypted", Some(treated(*residue)), None, false),
        Decision::Plaintext(permit) => ("plaintext", None, Some(permit.past() == Past::Encrypted), false),
        Decision::Refuse => ("refused", None, None, true),
    };
    assert_eq!(said, found, "{vector:?}");
}

fn treated(residue: Residue) -> &'static str {
    match residue {
        Residue::Clean => "none",
        Residue::Report => "reported",
        Residue::Import => "imported",
        Residue::Empty => "emptied",
    }
}

fn word(existing: Existing) -> &'static str {
    match existing {
        Existing::Nothing => "nothing",
        Existing::Item => "item",
        Existing::Plaintext => "plaintext",
        Existing::Both => "both",
        Existing::SignalOnly => "signal_only",
    }
}

/// The row of an obstacle: whoever adds one adds a row of vectors.
fn row(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Absent(Absence::NoBusAddress { .. }) => "absent/no-bus-address",
        Obstacle::Absent(Absence::BusUnreachable { .. }) => "absent/bus-unreachable",
        Obstacle::Absent(Absence::NoService) => "absent/no-service",
        Obstacle::Absent(Absence::NoCollection) => "absent/no-persistent-collection",
        Obstacle::Absent(Absence::NoKeychain { .. }) => "absent/no-keychain",
        Obstacle::Absent(Absence::Platform { .. }) => "absent/platform",
        Obstacle::NotBuilt { .. } => "not-built",
        Obstacle::Locked => "locked",
        Obstacle::Refused { .. } => "refused",
        Obstacle::Misconfigured(Misconfiguration::Transport { .. }) => "misconfigured/transport",
        Obstacle::Misconfigured(Misconfiguration::Address) => "misconfigured/address",
        Obstacle::Misconfigured(Misconfiguration::ForeignPeer { .. }) => "misconfigured/foreign-peer",
        Obstacle::Misconfigured(Misconfiguration::NetworkLogon) => "misconfigured/network-logon",
        Obstacle::Misconfigured(Misconfiguration::NoProfile) => "misconfigured/no-profile",
        Obstacle::Misconfigured(Misconfiguration::NoDefaultAlias) => "misconfigured/no-default-alias",
        Obstacle::Misconfigured(Misconfiguration::SessionAlias) => "misconfigured/session-alias",
        Obstacle::Ambiguous { .. } => "ambiguous",
        Obstacle::Unreadable { .. } => "unreadable",
        Obstacle::Broken(Breakage::TimedOut { .. }) => "broken/timeout",
        Obstacle::Broken(Breakage::ReadBackDiffers) => "broken/read-back-differs",
        Obstacle::Broken(Breakage::TooLarge { .. }) => "broken/too-large",
        Obstacle::Broken(Breakage::Protocol { .. }) => "broken/protocol",
        Obstacle::Broken(Breakage::Service { .. }) => "broken/service",
        Obstacle::Broken(Breakage::Disconnected { .. }) => "broken/disconnected",
        Obstacle::Broken(Breakage::OutcomeUnknown { .. }) => "broken/outcome-unknown",
        Obstacle::File(_) => "broken/file",
    }
}

fn reason(error: &NameError) -> &'static str {
    match error {
        NameError::Blank => "blank",
        NameError::TooLong { .. } => "too_long",
        NameError::Dots => "dots",
        NameError::Separator => "separator",
        NameError::Colon => "colon",
        NameError::Control { .. } => "control",
        NameError::Bidi { .. } => "bidi",
        NameError::TrailingDotOrSpace => "trailing_dot_or_space",
        NameError::Device => "device",
    }
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::EncryptionUnavailable => "encryption_unavailable",
        ErrorKind::Locked => "locked",
        ErrorKind::AccessDenied => "access_denied",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Busy => "busy",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Io => "io",
        ErrorKind::Cancelled => "cancelled",
    }
}

fn environment(platform: Platform) -> Environment {
    Environment {
        platform,
        // Absolute on the system that runs, as a location of that system has to be.
        home: Some(if cfg!(windows) { r"C:\home" } else { "/home/alex" }.into()),
        local_app_data: Some(if cfg!(windows) { r"C:\data" } else { "/data" }.into()),
        ..Environment::default()
    }
}

/// A variable and the separator of its platform.
type Parent = (&'static str, char);

const HOME: Parent = ("$HOME", '/');
const DATA: Parent = ("%LOCALAPPDATA%", '\\');

fn path(parent: Parent, plan: &Plan) -> String {
    below(parent, &plan.location, plan.location.file())
}

fn plaintext(parent: Parent, plan: &Plan) -> String {
    below(parent, &plan.location, plan.location.plaintext())
}

/// A path as the platform writes it, which need not be the one that runs.
fn below((variable, separator): Parent, location: &Location, file: &str) -> String {
    let folder =
        location.directory().file_name().expect("the folder has a name").to_str().expect("it is ASCII");
    assert!(location.directory().parent().is_some_and(Path::is_absolute));
    format!("{variable}{separator}{folder}{separator}{file}")
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("the vectors have not the documented form: {error}"))
}

const FORMAT: u32 = 1;
const USABLE: &str = "usable";
const REASONS: [&str; 9] =
    ["bidi", "blank", "colon", "control", "device", "dots", "separator", "too_long", "trailing_dot_or_space"];

const NAMES: &str = include_str!("../fixtures/names/names.json");
const ITEMS: &str = include_str!("../fixtures/items/items.json");
const DECISIONS: &str = include_str!("../fixtures/decisions/decisions.json");
