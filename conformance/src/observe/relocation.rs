//! The liveness of relocation: a fresh process in the other home found the file that was planted in the first.
//!
//! Nothing is watched here beyond that. Whether relocated files give a secret away is asked of the implementation, in a
//! session of its own; this only proves that files which lie in the home arrive in the other one.

use super::Lost;
use crate::{
    canary::{Needle, Scanner},
    observation::{EvidenceLog, Observer, SightingPlace},
};

/// Records that the beacon in the relocated home printed the canary that was planted for relocation.
///
/// `path` names the file that it read.
///
/// # Errors
///
/// [`Lost`] if the canary is not in what it printed: files do not arrive.
pub fn record(beacon_output: &[u8], scanner: &Scanner, log: &EvidenceLog, path: &str) -> Result<(), Lost> {
    let hits = scanner.scan(beacon_output);
    let own = hits.iter().find(|hit| hit.needle == Needle::Liveness(Observer::Relocation));
    let place = SightingPlace::RelocatedFile { session: None, path: path.into() };
    match own.and_then(|hit| hit.fact(Observer::Relocation, place)) {
        Some(fact) => {
            log.record(Observer::Relocation, None, fact);
            Ok(())
        }
        None => Err(Lost {
            observer: Observer::Relocation,
            reason: format!("a process in the relocated home did not find the canary in {path}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canary::CanarySet,
        observation::{Clock, Fact},
    };

    #[test]
    fn what_arrived_is_liveness_and_what_did_not_is_a_loss() {
        let set = CanarySet::generate([]);
        let log = EvidenceLog::new(Clock::start());
        let other = set.liveness(Observer::Files);
        assert!(record(other.as_bytes(), &set.scanner(), &log, "/other/.beacon").is_err());
        assert!(log.entries().is_empty());

        let own = set.liveness(Observer::Relocation);
        record(own.as_bytes(), &set.scanner(), &log, "/other/.beacon").unwrap();
        let place = SightingPlace::RelocatedFile { session: None, path: "/other/.beacon".into() };
        assert_eq!(log.entries()[0].fact, Fact::LivenessSeen { observer: Observer::Relocation, place });
    }
}
