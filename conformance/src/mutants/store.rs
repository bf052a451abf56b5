//! Stores that put the bytes where they do not belong, and stores that do not ask.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use token_cache::{
    Consent, Deadline, FileError, Interaction, LockGuard, Plan, Protector, SecretBytes,
    seams::{Files, Protected, Seams, SystemFiles},
    store::{Absence, Breakage, ItemIdentity, MemoryStore, Obstacle, Store, secret_service::SecretService},
};

use super::{
    Mutant, Part,
    altered::{Altered, AlteredStore},
};
use crate::modes::OpenOptionsMode as _;

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "absence-is-a-timeout",
        part: Part::Store,
        defect: "A missing protector is reported as one that does not answer, so nobody installs it.",
        killers: &[
            "fail-closed/dead-socket#refuses",
            "fail-closed/no-bus#refuses",
            "fail-closed/no-default-collection#refuses",
            "fail-closed/no-service#refuses",
        ],
        seams: || wrapping(|store, _| TimesOut(store)),
    },
    Mutant {
        name: "copy-beside-the-item",
        part: Part::Store,
        defect: "A copy in base64 lies beside the signal file, for the day on which the keyring is broken.",
        killers: &["encryption/first-by-default#not-in-files"],
        seams: || leaking(|path, bytes| write(path, BASE64_STANDARD.encode(bytes.expose()).as_bytes())),
    },
    Mutant {
        name: "error-quotes-the-value",
        part: Part::Store,
        defect: "The error about an item that was not understood quotes it.",
        killers: &["leakage/texts#errors"],
        seams: || wrapping(|store, _| Quoting(store)),
    },
    Mutant {
        name: "folder-before-the-probe",
        part: Part::Store,
        defect: "The folder is made before it is known whether anything can be stored.",
        killers: &[
            "fail-closed/dead-socket#nothing-created",
            "fail-closed/locked#nothing-created",
            "fail-closed/no-bus#nothing-created",
            "fail-closed/no-default-collection#nothing-created",
            "fail-closed/no-service#nothing-created",
        ],
        seams: || {
            storing(|store, plan| {
                SystemFiles.create_directory(plan.location.directory())?;
                store
            })
        },
    },
    Mutant {
        name: "label-shows-the-value",
        part: Part::Store,
        defect: "The item is labelled with what it holds, for whoever debugs it in a key manager.",
        killers: &["leakage/texts#labels"],
        seams: || wrapping(|store, plan| Labelling { store, protector: plan.protector.clone() }),
    },
    Mutant {
        name: "obfuscated-file",
        part: Part::Store,
        defect: "The value lies in a file, combined with a constant of the program, and in no protector.",
        killers: &["encryption/first-by-default#in-the-protector", "encryption/relocation#not-returned"],
        seams: || wrapping(|store, plan| Obfuscating { store, path: beside(plan, "bin") }),
    },
    Mutant {
        name: "one-item-for-all",
        part: Part::Store,
        defect: "Every cache has its own signal file and the same item.",
        killers: &[
            "isolation/names-keyring#not-overwritten",
            "isolation/names-keyring#not-read",
            "isolation/names-keyring#stored-apart",
            "isolation/partitions-keyring#not-overwritten",
            "isolation/partitions-keyring#not-read",
            "isolation/partitions-keyring#stored-apart",
            "naming/partition-suffix#item",
        ],
        seams: || {
            storing(|store, plan| {
                drop(store?);
                secret_service(&plan.protector, |_| ItemIdentity::of_file("msal.cache.nocae"))
            })
        },
    },
    Mutant {
        name: "opt-in-skips-the-probe",
        part: Part::Store,
        defect: "Who allows plaintext gets it without a look for a protector.",
        killers: &["encryption/protector-tried-first#asked"],
        seams: || {
            storing(|store, plan| match plan.consent {
                Consent::Given => Err(Absence::NoService.into()),
                Consent::Withheld => store,
            })
        },
    },
    Mutant {
        name: "item-forgotten",
        part: Part::Store,
        defect: "The value is kept in memory and said to be stored.",
        killers: &["encryption/first-by-default#in-the-protector", "naming/default-name#reached-by-its-name"],
        seams: || storing(|store, _| store.map(|_| Box::new(MemoryStore::new()) as Box<dyn Store>)),
    },
    Mutant {
        name: "temporary-in-the-clear",
        part: Part::Store,
        defect: "The value passes through a temporary file that is removed at once.",
        killers: &["encryption/first-by-default#never-written"],
        seams: || {
            leaking(|path, bytes| {
                write(path, bytes.expose())?;
                fs::remove_file(path)
            })
        },
    },
    Mutant {
        name: "value-as-an-argument",
        part: Part::Store,
        defect: "The value is handed to a program of the system on its command line.",
        killers: &["leakage/texts#processes"],
        seams: || {
            leaking(|_, bytes| {
                Command::new("/bin/true")
                    .arg(String::from_utf8_lossy(bytes.expose()).as_ref())
                    .status()
                    .map(drop)
            })
        },
    },
    Mutant {
        name: "value-on-standard-error",
        part: Part::Store,
        defect: "A trace that was meant for development prints what is stored.",
        killers: &["leakage/texts#output"],
        seams: || {
            leaking(|_, bytes| writeln!(io::stderr(), "saving {}", String::from_utf8_lossy(bytes.expose())))
        },
    },
];

