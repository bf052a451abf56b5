//! What sessions give back for later ones.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The opaque state of each handle of a script, such as who signed in. Sessions may overlap.
#[derive(Debug, Default)]
pub(super) struct KeptStates(Mutex<BTreeMap<String, String>>);

impl KeptStates {
    /// Keeps what a session gave back for a handle, in place of what was kept before.
    pub(super) fn keep(&self, store: &str, state: String) {
        self.states().insert(store.into(), state);
    }

    /// What was kept for a handle.
    pub(super) fn of(&self, store: &str) -> Option<String> {
        self.states().get(store).cloned()
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
