//! Facts on their way to the harness.

use std::{collections::HashSet, io, os::unix::net::UnixStream};

use super::{
    search::Sighting,
    wire::{self, Record, Report},
};
use crate::{
    canary::Needle,
    observation::{Clock, Encoding, Fact, Observer, SessionEnd, SightingPlace},
};

/// Sends facts to the harness, bounded, and remembers what was lost.
#[derive(Debug)]
pub(super) struct Ledger {
    socket: UnixStream,
    clock: Clock,
    disabled: Vec<Observer>,
    sightings: HashSet<(Needle, Encoding, String)>,
    sent: usize,
    lost: Option<String>,
}

impl Ledger {
    /// An empty ledger.
    pub(super) fn new(socket: UnixStream, clock: Clock, disabled: Vec<Observer>) -> Self {
        Self { socket, clock, disabled, sightings: HashSet::new(), sent: 0, lost: None }
    }

    /// Sends a fact, unless its observer is disabled.
    pub(super) fn record(&mut self, observer: Observer, fact: Fact) {
        if self.disabled.contains(&observer) {
            return;
        }
        if self.sent >= MAX_FACTS {
            self.lose(|| format!("the session did more than {MAX_FACTS} things that are recorded"));
            return;
        }
        self.sent += 1;
        self.say(&Record::Seen { at: self.clock.now(), observer, fact });
    }

    /// Sends sightings, each but once for the same place.
    pub(super) fn sighted(&mut self, observer: Observer, sightings: Vec<Sighting>, place: &SightingPlace) {
        for Sighting { needle, encoding } in sightings {
            let key = (needle.clone(), encoding, format!("{place:?}"));
            if self.sightings.len() < MAX_FACTS && !self.sightings.insert(key) {
                continue;
            }
            let place = place.clone();
            let fact = match needle {
                Needle::Canary(role) => Fact::CanarySeen { role, encoding, place },
                Needle::Liveness(planted_for) if planted_for == observer => {
                    Fact::LivenessSeen { observer, place }
                }
                // The leak that was planted for another observer says nothing here.
                Needle::Liveness(_) => continue,
            };
            self.record(observer, fact);
        }
    }

    /// Says that a call waits at a point.
    pub(super) fn reached(&mut self, point: usize) {
        self.say(&Record::Reached { point });
    }

    /// Says that the call that waited at a point was let go.
    pub(super) fn passed(&mut self, point: usize) {
        self.say(&Record::Passed { point });
    }

    /// Remembers that the witness missed something; the first reason is kept.
    pub(super) fn lose(&mut self, reason: impl FnOnce() -> String) {
        self.lost.get_or_insert_with(reason);
    }

    /// Sends how the session ended.
    ///
    /// # Errors
    ///
    /// Those of the socket, if the harness is gone.
    pub(super) fn close(
        mut self,
        end: SessionEnd,
        effective_capabilities: Option<String>,
        left_running: Vec<String>,
    ) -> io::Result<()> {
        let report = Report { end, effective_capabilities, left_running, lost: self.lost.take() };
        wire::send(&self.socket, &Record::Ended(report))
    }

    fn say(&mut self, record: &Record) {
        if let Err(error) = wire::send(&self.socket, record) {
            self.lose(|| format!("a fact could not be sent to the harness: {error}"));
        }
    }
}

const MAX_FACTS: usize = 200_000;
