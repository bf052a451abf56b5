//! What shall be done with a cache: the plan before anything is touched, and the decision after the first look.

use std::fmt;

use crate::location::{BusAddress, Environment, Location, Platform};
use crate::store::{ItemIdentity, Obstacle};
use crate::{Error, TokenCachePersistenceOptions};

/// Everything that is known about a cache before anything is touched.
///
/// # Example
///
/// ```
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Linux,
/// #     home: Some("/home/alex".into()),
/// #     ..Default::default()
/// # };
/// use token_cache::{Consent, Plan, Protector, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new();
/// let plan = Plan::new(&options, &environment, "msal.cache.nocae".to_owned())?;
/// assert!(matches!(plan.protector, Protector::SecretService { .. }));
/// assert_eq!(plan.consent, Consent::Withheld);
/// # Ok::<(), token_cache::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The paths.
    pub location: Location,
    /// The user data protection that will be tried.
    pub protector: Protector,
    /// Whether plaintext was allowed.
    pub consent: Consent,
}

impl Plan {
    /// The plan that follows from what was said.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] if there is no place for the cache's folder.
    pub fn new(
        options: &TokenCachePersistenceOptions,
        environment: &Environment,
        file_name: String,
    ) -> Result<Self, Error> {
        let protector = match environment.platform {
            Platform::Linux => Protector::SecretService {
                bus: environment.bus.clone(),
                item: ItemIdentity::of_file(&file_name),
            },
            Platform::MacOs => Protector::Keychain {
                service: ItemIdentity::CLIENT_ID,
                account: keychain_account(&file_name),
            },
            Platform::Windows => Protector::Dpapi,
            Platform::Other(platform) => Protector::Unknown { platform },
        };
        let consent = if options.allows_unencrypted_storage() { Consent::Given } else { Consent::Withheld };
        Ok(Self { location: Location::new(environment, file_name)?, protector, consent })
    }
}

/// The user data protection of a platform, with what it needs to find the cache.
///
/// # Example
///
/// ```
/// use token_cache::{Kept, Protector};
///
/// assert_eq!(Protector::Dpapi.name(), "dpapi");
/// assert_eq!(Protector::Dpapi.keeps(), Kept::InTheFile);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Protector {
    /// The Secret Service of a Linux desktop.
    SecretService {
        /// The way to it.
        bus: BusAddress,
        /// The item.
        item: ItemIdentity,
    },
    /// The login keychain of macOS.
    Keychain {
        /// The service of the generic password, the same for every cache.
        service: &'static str,
        /// Its account, which keeps caches apart.
        account: String,
    },
    /// The data protection of Windows; the protected bytes are in the cache's file.
    Dpapi,
    /// None that we know.
    Unknown {
        /// The platform.
        platform: &'static str,
    },
}

impl Protector {
    /// The protector's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SecretService { .. } => "secret-service",
            Self::Keychain { .. } => "keychain",
            Self::Dpapi => "dpapi",
            Self::Unknown { .. } => "none",
        }
    }

    /// Where the protected bytes are.
    pub fn keeps(&self) -> Kept {
        match self {
            Self::SecretService { .. } | Self::Keychain { .. } | Self::Unknown { .. } => Kept::Apart,
            Self::Dpapi => Kept::InTheFile,
        }
    }
}

/// Where a protector keeps the protected bytes.
///
/// # Example: what the cache's file holds while the cache is encrypted
///
/// ```
/// use token_cache::{Kept, Protector};
///
/// fn content(protector: &Protector) -> &'static str {
///     match protector.keeps() {
///         Kept::Apart => "nothing, it only tells of changes",
///         Kept::InTheFile => "the protected bytes",
///     }
/// }
///
/// assert_eq!(content(&Protector::Dpapi), "the protected bytes");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// In a place of its own; the cache's file is an empty signal of their changes.
    Apart,
    /// In the cache's file, which is its own signal.
    InTheFile,
}

/// Whether the application allowed unencrypted storage.
///
/// # Example
///
/// ```
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Linux,
/// #     home: Some("/home/alex".into()),
/// #     ..Default::default()
/// # };
/// use token_cache::{Consent, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new().allow_unencrypted_storage(true);
/// let plan = TokenCache::builder(&options).environment(environment).plan()?;
/// assert_eq!(plan.consent, Consent::Given);
/// # Ok::<(), token_cache::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consent {
    /// It did not: the default.
    Withheld,
    /// It did.
    Given,
}

