//! Scans what crosses the bus, while it happens.

use std::collections::BTreeSet;

use crate::{
    canary::{CanarySet, Scanner},
    observation::{EvidenceLog, Observer, SessionIndex, SightingPlace},
    world::bus::WireTap,
};

/// Scans every message that crosses the bus.
pub(super) struct ScannerTap {
    scanner: Scanner,
    log: EvidenceLog,
    enabled: bool,
}

impl ScannerTap {
    /// A tap for a world; it stays silent if the bus observer is disabled.
    pub(super) fn new(canaries: &CanarySet, log: &EvidenceLog, without: &BTreeSet<Observer>) -> Self {
        Self { scanner: canaries.scanner(), log: log.clone(), enabled: !without.contains(&Observer::Bus) }
    }
}

impl WireTap for ScannerTap {
    fn bytes(&self, session: Option<SessionIndex>, member: &str, data: &[u8]) {
        if !self.enabled {
            return;
        }
        for hit in self.scanner.scan(data) {
            let place = SightingPlace::BusMessage { member: member.to_owned() };
            if let Some(fact) = hit.fact(Observer::Bus, place) {
                self.log.record(Observer::Bus, session, fact);
            }
        }
    }
}
