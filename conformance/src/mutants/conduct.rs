//! Stores that wait, ask, race, forget and cut off.

use std::{sync::OnceLock, thread, time::Duration};

use token_cache::{
    Deadline, Interaction, LockGuard, Protector, SecretBytes,
    store::{Absence, ItemIdentity, MemoryStore, Obstacle, Store},
};

use super::{
    Mutant, Part,
    altered::{Altered, AlteredStore},
    store::{leaking, secret_service, storing, wrapping, write},
};

/// The mutants of this kind.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "absent-is-empty",
        part: Part::Store,
        defect: "A load from a protector that is not there or locked finds nothing, instead of an obstacle.",
        killers: &["fail-closed/told-apart#locked", "fail-closed/told-apart#no-service"],
        seams: || {
            storing(|store, _| {
                let store = store.unwrap_or_else(|_| Box::new(MemoryStore::new()));
                Ok(Box::new(Altered(Forgiving(store))))
            })
        },
    },
    Mutant {
        name: "log-of-its-own",
        part: Part::Store,
        defect: "Everything that is saved is noted in a log beside the cache.",
        killers: &["leakage/log-files#no-file"],
        seams: || leaking(|path, bytes| write(&path.with_extension("log"), bytes.expose())),
    },
    Mutant {
        name: "item-kept-for-later",
        part: Part::Store,
        defect: "A removal leaves the item, in case somebody signs in again.",
        killers: &["lifecycle/remove-everywhere#item"],
        seams: || wrapping(|store, _| Keeping(store)),
    },
    Mutant {
        name: "prompts-anyway",
        part: Part::Store,
        defect: "A locked keyring is asked to unlock, whether a dialogue was allowed or not.",
        killers: &["availability/not-prompted#load", "availability/not-prompted#save"],
        seams: || wrapping(|store, _| Prompting(store)),
    },
    Mutant {
        name: "spills-what-is-large",
        part: Part::Store,
        defect: "What is larger than 64 KiB goes to a file beside the cache, too.",
        killers: &["input/large-value#no-spill"],
        seams: || {
            leaking(
                |path, bytes| {
                    if bytes.expose().len() > LARGE { write(path, bytes.expose()) } else { Ok(()) }
                },
            )
        },
    },
    Mutant {
        name: "value-cut-at-a-limit",
        part: Part::Store,
        defect: "A value ends where a buffer of 64 KiB does.",
        killers: &["input/large-value#whole"],
        seams: || wrapping(|store, _| Cutting(store)),
    },
    Mutant {
        name: "trial-item-of-all",
        part: Part::Store,
        defect: "The keyring is tried once, with an item that all programs share; a failed trial is a missing protector.",
        killers: &["availability/probe-race#stored", "fallback/probe-race#no-plaintext"],
        seams: || wrapping(|store, plan| Trying { store, protector: plan.protector.clone() }),
    },
    Mutant {
        name: "waits-for-a-bus",
        part: Part::Store,
        defect: "Where there is no bus, one is waited for.",
        killers: &["availability/no-bus#load-in-time", "availability/no-bus#save-in-time"],
        seams: || {
            storing(|store, _| {
                if store.is_err() {
                    dawdle();
                }
                store.map(|store| Box::new(Altered(Waiting(store))) as Box<dyn Store>)
            })
        },
    },
];

/// Takes whatever keeps it from reading for nothing.
struct Forgiving(Box<dyn Store>);

impl AlteredStore for Forgiving {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        match self.0.probe(interaction, deadline) {
            Ok(()) | Err(Obstacle::Absent(_) | Obstacle::Locked) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match self.0.read(deadline) {
            Err(Obstacle::Absent(_) | Obstacle::Locked) => Ok(None),
            other => other,
        }
    }
}

struct Keeping(Box<dyn Store>);

impl AlteredStore for Keeping {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn clear(&self, _: &LockGuard, _: Deadline) -> Result<(), Obstacle> {
        Ok(())
    }
}

struct Prompting(Box<dyn Store>);

impl AlteredStore for Prompting {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, _: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        self.0.probe(Interaction::Allow, deadline)
    }
}

struct Cutting(Box<dyn Store>);

impl AlteredStore for Cutting {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        let read = self.0.read(deadline)?;
        Ok(read.map(|bytes| SecretBytes::from(bytes.expose()[..bytes.expose().len().min(LARGE)].to_vec())))
    }
}

/// Stores, finds and removes an item whose name is the same for everybody, once in a process.
struct Trying {
    store: Box<dyn Store>,
    protector: Protector,
}

impl Trying {
    /// Whether the trial succeeded.
    fn succeeds(&self, deadline: Deadline) -> Result<bool, Obstacle> {
        let lock = LockGuard::without_lock();
        let trial = secret_service(&self.protector, |_| ItemIdentity::of_file("trial"))?;
        // In the middle of either, somebody else may have removed it.
        let found = trial
            .write(&lock, &SecretBytes::from(b"trial".to_vec()), deadline)
            .and_then(|()| trial.read(deadline));
        trial.clear(&lock, deadline)?;
        Ok(matches!(found, Ok(Some(_))))
    }
}

impl AlteredStore for Trying {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        static SUCCEEDED: OnceLock<bool> = OnceLock::new();
        self.store.probe(interaction, deadline)?;
        let succeeded = match SUCCEEDED.get() {
            Some(succeeded) => *succeeded,
            None => {
                let succeeds = self.succeeds(deadline)?;
                *SUCCEEDED.get_or_init(|| succeeds)
            }
        };
        if succeeded { Ok(()) } else { Err(Absence::NoService.into()) }
    }
}

/// Waits at its probe for what does not come.
struct Waiting(Box<dyn Store>);

impl AlteredStore for Waiting {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        let probed = self.0.probe(interaction, deadline);
        if let Err(Obstacle::Absent(_)) = &probed {
            dawdle();
        }
        probed
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for nothing is what is wrong with this mutant")]
fn dawdle() {
    thread::sleep(Duration::from_millis(4_200));
}

const LARGE: usize = 64 << 10;
