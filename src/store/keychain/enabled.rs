//! The Keychain as a [`Store`]: every call runs on a thread of its own, because it may hang in a dialogue.

mod ffi;
mod native;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::store::{Breakage, Deadline, Interaction, Obstacle, Store};
use crate::{LockGuard, SecretBytes};

use super::item;
use super::progress::{Effect, Progress};
use native::LoginKeychain;

/// One generic password in the user's default keychain.
///
/// Making a store does nothing; each call looks the keychain up anew, so one that was replaced is noticed.
#[derive(Clone, Debug)]
pub struct KeychainStore(LoginKeychain);

impl KeychainStore {
    /// The store of the item with this service and account.
    ///
    /// # Errors
    ///
    /// None here; [`Obstacle::NotBuilt`] on a platform without a Keychain.
    pub fn new(service: &str, account: &str) -> Result<Self, Obstacle> {
        Ok(Self(LoginKeychain::new(service, account)))
    }

    /// Carries `work` out on another thread, and waits for it until the deadline.
    fn ask<T: Send + 'static>(
        &self,
        label: &'static str,
        effect: Effect,
        deadline: Deadline,
        work: impl FnOnce(&LoginKeychain) -> Result<T, Obstacle> + Send + 'static,
    ) -> Result<T, Obstacle> {
        let progress = Arc::new(Progress::new(label, effect));
        let (reply, answer) = mpsc::sync_channel(1);
        let (keychain, shared) = (self.0.clone(), Arc::clone(&progress));
        thread::Builder::new()
            .name("token-cache-keychain".to_owned())
            .spawn(move || {
                // Whether dialogues may be opened is the process's switch, so there is one call at a time.
                let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
                let answer = shared.begin().and_then(|()| work(&keychain));
                // Nobody listens any more if the deadline passed meanwhile; the caller has had its answer then.
                drop(reply.send(answer));
            })
            .map_err(|error| Breakage::Service { call: label, name: format!("{:?}", error.kind()) })?;
        match answer.recv_timeout(deadline.remaining()) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let late = progress.give_up();
                // The answer may have come in between; it knows more.
                answer.try_recv().unwrap_or(Err(late))
            }
        }
    }
}

impl Store for KeychainStore {
    fn probe(&self, interaction: Interaction, deadline: Deadline) -> Result<(), Obstacle> {
        let label = match interaction {
            Interaction::Never => item::STATUS.label,
            Interaction::Allow => item::UNLOCK.label,
        };
        self.ask(label, Effect::Reads, deadline, move |keychain| item::probe(keychain, interaction))
    }

    fn read(&self, deadline: Deadline) -> Result<Option<SecretBytes>, Obstacle> {
        self.ask(item::READ.label, Effect::Reads, deadline, item::read)
    }

    fn write(&self, _lock: &LockGuard, bytes: &SecretBytes, deadline: Deadline) -> Result<(), Obstacle> {
        let bytes = bytes.clone();
        self.ask(item::WRITE.label, Effect::Changes, deadline, move |keychain| item::write(keychain, &bytes))
    }

    fn clear(&self, _lock: &LockGuard, deadline: Deadline) -> Result<(), Obstacle> {
        self.ask(item::REMOVE.label, Effect::Changes, deadline, item::clear)
    }
}

static TURN: Mutex<()> = Mutex::new(());