/// What was found of earlier runs.
///
/// # Example: it decides what becomes of plaintext, never whether there may be some
///
/// ```
/// use token_cache::store::Obstacle;
/// use token_cache::{Consent, Decision, Existing, Residue, decide};
///
/// let usable = |existing| decide(Ok(()), Consent::Given, existing);
/// assert_eq!(usable(Existing::Plaintext), Decision::Encrypted(Residue::Import));
/// assert_eq!(usable(Existing::Both), Decision::Encrypted(Residue::Empty));
///
/// let locked = decide(Err(&Obstacle::Locked), Consent::Given, Existing::Plaintext);
/// assert_eq!(locked, Decision::Refuse);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// An item in the protector.
    Item,
    /// A file with content.
    Plaintext,
    /// An item, and a file with content.
    Both,
    /// An empty signal file: there was an item once, and it may still be there.
    SignalOnly,
}

impl Existing {
    /// Whether there are signs that this cache was encrypted before.
    fn past(self) -> Past {
        match self {
            Self::Item | Self::Both | Self::SignalOnly => Past::Encrypted,
            Self::Nothing | Self::Plaintext => Past::Unencrypted,
        }
    }
}

/// What is done with a cache.
///
/// # Example
///
/// ```
/// use token_cache::{Consent, Decision, Existing, Residue, decide};
///
/// let decision = decide(Ok(()), Consent::Withheld, Existing::Nothing);
/// assert_eq!(decision, Decision::Encrypted(Residue::Clean));
/// ```
#[derive(Debug, Eq, PartialEq)]
pub enum Decision {
    /// The protector is used.
    Encrypted(Residue),
    /// The plaintext file is used.
    Plaintext(PlaintextPermit),
    /// Nothing is used; what stands in the way is the error.
    Refuse,
}

/// What happens to plaintext that lies beside a usable protector.
///
/// # Example: without consent it is not even read
///
/// ```
/// use token_cache::{Consent, Decision, Existing, Residue, decide};
///
/// let decision = decide(Ok(()), Consent::Withheld, Existing::Plaintext);
/// assert_eq!(decision, Decision::Encrypted(Residue::Report));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Residue {
    /// There is none.
    Clean,
    /// It is reported; it is neither read nor erased.
    Report,
    /// It is read once, written to the protector, read back, then emptied and reported.
    Import,
    /// The item wins: it is emptied unread and reported.
    Empty,
}

/// Whether a cache that is about to be plaintext was encrypted before.
///
/// # Example: an empty file says that there was an item once
///
/// ```
/// use token_cache::store::{Absence, Obstacle};
/// use token_cache::{Consent, Decision, Existing, Past, decide};
///
/// let absent = Obstacle::from(Absence::NoService);
/// match decide(Err(&absent), Consent::Given, Existing::SignalOnly) {
///     Decision::Plaintext(permit) => assert_eq!(permit.past(), Past::Encrypted),
///     Decision::Encrypted(_) | Decision::Refuse => unreachable!("there is consent"),
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Past {
    /// There is no sign of it.
    Unencrypted,
    /// There is: the cache starts empty and the demotion is announced.
    Encrypted,
}

/// The permission to store plaintext: only [`decide`] makes one, and the plaintext store asks for it.
///
/// # Example
///
/// ```
/// use token_cache::store::{Absence, Obstacle};
/// use token_cache::{Consent, Decision, Existing, Past, PlaintextPermit, decide};
///
/// fn permit(consent: Consent) -> Option<PlaintextPermit> {
///     let absent = Obstacle::from(Absence::NoService);
///     match decide(Err(&absent), consent, Existing::Nothing) {
///         Decision::Plaintext(permit) => Some(permit),
///         Decision::Encrypted(_) | Decision::Refuse => None,
///     }
/// }
///
/// assert_eq!(permit(Consent::Withheld), None);
/// assert_eq!(permit(Consent::Given).map(|permit| permit.past()), Some(Past::Unencrypted));
/// ```
///
/// Nobody else makes one:
///
/// ```compile_fail,E0451
/// use token_cache::{Past, PlaintextPermit};
///
/// let permit = PlaintextPermit { past: Past::Unencrypted, _decided: () };
/// ```
#[derive(Eq, PartialEq)]
pub struct PlaintextPermit {
    past: Past,
    /// Keeps the type from being built elsewhere.
    _decided: (),
}

