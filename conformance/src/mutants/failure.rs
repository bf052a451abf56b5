//! Stores that take a failure of the keyring for something else: for success, for nothing, for no keyring, for patience.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use token_cache::{
    Deadline, Interaction, LockGuard, SecretBytes,
    store::{Absence, Breakage, Obstacle, Store},
};

use super::{
    Mutant, Part,
    altered::AlteredStore,
    store::{beside, failed, wrapping, write},
};

/// The mutants of this kind.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "failure-counts-as-success",
        part: Part::Store,
        defect: "Whatever goes wrong with the keyring is written to a log that nobody reads, and the save is said to be done.",
        killers: &[
            "availability/hang-open-session#refuses",
            "availability/hang-save#refuses",
            "availability/hang-search#refuses",
            "fail-closed/disconnect#refuses",
            "fail-closed/save-denied#refuses",
            "fail-closed/save-dropped#refuses",
            "fail-closed/save-too-large#refuses",
        ],
        seams: || wrapping(|store, _| Cheerful { store, remembered: Mutex::default() }),
    },
    Mutant {
        name: "failed-save-goes-to-a-file",
        part: Part::Store,
        defect: "What the keyring did not take is written to a file, so that it is not lost.",
        killers: &[
            "availability/hang-save#not-in-plaintext",
            "fail-closed/disconnect#not-in-plaintext",
            "fail-closed/save-denied#not-in-plaintext",
            "fail-closed/save-too-large#not-in-plaintext",
        ],
        seams: || wrapping(|store, plan| Rescuing { store, path: beside(plan, "rescued") }),
    },
    Mutant {
        name: "late-counts-as-absent",
        part: Part::Store,
        defect: "A keyring that does not answer within a second is taken for none.",
        killers: &[
            "availability/hang-open-session#not-in-plaintext",
            "availability/hang-search#not-in-plaintext",
            "availability/slow#not-in-plaintext",
        ],
        seams: || wrapping(|store, _| Hasty(store)),
    },
    Mutant {
        name: "silence-is-empty",
        part: Part::Store,
        defect: "A load that the keyring does not answer finds nothing.",
        killers: &["availability/hang-read#not-absent"],
        seams: || wrapping(|store, _| Shrugging(store)),
    },
    Mutant {
        name: "unreadable-is-empty",
        part: Part::Store,
        defect: "What comes back and is no document is taken for nothing.",
        killers: &["encryption/altered-reply#told"],
        seams: || wrapping(|store, _| Discarding { store, clears: false }),
    },
    Mutant {
        name: "unreadable-is-removed",
        part: Part::Store,
        defect: "What comes back and is no document is removed, so that the next save begins anew.",
        killers: &["encryption/altered-reply#still-there"],
        seams: || wrapping(|store, _| Discarding { store, clears: true }),
    },
    Mutant {
        name: "waits-for-ever",
        part: Part::Store,
        defect: "No call to the keyring has a deadline.",
        killers: &[
            "availability/hang-open-session#in-time",
            "availability/hang-read#in-time",
            "availability/hang-save#in-time",
            "availability/hang-search#in-time",
            "availability/prompt-never-completes#in-time",
        ],
        seams: || wrapping(|store, _| Patient(store)),
    },
];

/// Remembers what it failed to store, and says that it is stored.
struct Cheerful {
    store: Box<dyn Store>,
    remembered: Mutex<Option<SecretBytes>>,
}

impl Cheerful {
    fn remembered(&self) -> MutexGuard<'_, Option<SecretBytes>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AlteredStore for Cheerful {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn probe(&self, interaction: Interaction, _: Deadline) -> Result<(), Obstacle> {
        match self.store.probe(interaction, a_second()) {
            Err(Obstacle::Broken(_)) => Ok(()),
            other => other,
        }
    }

    fn read(&self, _: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        if let Some(bytes) = self.remembered().clone() {
            return Ok(Some(bytes));
        }
        match self.store.read(a_second()) {
            Err(Obstacle::Broken(_)) => Ok(None),
            other => other,
        }
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, _: Deadline) -> Result<(), Obstacle> {
        let stored = self.store.write(lock, bytes, a_second());
        let is_lost = matches!(stored, Err(Obstacle::Broken(_) | Obstacle::Refused { .. }));
        *self.remembered() = is_lost.then(|| bytes.clone());
        if is_lost { Ok(()) } else { stored }
    }
}

/// Puts what could not be stored elsewhere.
struct Rescuing {
    store: Box<dyn Store>,
    path: PathBuf,
}

impl AlteredStore for Rescuing {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        let stored = self.store.write(lock, bytes, deadline);
        if stored.is_err() {
            write(&self.path, bytes.expose()).map_err(|error| failed(&self.path, error))?;
        }
        stored
    }
}

/// Believes that there is no keyring where it does not answer at once.
struct Hasty(Box<dyn Store>);

impl AlteredStore for Hasty {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, _: Deadline) -> Result<(), Obstacle> {
        let deadline = a_second();
        let probed = self.0.probe(interaction, deadline);
        // It looks whether it can find something, as a probe does that wants to be sure.
        match probed.and_then(|()| self.0.read(deadline)) {
            Ok(_) => Ok(()),
            Err(Obstacle::Broken(Breakage::TimedOut { .. })) => Err(Absence::NoService.into()),
            Err(other) => Err(other),
        }
    }
}

/// Finds nothing where it gets no answer.
struct Shrugging(Box<dyn Store>);

impl AlteredStore for Shrugging {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match self.0.read(deadline) {
            Err(Obstacle::Broken(Breakage::TimedOut { .. })) => Ok(None),
            other => other,
        }
    }
}

/// Finds nothing where what it finds is damaged.
struct Discarding {
    store: Box<dyn Store>,
    clears: bool,
}

impl AlteredStore for Discarding {
    fn right(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        match self.store.read(deadline) {
            Err(Obstacle::Unreadable { .. }) => {
                if self.clears {
                    self.store.clear(&LockGuard::without_lock(), deadline)?;
                }
                Ok(None)
            }
            other => other,
        }
    }
}

/// Has all the time in the world.
struct Patient(Box<dyn Store>);

impl AlteredStore for Patient {
    fn right(&self) -> &dyn Store {
        self.0.as_ref()
    }

    fn probe(&self, interaction: Interaction, _: Deadline) -> Result<(), Obstacle> {
        self.0.probe(interaction, for_ever())
    }

    fn read(&self, _: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.0.read(for_ever())
    }

    fn write(&self, lock: &LockGuard, bytes: &SecretBytes, _: Deadline) -> Result<(), Obstacle> {
        self.0.write(lock, bytes, for_ever())
    }
}

fn a_second() -> Deadline {
    Deadline::after(Duration::from_secs(1))
}

fn for_ever() -> Deadline {
    Deadline::after(Duration::MAX)
}
