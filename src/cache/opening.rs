//! From the plan to a store: probe, look, decide, treat residue.

use std::sync::Arc;

use super::notice::{Notice, Protection};
use super::setup::{Held, Setup};
use crate::Error;
use crate::fs::{FileError, PrivateDir};
use crate::plan::{Consent, Decision, Existing, Past, PlaintextPermit, Residue};
use crate::store::{Deadline, Obstacle, PlaintextStore, Store, protected};

/// A store that was decided on.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    pub(super) protection: Protection,
    pub(super) notices: Vec<Notice>,
}

impl Setup {
    /// Decides on a store. The cache is held where its caller holds it, or where residue has to be treated.
    pub(super) fn open(&self, held: Option<&Held>, deadline: Deadline) -> Result<Opened, Error> {
        let probed = self.probe(deadline);

        // A refusal does not depend on what exists, so nothing is looked at, let alone made, for one.
        if self.decide(&probed, Existing::Nothing) == Decision::Refuse {
            return Err(refusal(probed));
        }
        let existing = self.existing(probed.as_deref().ok(), deadline)?;
        match (self.decide(&probed, existing), probed) {
            (Decision::Encrypted(residue), Ok(store)) => self.encrypted(store, residue, held, deadline),
            (Decision::Plaintext(permit), probed) => Ok(self.plaintext(permit, probed.err())),
            (Decision::Refuse | Decision::Encrypted(_), probed) => Err(refusal(probed)),
        }
    }

    /// The protector's store, if it can be used now.
    pub(super) fn probe(&self, deadline: Deadline) -> Result<Box<dyn Store>, Obstacle> {
        let store = self.protected()?;
        store.probe(self.interaction, deadline)?;
        Ok(store)
    }

    /// The protector's store, unprobed.
    pub(super) fn protected(&self) -> Result<Box<dyn Store>, Obstacle> {
        (self.seams.store)(protected(&self.plan, &self.seams.files), &self.plan)
    }

    fn decide(&self, probed: &Result<Box<dyn Store>, Obstacle>, existing: Existing) -> Decision {
        (self.seams.decide)(probed.as_ref().map(|_| ()), self.plan.consent, existing)
    }

    /// What is left of earlier runs.
    ///
    /// The item is asked for only where its presence matters: beside plaintext that might be imported.
    fn existing(&self, store: Option<&dyn Store>, deadline: Deadline) -> Result<Existing, Error> {
        let (files, location) = (&self.seams.files, &self.plan.location);
        let Some(directory) = files.open_directory(location.directory())? else {
            return Ok(Existing::Nothing);
        };
        self.refuse_folded_names(&directory)?;

        if self.has_plaintext(&directory)? {
            let item = match (store, self.plan.consent) {
                (Some(store), Consent::Given) => store.read(deadline)?.is_some(),
                (Some(_), Consent::Withheld) | (None, _) => false,
            };
            return Ok(if item { Existing::Both } else { Existing::Plaintext });
        }
        let signal = files.look(&directory, location.file())?;
        Ok(if signal.is_some() { Existing::SignalOnly } else { Existing::Nothing })
    }

    /// Where the file system folds names, two caches would be one.
    pub(super) fn refuse_folded_names(&self, directory: &PrivateDir) -> Result<(), Error> {
        self.plan.location.replaced().try_for_each(|name| self.refuse_a_folded_name(directory, name))
    }

    fn refuse_a_folded_name(&self, directory: &PrivateDir, wanted: &str) -> Result<(), Error> {
        match self.seams.files.listed_as(directory, wanted)? {
            Some(found) if found != wanted => Err(Error::NameFolded { wanted: wanted.to_owned(), found }),
            Some(_) | None => Ok(()),
        }
    }

    fn plaintext(&self, permit: PlaintextPermit, obstacle: Option<Obstacle>) -> Opened {
        let path = self.plan.location.plaintext_path();
        // Only a replaced decision chooses plaintext where nothing stands in the way.
        let reason = obstacle.map_or_else(|| UNOBSTRUCTED.to_owned(), |obstacle| obstacle.to_string());
        let announced = Notice::PlaintextFallback { path: path.clone(), reason: reason.clone() };
        let demoted = Notice::Demoted { path: path.clone(), reason: reason.clone() };
        let notices = match permit.past() {
            Past::Encrypted => vec![announced, demoted],
            Past::Unencrypted => vec![announced],
        };
        let store = PlaintextStore::new(permit, Arc::clone(&self.seams.files), &self.plan.location);
        Opened { store: Arc::new(store), protection: Protection::Plaintext { path, reason }, notices }
    }

    fn encrypted(
        &self,
        store: Box<dyn Store>,
        residue: Residue,
        held: Option<&Held>,
        deadline: Deadline,
    ) -> Result<Opened, Error> {
        let path = || self.plan.location.plaintext_path();
        let notices = match (residue, held) {
            (Residue::Clean, _) => Vec::new(),
            (Residue::Report, _) => vec![Notice::PlaintextResidue { path: path() }],
            (Residue::Empty | Residue::Import, None) => {
                // Another process may change everything before the cache is held, so all is decided anew.
                let held = self.hold(deadline)?;
                return self.open(Some(&held), deadline);
            }
            (Residue::Empty, Some(held)) => {
                self.empty_plaintext(held)?;
                vec![Notice::ResidueEmptied { path: path() }]
            }
            (Residue::Import, Some(held)) => {
                self.import(store.as_ref(), held, deadline)?.into_iter().collect()
            }
        };
        let protection = Protection::Encrypted { protector: self.plan.protector.name() };
        Ok(Opened { store: Arc::from(store), protection, notices })
    }

    /// Writes, reads back, and only then empties: an import that is cut off loses nothing.
    ///
    /// What is gone or empty by now is no import, and nothing is announced.
    fn import(&self, store: &dyn Store, held: &Held, deadline: Deadline) -> Result<Option<Notice>, Error> {
        let location = &self.plan.location;
        let path = location.plaintext_path();
        let plaintext = match self.seams.files.read_private(&held.directory, location.plaintext()) {
            Ok(Some(plaintext)) if !plaintext.is_empty() => plaintext,
            Ok(Some(_) | None) => return Ok(None),
            Err(error @ FileError::Unsafe { .. }) => {
                // What others may have written is no token cache of ours, and not ours to remove either.
                tracing::warn!(target: "token_cache", %error, "plaintext is not imported");
                return Ok(Some(Notice::PlaintextResidue { path }));
            }
            Err(error) => return Err(error.into()),
        };
        self.save_encrypted(store, held, &plaintext, deadline)?;
        self.empty_plaintext(held)?;
        Ok(Some(Notice::Imported { path }))
    }
}

fn refusal(probed: Result<Box<dyn Store>, Obstacle>) -> Error {
    match probed {
        Err(obstacle) => obstacle.into(),
        // Only a replaced decision refuses a protector that can be used.
        Ok(_) => Obstacle::Refused { reason: "it was decided not to use it".to_owned() }.into(),
    }
}

const UNOBSTRUCTED: &str = "it was decided not to use the protector";