impl PlaintextPermit {
    /// Whether the cache was encrypted before.
    pub fn past(&self) -> Past {
        self.past
    }
}

impl fmt::Debug for PlaintextPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaintextPermit").field("past", &self.past).finish()
    }
}

/// The decision table.
///
/// Plaintext is the answer in one row only, [`Obstacle::Absent`], and there only by consent (S5, S6, S14).
/// A refusal does not depend on what exists, so nothing need be looked at to refuse.
///
/// # Example
///
/// ```
/// use token_cache::store::{Absence, Obstacle};
/// use token_cache::{Consent, Decision, Existing, decide};
///
/// let absent = Obstacle::from(Absence::NoService);
/// assert_eq!(decide(Err(&absent), Consent::Withheld, Existing::Nothing), Decision::Refuse);
/// assert!(matches!(decide(Err(&absent), Consent::Given, Existing::Nothing), Decision::Plaintext(_)));
///
/// // A locked keyring is there, whatever was allowed.
/// assert_eq!(decide(Err(&Obstacle::Locked), Consent::Given, Existing::Nothing), Decision::Refuse);
/// ```
pub fn decide(probe: Result<(), &Obstacle>, consent: Consent, existing: Existing) -> Decision {
    match (probe, consent) {
        (Ok(()), Consent::Withheld) => Decision::Encrypted(match existing {
            Existing::Plaintext | Existing::Both => Residue::Report,
            Existing::Nothing | Existing::Item | Existing::SignalOnly => Residue::Clean,
        }),
        (Ok(()), Consent::Given) => Decision::Encrypted(match existing {
            Existing::Plaintext => Residue::Import,
            Existing::Both => Residue::Empty,
            Existing::Nothing | Existing::Item | Existing::SignalOnly => Residue::Clean,
        }),
        (Err(Obstacle::Absent(_)), Consent::Withheld) => Decision::Refuse,
        (Err(Obstacle::Absent(_)), Consent::Given) => {
            Decision::Plaintext(PlaintextPermit { past: existing.past(), _decided: () })
        }
        (
            Err(
                Obstacle::NotBuilt { .. }
                | Obstacle::Locked
                | Obstacle::Refused { .. }
                | Obstacle::Misconfigured(_)
                | Obstacle::Ambiguous { .. }
                | Obstacle::Unreadable { .. }
                | Obstacle::Broken(_)
                | Obstacle::File(_),
            ),
            Consent::Withheld | Consent::Given,
        ) => Decision::Refuse,
    }
}

