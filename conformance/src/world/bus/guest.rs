//! Who comes in through a door, and how often they called.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{BusFault, Gate, class, header::Header};
use crate::{case::BusClass, observation::SessionIndex};

/// Whoever comes in through one door.
#[derive(Clone, Default)]
pub struct Guest {
    /// The session to which they belong; absent for the world itself, whose calls are counted for nobody.
    pub session: Option<SessionIndex>,
    /// Who hears of their calls.
    pub gate: Option<Arc<dyn Gate>>,
    /// What goes wrong with their calls. Of several that strike the same call, the first one does.
    pub faults: Vec<BusFault>,
    /// The path of the item whose secret they get where a fault gives them a foreign one.
    pub foreign_item: Option<String>,
}

impl Guest {
    /// The world itself: the harness's own clients.
    pub fn world() -> Self {
        Self::default()
    }

    /// The processes of a session.
    pub fn session(index: SessionIndex) -> Self {
        Self { session: Some(index), ..Self::default() }
    }

    /// The same, with what goes wrong with their calls.
    #[must_use]
    pub fn with_faults(self, faults: Vec<BusFault>) -> Self {
        Self { faults, ..self }
    }

    /// The same, with somebody who hears of their calls.
    #[must_use]
    pub fn with_gate(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..self }
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("session", &self.session)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// A guest on all connections through one door.
#[derive(Debug)]
pub(super) struct Visit {
    guest: Guest,
    counts: Mutex<BTreeMap<BusClass, u32>>,
}

/// The classes of one call, each with how many calls of it there have been.
#[derive(Debug, Default)]
pub(super) struct Passage {
    counted: Vec<(BusClass, u32)>,
}

impl Visit {
    pub(super) fn new(guest: Guest) -> Self {
        Self { guest, counts: Mutex::default() }
    }

    /// The session to which it belongs.
    pub(super) fn session(&self) -> Option<SessionIndex> {
        self.guest.session
    }

    /// Counts a call to the Secret Service.
    pub(super) fn count(&self, call: &Header) -> Passage {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let classes = class::of(
            call.interface.as_deref(),
            call.path.as_deref().unwrap_or_default(),
            call.member.as_deref().unwrap_or_default(),
        );
        let counted = classes.map(|class| {
            let count = counts.entry(class).or_default();
            *count += 1;
            (class, *count)
        });
        Passage { counted: counted.collect() }
    }

    /// The fault that strikes a call, and which call of its class that is.
    pub(super) fn strike(&self, passage: &Passage) -> Option<(&BusFault, u32)> {
        self.guest.faults.iter().find_map(|fault| {
            let (_, nth) = passage.counted.iter().find(|&&(class, nth)| fault.strikes(class, nth))?;
            Some((fault, *nth))
        })
    }

    /// The item whose secret is foreign.
    pub(super) fn foreign_item(&self) -> Option<String> {
        self.guest.foreign_item.clone()
    }

    /// Returns when a call may be passed on.
    pub(super) fn before(&self, passage: &Passage) {
        if let (Some(session), Some(gate)) = (self.guest.session, &self.guest.gate) {
            passage.counted.iter().for_each(|&(class, nth)| gate.before(session, class, nth));
        }
    }

    /// Says that a call was answered.
    pub(super) fn after(&self, passage: &Passage) {
        if let (Some(session), Some(gate)) = (self.guest.session, &self.guest.gate) {
            passage.counted.iter().for_each(|&(class, nth)| gate.after(session, class, nth));
        }
    }
}
