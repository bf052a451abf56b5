//! Credentials that ask at the wrong time, keep too little or too much, or consent for others.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use token_cache::{TokenCachePersistenceOptions, seams::Seams};

use super::{Mutant, Part, Variant};
use crate::{
    adapter::reference::{Habits, Issued},
    case::Partition,
    modes::OpenOptionsMode as _,
    protocol::CredentialKind,
};

/// The mutants of this part, each with its habits.
pub(super) const MUTANTS: &[(Mutant, MakeHabits)] = &[
    (
        Mutant {
            name: "access-token-beside",
            part: Part::Credential,
            defect: "The access token also lies in a file of its own, for scripts that want one.",
            killers: &["encryption/every-secret#access-token"],
            seams: Seams::real,
        },
        || Arc::new(Copying("access.token", |issued| issued.access_token.as_deref())),
    ),
    (
        Mutant {
            name: "id-token-beside",
            part: Part::Credential,
            defect: "The id token lies in a file of its own, because it is no credential.",
            killers: &["encryption/browser-sign-in#id-token", "encryption/every-secret#id-token"],
            seams: Seams::real,
        },
        || Arc::new(Copying("id.token", |issued| issued.id_token.as_deref())),
    ),
    (
        Mutant {
            name: "refresh-token-beside",
            part: Part::Credential,
            defect: "The cache protects access tokens; the refresh token lies in a file of its own.",
            killers: &[
                "encryption/browser-sign-in#refresh-token",
                "encryption/every-secret#refresh-token",
                "fallback/sign-in#born-private",
                "isolation/sign-in-per-partition#item",
            ],
            seams: Seams::real,
        },
        || Arc::new(RefreshTokenBeside),
    ),
    (
        Mutant {
            name: "refresh-token-forgotten",
            part: Part::Credential,
            defect: "Access tokens are kept and refresh tokens are not, so every hour the user signs in.",
            killers: &[
                "durability/refresh-token#renewed",
                "durability/rotated-refresh-token#still-signed-in",
            ],
            seams: Seams::real,
        },
        || Arc::new(Keeping(|issued, _| Issued { refresh_token: None, ..issued })),
    ),
    (
        Mutant {
            name: "first-refresh-token-kept",
            part: Part::Credential,
            defect: "A refresh token that is there is not replaced by the one that came for it.",
            killers: &[
                "durability/rotated-refresh-token#newest-used",
                "durability/rotated-refresh-token#still-signed-in",
            ],
            seams: Seams::real,
        },
        || {
            Arc::new(Keeping(|issued, before| match before {
                Some(before) => Issued { refresh_token: Some(before.into()), ..issued },
                None => issued,
            }))
        },
    ),
    (
        Mutant {
            name: "nothing-kept",
            part: Part::Credential,
            defect: "Tokens are for this process only, and success is reported all the same.",
            killers: &[
                "durability/refresh-token#read",
                "encryption/browser-sign-in#persisted",
                "fallback/sign-in#works",
                "isolation/sign-in-per-partition#found",
            ],
            seams: Seams::real,
        },
        || Arc::new(Keeping(|_, _| Issued { access_token: None, refresh_token: None, id_token: None })),
    ),
    (
        Mutant {
            name: "asks-before-the-cache",
            part: Part::Credential,
            defect: "The user signs in, and then it is found out whether anything can be kept.",
            killers: &["fail-closed/sign-in#nobody-asked"],
            seams: Seams::real,
        },
        || Arc::new(AsksFirst),
    ),
    (
        Mutant {
            name: "one-partition",
            part: Part::Credential,
            defect: "Tokens for continuous access evaluation lie with all others.",
            killers: &["isolation/sign-in-per-partition#item", "isolation/sign-in-per-partition#not-read"],
            seams: Seams::real,
        },
        || Arc::new(OnePartition),
    ),
    (
        Mutant {
            name: "consent-assumed",
            part: Part::Credential,
            defect: "Where a user signs in, plaintext is allowed whatever the options say: better than a new sign-in.",
            killers: &["fail-closed/shared-with-options#refuses", "fail-closed/sign-in#refuses"],
            seams: Seams::real,
        },
        || {
            Arc::new(Choosing(|kind, given| {
                let options = given.unwrap_or_default();
                if kind.is_for_user() { options.allow_unencrypted_storage(true) } else { options }
            }))
        },
    ),
    (
        Mutant {
            name: "consent-without-options",
            part: Part::Credential,
            defect: "Who gives no options gets the default cache, encrypted or not.",
            killers: &["fail-closed/shared-without-options#refuses"],
            seams: Seams::real,
        },
        || {
            Arc::new(Choosing(|_, given| {
                given.unwrap_or_else(|| TokenCachePersistenceOptions::new().allow_unencrypted_storage(true))
            }))
        },
    ),
    (
        Mutant {
            name: "name-not-handed-on",
            part: Part::Credential,
            defect: "The credential hands the opt-in to its cache and forgets the name.",
            killers: &["naming/shared-token-cache#named-not-read"],
            seams: Seams::real,
        },
        || {
            Arc::new(Choosing(|_, given| {
                let allowed = given.is_some_and(|given| given.allows_unencrypted_storage());
                TokenCachePersistenceOptions::new().allow_unencrypted_storage(allowed)
            }))
        },
    ),
    (
        Mutant {
            name: "shared-cache-of-its-own",
            part: Part::Credential,
            defect: "The credential of the shared cache looks under another name than everybody else.",
            killers: &["naming/shared-token-cache#found", "naming/shared-token-cache#found-without-options"],
            seams: Seams::real,
        },
        || {
            Arc::new(Choosing(|kind, given| {
                let options = given.unwrap_or_default();
                if kind == CredentialKind::SharedTokenCache { options.name("shared.cache") } else { options }
            }))
        },
    ),
    (
        Mutant {
            name: "folder-on-looking",
            part: Part::Credential,
            defect: "Whoever looks for the shared cache makes its folder first.",
            killers: &["fail-closed/shared-without-options-fresh#nothing-created"],
            seams: Seams::real,
        },
        || Arc::new(MakesFolder),
    ),
    (
        Mutant {
            name: "logs-what-is-issued",
            part: Part::Credential,
            defect: "With logging on, each answer of the authority is printed as it came.",
            killers: &[
                "leakage/sign-in#id-token",
                "leakage/sign-in#refresh-token",
                "leakage/sign-in#replaced-token",
            ],
            seams: Seams::real,
        },
        || Arc::new(Logging(|issued| format!("{issued:?}"))),
    ),
];

