//! Scans what reaches the token authority, while it happens.

use std::collections::BTreeSet;

use crate::{
    canary::CanarySet,
    observation::{EvidenceLog, Observer, SightingPlace},
    world::authority::RequestPart,
};

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