/// The right parts, but for the store of the protector.
pub(super) fn storing(store: impl Fn(Protected, &Plan) -> Protected + Send + Sync + 'static) -> Seams {
    Seams { store: Box::new(store), ..Seams::real() }
}

/// The right parts, but for what is laid around the store of the protector.
pub(super) fn wrapping<T: AlteredStore + 'static>(wrap: fn(Box<dyn Store>, &Plan) -> T) -> Seams {
    storing(move |store, plan| Ok(Box::new(Altered(wrap(store?, plan)))))
}

/// The right parts, but for a leak of everything that is written.
pub(super) fn leaking(leak: fn(&Path, &SecretBytes) -> io::Result<()>) -> Seams {
    storing(move |store, plan| {
        Ok(Box::new(Altered(Leaking { store: store?, path: beside(plan, "copy"), leak })))
    })
}

struct Leaking {
    store: Box<dyn Store>,
    path: PathBuf,
    leak: fn(&Path, &SecretBytes) -> io::Result<()>,
}

impl AlteredStore for Leaking {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        (self.leak)(&self.path, bytes).map_err(|error| failed(&self.path, error))?;
        self.store.write(lock, bytes, deadline)
    }
}

struct TimesOut(Box<dyn Store>);

impl AlteredStore for TimesOut {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        match self.0.probe(interaction, deadline) {
            Err(Obstacle::Absent(_)) => Err(Breakage::TimedOut { call: "OpenSession" }.into()),
            other => other,
        }
    }
}

struct Quoting(Box<dyn Store>);

impl AlteredStore for Quoting {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match self.0.read(deadline)? {
            Some(bytes) => {
                let reason = format!("unexpected key in {}", String::from_utf8_lossy(bytes.expose()));
                Err(Obstacle::Unreadable { reason })
            }
            None => Ok(None),
        }
    }
}

struct Labelling {
    store: Box<dyn Store>,
    protector: Protector,
}

impl AlteredStore for Labelling {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        let label = String::from_utf8_lossy(bytes.expose()).into_owned();
        let labelled = secret_service(&self.protector, |item| ItemIdentity { label, ..item.clone() })?;
        labelled.write(lock, bytes, deadline)
    }
}

/// Keeps the bytes in a file of its own, each combined with a constant.
struct Obfuscating {
    store: Box<dyn Store>,
    path: PathBuf,
}

impl AlteredStore for Obfuscating {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn read(&self, _: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(SecretBytes::from(combined(&bytes)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&self.path, error)),
        }
    }

    fn write(&self, _: &LockGuard, bytes: &SecretBytes, _: Deadline) -> Result<(), Obstacle> {
        write(&self.path, &combined(bytes.expose())).map_err(|error| failed(&self.path, error))
    }

    fn clear(&self, _: &LockGuard, _: Deadline) -> Result<(), Obstacle> {
        fs::remove_file(&self.path).map_err(|error| failed(&self.path, error))
    }
}

fn combined(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// The store of another item on the same bus.
pub(super) fn secret_service(
    protector: &Protector,
    change: impl FnOnce(&ItemIdentity) -> ItemIdentity,
) -> Protected {
    match protector {
        Protector::SecretService { bus, item } => {
            Ok(Box::new(SecretService::new(bus.clone(), change(item))?))
        }
        Protector::Keychain { .. } | Protector::Dpapi | Protector::Unknown { .. } => {
            Err(Obstacle::NotBuilt { protector: protector.name() })
        }
    }
}

/// A file in the cache's folder that the reference does not have.
pub(super) fn beside(plan: &Plan, extension: &str) -> PathBuf {
    plan.location.directory().join(format!("{}.{extension}", plan.location.file()))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

pub(super) fn failed(path: &Path, error: io::Error) -> Obstacle {
    FileError::system("use", path, error).into()
}

/// What somebody once thought to be a secret.
const KEY: &[u8] = b"4d8f0c2ae91b";