/// The account of a keychain item: azure-identity for Python keeps its first account for the default cache.
fn keychain_account(file_name: &str) -> String {
    match file_name {
        "msal.cache.nocae" => "MSALCache".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::fs::{FileError, Finding};
    use crate::store::{Absence, Breakage, Misconfiguration};

    pub(crate) const CONSENTS: [Consent; 2] = [Consent::Withheld, Consent::Given];
    pub(crate) const EXISTING: [Existing; 5] =
        [Existing::Nothing, Existing::Item, Existing::Plaintext, Existing::Both, Existing::SignalOnly];

    /// One obstacle of every kind that a store can report, with the name of its row.
    pub(crate) fn obstacles() -> Vec<(&'static str, Obstacle)> {
        let protocol = Breakage::Protocol { call: "Probe", detail: String::new() };
        vec![
            ("Absent: no bus address", Absence::NoBusAddress { default_socket: None }.into()),
            (
                "Absent: bus unreachable",
                Absence::BusUnreachable { path: PathBuf::from("/bus"), cause: "ECONNREFUSED" }.into(),
            ),
            ("Absent: no service", Absence::NoService.into()),
            ("Absent: no persistent collection", Absence::NoCollection.into()),
            ("Absent: no keychain", Absence::NoKeychain { cause: "errSecNoDefaultKeychain" }.into()),
            ("Absent: platform", Absence::Platform { platform: "plan9" }.into()),
            ("NotBuilt", Obstacle::NotBuilt { protector: "keychain" }),
            ("Locked", Obstacle::Locked),
            ("Refused", Obstacle::Refused { reason: String::new() }),
            ("Misconfigured: transport", Misconfiguration::Transport { transport: "tcp".to_owned() }.into()),
            ("Misconfigured: address", Misconfiguration::Address.into()),
            ("Misconfigured: foreign peer", Misconfiguration::ForeignPeer { owner: 1 }.into()),
            ("Misconfigured: network logon", Misconfiguration::NetworkLogon.into()),
            ("Misconfigured: no profile", Misconfiguration::NoProfile.into()),
            ("Misconfigured: no default alias", Misconfiguration::NoDefaultAlias.into()),
            ("Misconfigured: session alias", Misconfiguration::SessionAlias.into()),
            ("Ambiguous", Obstacle::Ambiguous { count: 2 }),
            ("Unreadable", Obstacle::Unreadable { reason: String::new() }),
            ("Broken: timeout", Breakage::TimedOut { call: "Probe" }.into()),
            ("Broken: read-back differs", Breakage::ReadBackDiffers.into()),
            ("Broken: too large", Breakage::TooLarge { bytes: 1 }.into()),
            ("Broken: protocol", protocol.into()),
            ("Broken: service", Breakage::Service { call: "Probe", name: String::new() }.into()),
            ("Broken: disconnected", Breakage::Disconnected { call: "Probe" }.into()),
            ("Broken: outcome unknown", Breakage::OutcomeUnknown { call: "Write" }.into()),
            ("Broken: file", FileError::Unsafe { path: PathBuf::new(), finding: Finding::Link }.into()),
        ]
    }

    fn probes<'a>(
        obstacles: &'a [(&'static str, Obstacle)],
    ) -> Vec<(&'static str, Result<(), &'a Obstacle>)> {
        let rows = obstacles.iter().map(|(name, obstacle)| (*name, Err(obstacle)));
        std::iter::once(("Usable", Ok(()))).chain(rows).collect()
    }

    #[test]
    fn every_cell_of_the_table_is_published() {
        let mut table = String::new();
        for (name, probe) in probes(&obstacles()) {
            for consent in CONSENTS {
                for existing in EXISTING {
                    let decision = decide(probe, consent, existing);
                    let cell = format!("{name} | {consent:?} | {existing:?} => {decision:?}\n");
                    table.push_str(&cell);
                }
            }
        }
        insta::assert_snapshot!("decision_table", table);
    }

    #[test]
    fn plaintext_needs_an_absent_protector_and_consent() {
        for (name, probe) in probes(&obstacles()) {
            for consent in CONSENTS {
                for existing in EXISTING {
                    let plaintext = matches!(decide(probe, consent, existing), Decision::Plaintext(_));
                    let allowed = name.starts_with("Absent") && consent == Consent::Given;
                    assert_eq!(plaintext, allowed, "{name} {consent:?} {existing:?}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_does_not_depend_on_what_exists() {
        for (name, probe) in probes(&obstacles()) {
            for consent in CONSENTS {
                let refused = |existing| decide(probe, consent, existing) == Decision::Refuse;
                let first = refused(Existing::Nothing);
                assert!(
                    EXISTING.into_iter().all(|existing| refused(existing) == first),
                    "{name} {consent:?}"
                );
            }
        }
    }

    #[test]
    fn the_keychain_account_is_the_one_that_python_uses() {
        assert_eq!(keychain_account("msal.cache.nocae"), "MSALCache");
        assert_eq!(keychain_account("msal.cache.cae"), "msal.cache.cae");
        assert_eq!(keychain_account("app.nocae"), "app.nocae");
    }

    proptest! {
        #[test]
        fn consent_never_changes_the_answer_of_a_usable_protector_to_plaintext(pick in 0..EXISTING.len()) {
            for consent in CONSENTS {
                prop_assert!(matches!(decide(Ok(()), consent, EXISTING[pick]), Decision::Encrypted(_)));
            }
        }
    }
}
