//! What a handle last saw of its cache, and what can be told from looking at the file again.
//!
//! A file's stamps say that something is different; that they are the same says little while they are fresh. A system
//! counts time in ticks (up to ten milliseconds; one or two seconds on some file systems), a second write within one
//! tick leaves the stamps of the first, and other SDKs write into the same file again. Our own writers always move
//! the modification time on, but a file system may round that away.
//!
//! So the file's number, its size, its modification time and the system's own stamp are compared, and where they are
//! equal they are believed only if they were already old when they were seen. Otherwise the content decides. For that
//! a keyed digest is kept, never the content.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use crate::SecretBytes;
use crate::fs::FileState;

/// The file that changes with a cache, at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glimpse {
    /// The file, if there was one.
    pub(super) file: Option<FileState>,
    /// When it was looked at: the clock just before.
    pub(super) at: SystemTime,
}

/// What was last read or written, with the glimpse from just before it was read, or just after it was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    glimpse: Option<Glimpse>,
    content: Option<Digest>,
}

/// Stands for a content in comparisons; made with a key that only one handle has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Digest(u64);

/// What two glimpses say about the content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Difference {
    /// Nobody has written.
    None,
    /// Only the content can tell.
    Possible,
    /// Somebody has written.
    Certain,
}

impl Sight {
    /// What is known after the content was read or written.
    pub(super) fn of(glimpse: Glimpse, content: Option<Digest>) -> Self {
        Self { glimpse: Some(glimpse), content }
    }

    /// Compares with the file as it is now.
    pub(super) fn compare(&self, now: &Glimpse) -> Difference {
        let Some(seen) = &self.glimpse else {
            // Nothing has been read yet, so whatever is there is new.
            return if now.file.is_some() { Difference::Certain } else { Difference::None };
        };
        match (&seen.file, &now.file) {
            (None, None) => Difference::None,
            (Some(before), Some(after)) if before == after => {
                // A clock that was set back may pass the same tick once more.
                let trusted = is_settled(before, seen.at) && seen.at <= now.at;
                if trusted { Difference::None } else { Difference::Possible }
            }
            (Some(_) | None, Some(_) | None) => Difference::Certain,
        }
    }

    /// Whether this content is the one that was seen.
    pub(super) fn is_of(&self, content: Option<Digest>) -> bool {
        self.content == content
    }
}

impl Digest {
    /// The digest of a content under a handle's key.
    pub(super) fn of(key: &RandomState, content: &SecretBytes) -> Self {
        Self(key.hash_one(content.expose()))
    }
}

/// Whether a write after `at` would have left another stamp.
fn is_settled(file: &FileState, at: SystemTime) -> bool {
    let since_the_epoch = file.touched.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since_the_epoch.subsec_nanos().is_multiple_of(COARSE_NANOSECONDS) {
        // A file system without fine stamps: a clock that is set back soon meets an old one again.
        return false;
    }
    at.duration_since(file.touched).is_ok_and(|age| age > TICK)
}

/// More than a tick of any system whose stamps are finer than this.
const TICK: Duration = Duration::from_millis(100);

