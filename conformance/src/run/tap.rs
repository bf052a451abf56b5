//! Scans what crosses the bus and what reaches the token authority, while it happens.

use std::collections::BTreeSet;

use crate::{
    canary::{CanarySet, Scanner},
    observation::{EvidenceLog, Observer, SessionIndex, SightingPlace},
    world::{authority::RequestPart, bus::WireTap},
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

/// A hook that scans every part of every request to the authority; silent if the network observer is disabled.
pub(super) fn request_hook(
    canaries: &CanarySet,
    log: &EvidenceLog,
    without: &BTreeSet<Observer>,
) -> impl Fn(RequestPart<'_>) + Send + Sync + 'static {
    let scanner = canaries.scanner();
    let log = log.clone();
    let enabled = !without.contains(&Observer::Network);
    move |part| {
        if !enabled {
            return;
        }
        for hit in scanner.scan(part.bytes) {
            let place = SightingPlace::Request { path: part.path.to_owned(), field: part.field.to_owned() };
            if let Some(fact) = hit.fact(Observer::Network, place) {
                log.record(Observer::Network, part.session, fact);
            }
        }
    }
}
