//! The observer of standard output and standard error.

use super::Lost;
use crate::{
    canary::{Hit, Scanner, StreamScanner},
    observation::{EvidenceLog, Observer, SessionIndex, SightingPlace},
};

/// Which stream of a session it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputStream {
    /// Standard output, without its protocol lines.
    Output,
    /// Standard error.
    Error,
}

impl OutputStream {
    fn place(self, offset: u64) -> SightingPlace {
        match self {
            Self::Output => SightingPlace::StandardOutput { offset },
            Self::Error => SightingPlace::StandardError { offset },
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Output => "standard output",
            Self::Error => "standard error",
        }
    }
}

/// Searches one stream of one session as it arrives, and records what it finds.
#[derive(Debug)]
pub struct OutputScanner {
    stream: OutputStream,
    scanner: StreamScanner,
    log: EvidenceLog,
    session: Option<SessionIndex>,
}

impl OutputScanner {
    /// A scanner at the beginning of a stream; `None` for a session is the beacon's.
    pub fn new(
        stream: OutputStream,
        scanner: Scanner,
        log: &EvidenceLog,
        session: Option<SessionIndex>,
    ) -> Self {
        Self { stream, scanner: StreamScanner::new(scanner), log: log.clone(), session }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let hits = self.scanner.push(bytes);
        self.record(hits);
    }

    /// Ends the stream.
    ///
    /// # Errors
    ///
    /// [`Lost`] if the stream was too long, or compressed too well, to be searched as a whole.
    pub fn finish(mut self) -> Result<(), Lost> {
        let hits = self.scanner.finish();
        self.record(hits);
        if self.scanner.exhausted() {
            let (stream, bytes) = (self.stream.as_str(), self.scanner.position());
            let reason = format!("{stream} of {bytes} bytes is more than can be searched as a whole");
            return Err(Lost { observer: Observer::Output, reason });
        }
        Ok(())
    }

    fn record(&self, hits: Vec<Hit>) {
        for hit in hits {
            if let Some(fact) = hit.fact(Observer::Output, self.stream.place(hit.offset)) {
                self.log.record(Observer::Output, self.session, fact);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        canary::CanarySet,
        case::CanaryRole,
        observation::{Clock, Encoding, Fact},
    };

    #[test]
    fn a_canary_that_is_printed_in_two_pieces_is_recorded_once() {
        let role = CanaryRole("alice".into());
        let set = CanarySet::generate([role.clone()]);
        let log = EvidenceLog::new(Clock::start());
        let (first, second) = set.text(&role).unwrap().split_at(20);
        let session = Some(SessionIndex(1));
        let mut output = OutputScanner::new(OutputStream::Error, set.scanner(), &log, session);
        output.push(format!("oops: {first}").as_bytes());
        output.push(format!("{second}\n").as_bytes());
        output.finish().unwrap();
        let facts: Vec<_> = log.entries().into_iter().map(|entry| (entry.session, entry.fact)).collect();
        let place = SightingPlace::StandardError { offset: 6 };
        assert_eq!(facts, [(session, Fact::CanarySeen { role, encoding: Encoding::Raw, place })]);
    }

    #[test]
    fn a_flood_is_a_loss() {
        let set = CanarySet::generate([]);
        let log = EvidenceLog::new(Clock::start());
        let mut output = OutputScanner::new(OutputStream::Output, set.scanner(), &log, None);
        for _ in 0..=StreamScanner::RETAINED / 4096 {
            output.push(&[b'.'; 4096]);
        }
        let lost = output.finish().unwrap_err();
        assert_eq!(lost.observer, Observer::Output);
        assert_eq!(lost.reason, "standard output of 4198400 bytes is more than can be searched as a whole");
    }
}