/// The variants of this part, each with its habits.
pub(super) const VARIANTS: &[(Variant, MakeHabits)] = &[
    (
        Variant {
            name: "id-token-dropped",
            difference: "The id token is read and not kept.",
            seams: Seams::real,
        },
        || Arc::new(Keeping(|issued, _| Issued { id_token: None, ..issued })),
    ),
    (
        Variant {
            name: "logs-what-kind-is-issued",
            difference: "With logging on, it is printed which kinds of tokens came, and no token.",
            seams: Seams::real,
        },
        || Arc::new(Logging(|issued| format!("a refresh token: {}", issued.refresh_token.is_some()))),
    ),
];

/// Makes the habits of a mutant or a variant.
type MakeHabits = fn() -> Arc<dyn Habits>;

/// The habits of a name of this part.
pub(super) fn habits(name: &str) -> Option<Arc<dyn Habits>> {
    let mutants = MUTANTS.iter().map(|(mutant, make)| (mutant.name, make));
    let variants = VARIANTS.iter().map(|(variant, make)| (variant.name, make));
    mutants.chain(variants).find(|(known, _)| *known == name).map(|(_, make)| make())
}

struct Keeping(fn(Issued, Option<&str>) -> Issued);

impl Habits for Keeping {
    fn kept(&self, issued: Issued, before: Option<&str>, _: &Path) -> io::Result<Issued> {
        Ok((self.0)(issued, before))
    }
}

struct Choosing(fn(CredentialKind, Option<TokenCachePersistenceOptions>) -> TokenCachePersistenceOptions);

impl Habits for Choosing {
    fn options(
        &self,
        kind: CredentialKind,
        given: Option<TokenCachePersistenceOptions>,
    ) -> TokenCachePersistenceOptions {
        (self.0)(kind, given)
    }
}

struct Logging(fn(&Issued) -> String);

impl Habits for Logging {
    fn log(&self, issued: &Issued) -> io::Result<()> {
        writeln!(io::stderr(), "the authority answered, {}", (self.0)(issued))
    }
}

/// Copies one of the secrets to a file.
struct Copying(&'static str, fn(&Issued) -> Option<&str>);

impl Habits for Copying {
    fn kept(&self, issued: Issued, _: Option<&str>, folder: &Path) -> io::Result<Issued> {
        if let Some(secret) = (self.1)(&issued) {
            write(folder, self.0, secret)?;
        }
        Ok(issued)
    }
}

struct RefreshTokenBeside;

impl Habits for RefreshTokenBeside {
    fn kept(&self, mut issued: Issued, _: Option<&str>, folder: &Path) -> io::Result<Issued> {
        if let Some(secret) = issued.refresh_token.take() {
            write(folder, REFRESH_TOKEN, &secret)?;
        }
        Ok(issued)
    }

    fn remembered(&self, folder: &Path) -> Option<String> {
        fs::read_to_string(folder.join(REFRESH_TOKEN)).ok()
    }
}

struct AsksFirst;

impl Habits for AsksFirst {
    fn asks_first(&self) -> bool {
        true
    }
}

struct OnePartition;

impl Habits for OnePartition {
    fn partition(&self, _: Partition) -> Partition {
        Partition::Nocae
    }
}

struct MakesFolder;

impl Habits for MakesFolder {
    fn before_opening(&self, kind: CredentialKind, folder: &Path) -> io::Result<()> {
        match kind {
            CredentialKind::SharedTokenCache => fs::create_dir_all(folder),
            CredentialKind::ClientSecret | CredentialKind::DeviceCode | CredentialKind::Interactive => Ok(()),
        }
    }
}

/// Writes a file as somebody does who does not think of its mode.
fn write(folder: &Path, name: &str, secret: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o644).open(folder.join(name))?;
    file.write_all(secret.as_bytes())
}

const REFRESH_TOKEN: &str = "refresh.token";
