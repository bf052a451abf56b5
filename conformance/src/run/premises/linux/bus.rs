//! What the bus means for a session: who is held at its calls, and which of them go wrong.

use super::super::super::{
    meeting::{Meetings, Reached},
    performance::Performance,
};
use crate::{
    case::{BusClass, FaultKind},
    observation::SessionIndex,
    world::bus::{BusFault, Gate},
};

impl Gate for Meetings {
    fn before(&self, session: SessionIndex, call: BusClass, nth: u32) {
        Self::before(self, session, Reached::Bus(call, nth));
    }

    fn after(&self, session: SessionIndex, call: BusClass, nth: u32) {
        Self::after(self, session, Reached::Bus(call, nth));
    }
}

/// Those of the faults of a session that happen to its calls to the keyring.
pub(super) fn faults(performance: &Performance<'_>) -> Vec<BusFault> {
    let faults = performance.faults.iter().filter_map(|(number, kind)| match kind {
        FaultKind::Bus { call, nth, repeat, effect } => {
            let (call, nth, repeat, effect) = (*call, *nth, *repeat, *effect);
            Some(BusFault { number: *number, call, nth, repeat, effect })
        }
        FaultKind::SystemCall { .. } => None,
    });
    faults.collect()
}
