//! What an observer has lost, in words.

use std::sync::{Arc, Mutex, PoisonError};

/// A bounded list of losses; cloning gives another handle on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses {
    list: Arc<Mutex<Vec<String>>>,
}

impl Losses {
    /// Adds one; beyond the bound it is dropped, as the verdict does not change any more.
    pub(super) fn add(&self, loss: String) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() < MOST {
            list.push(loss);
        }
    }

    /// Nothing was lost, or all that was.
    pub(super) fn check(&self) -> Result<(), String> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.is_empty() { Ok(()) } else { Err(list.join("; ")) }
    }
}

const MOST: usize = 64;