/// The step of the file systems that keep no finer stamps; a fine stamp is a multiple of it once in ten million.
const COARSE_NANOSECONDS: u32 = 10_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(nanoseconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)
    }

    fn file(touched: u64) -> FileState {
        FileState {
            bytes: 10,
            identity: (1, 1),
            modified: moment(touched),
            touched: moment(touched),
            writable_by_others: false,
        }
    }

    fn glimpse(file: Option<FileState>, at: u64) -> Glimpse {
        Glimpse { file, at: moment(at) }
    }

    fn difference(before: Glimpse, after: Glimpse) -> Difference {
        Sight::of(before, None).compare(&after)
    }

    #[test]
    fn each_of_the_things_that_are_looked_at_tells_of_a_write() {
        let before = file(SECOND + STEP);
        let changes: [fn(&mut FileState); 4] = [
            |file| file.bytes += 1,
            |file| file.identity.1 += 1,
            |file| file.modified += Duration::from_nanos(STEP),
            |file| file.touched -= Duration::from_nanos(STEP),
        ];
        for change in changes {
            let mut after = before;
            change(&mut after);
            let compared = difference(glimpse(Some(before), 9 * SECOND), glimpse(Some(after), 9 * SECOND));
            assert_eq!(compared, Difference::Certain, "{after:?}");
        }
    }

    #[test]
    fn equal_stamps_are_believed_once_they_were_old() {
        let same = Some(file(SECOND + STEP));
        let tick = u64::try_from(TICK.as_nanos()).expect("it fits");
        let seen = |at| difference(glimpse(same, at), glimpse(same, 9 * SECOND));
        assert_eq!(seen(SECOND + STEP), Difference::Possible);
        assert_eq!(seen(SECOND + STEP + tick), Difference::Possible);
        assert_eq!(seen(SECOND + 2 * STEP + tick), Difference::None);
    }

    #[test]
    fn stamps_from_the_future_and_a_clock_that_went_back_are_not_believed() {
        let same = Some(file(5 * SECOND + STEP));
        assert_eq!(difference(glimpse(same, SECOND), glimpse(same, 9 * SECOND)), Difference::Possible);
        assert_eq!(difference(glimpse(same, 9 * SECOND), glimpse(same, 8 * SECOND)), Difference::Possible);
    }

    #[test]
    fn stamps_in_whole_seconds_are_never_believed() {
        let same = Some(file(SECOND));
        assert_eq!(difference(glimpse(same, 9 * SECOND), glimpse(same, 9 * SECOND)), Difference::Possible);
    }

    #[test]
    fn a_file_that_comes_or_goes_is_a_change_and_none_at_all_is_none() {
        let there = glimpse(Some(file(1)), 9 * SECOND);
        let gone = glimpse(None, 9 * SECOND);
        assert_eq!(difference(gone, there), Difference::Certain);
        assert_eq!(difference(there, gone), Difference::Certain);
        assert_eq!(difference(gone, gone), Difference::None);
        assert_eq!(Sight::default().compare(&there), Difference::Certain);
        assert_eq!(Sight::default().compare(&gone), Difference::None);
    }

    #[test]
    fn a_digest_differs_by_content_and_by_key() {
        let (one, other) = (RandomState::new(), RandomState::new());
        let content = SecretBytes::from(b"content".to_vec());
        assert_eq!(Digest::of(&one, &content), Digest::of(&one, &content));
        assert_ne!(Digest::of(&one, &content), Digest::of(&one, &SecretBytes::from(b"kontent".to_vec())));
        assert_ne!(Digest::of(&one, &content), Digest::of(&other, &content));
    }

    /// A machine with one file, and everything that makes its stamps hard to trust.
    struct Machine {
        /// Nanoseconds between two ticks; whole seconds on a coarse file system.
        tick: u64,
        /// How far the file system counts: 1 is every nanosecond.
        grain: u64,
        clock: u64,
        /// The clock's offset within a tick, which no two settings of a clock share.
        phase: u64,
        file: FileState,
        content: u64,
    }

    impl Machine {
        fn stamp(&self) -> SystemTime {
            let ticked = self.clock / self.tick * self.tick + self.phase;
            moment(ticked / self.grain * self.grain)
        }

        fn glimpse(&self) -> Glimpse {
            glimpse(Some(self.file), self.clock)
        }

        fn write(&mut self, replaces: bool) {
            self.content += 1;
            let now = self.stamp();
            self.file.identity.1 ^= u64::from(replaces);
            // Two replacements bring the first file's number back.
            (self.file.modified, self.file.touched) = (now, now);
        }
    }

    #[derive(Clone, Debug)]
    enum Event {
        Passes(u64),
        ClockIsSet(u64),
        Writes { replaces: bool },
        Reads,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0..3 * TICK.as_nanos() as u64).prop_map(Event::Passes),
            (0..20 * SECOND).prop_map(Event::ClockIsSet),
            any::<bool>().prop_map(|replaces| Event::Writes { replaces }),
            Just(Event::Reads),
        ]
    }

    proptest! {
        #[test]
        fn no_write_is_ever_taken_for_none(
            events in prop::collection::vec(event(), 1..40),
            coarse in any::<bool>(),
            hertz in prop_oneof![Just(100_u64), Just(250), Just(1000)],
        ) {
            let mut machine = Machine {
                tick: SECOND / hertz,
                grain: if coarse { 2 * SECOND } else { STEP },
                clock: 20 * SECOND,
                phase: STEP,
                file: file(STEP),
                content: 0,
            };
            machine.write(false);
            let (mut sight, mut read) = (Sight::of(machine.glimpse(), None), machine.content);
            for event in events {
                match event {
                    Event::Passes(nanoseconds) => machine.clock += nanoseconds,
                    Event::ClockIsSet(to) => {
                        machine.clock = to;
                        machine.phase += STEP;
                    }
                    Event::Writes { replaces } => machine.write(replaces),
                    Event::Reads => {
                        sight = Sight::of(machine.glimpse(), None);
                        read = machine.content;
                    }
                }
                let difference = sight.compare(&machine.glimpse());
                if machine.content != read {
                    prop_assert_ne!(difference, Difference::None);
                } else {
                    prop_assert_ne!(difference, Difference::Certain);
                }
            }
        }
    }

    const SECOND: u64 = 1_000_000_000;

    /// The least that every system counts in.
    const STEP: u64 = 100;
}
