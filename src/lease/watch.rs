//! Whether a lease may be taken: the judgement, as a state machine over values.

use std::time::{Duration, SystemTime};

/// What is in the place of a lease.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// The file of a holder that is dead, or has given up.
    Abandoned,
    /// The file of a holder that lives.
    Held {
        /// Which file.
        by: Tenancy,
        /// The term that it says, where that can be read.
        term: Option<Duration>,
    },
}

/// Tells one holding of a lease from the next: the file, and when it was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tenancy {
    pub(super) identity: (u64, u64),
    pub(super) made: SystemTime,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Take the lease, in place of whatever is there.
    Take,
    /// Look again later.
    Wait,
}

/// What a waiter has seen so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    term: Duration,
    /// The tenancy that is watched, and since when.
    watched: Option<(Tenancy, Duration)>,
}

impl Watch {
    /// A waiter that would take the lease for this term.
    pub(crate) fn new(term: Duration) -> Self {
        Self { term, watched: None }
    }

    /// Judges what was found; `now` is on the waiter's own clock, which never goes back.
    ///
    /// - Nothing and an abandoned file are taken.
    /// - A holder that lives is replaced once this waiter has watched it for a whole term: its own one, or the holder's if
    ///   that is longer, but no more than the longest.
    /// - Another tenancy is watched from its beginning, wherever clocks that were set say that it began.
    pub(crate) fn judge(&mut self, found: Found, now: Duration) -> Verdict {
        let (by, term) = match found {
            Found::Nothing | Found::Abandoned => return Verdict::Take,
            Found::Held { by, term } => (by, term),
        };
        match self.watched {
            Some((watched, since)) if watched == by => {
                let term = self.term.max(term.unwrap_or_default()).min(LONGEST_TERM);
                if now.saturating_sub(since) >= term { Verdict::Take } else { Verdict::Wait }
            }
            Some(_) | None => {
                self.watched = Some((by, now));
                Verdict::Wait
            }
        }
    }
}

/// Longer than any service takes to answer; what a file says must not hold up everybody for ever.
pub(crate) const LONGEST_TERM: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TERM: Duration = Duration::from_secs(30);

    fn tenancy(number: u64) -> Tenancy {
        Tenancy { identity: (1, number), made: SystemTime::UNIX_EPOCH }
    }

    fn held(number: u64) -> Found {
        Found::Held { by: tenancy(number), term: None }
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_nobody_holds_is_taken_at_once() {
        for found in [Found::Nothing, Found::Abandoned] {
            assert_eq!(Watch::new(TERM).judge(found, Duration::ZERO), Verdict::Take);
        }
    }

    #[test]
    fn a_living_holder_is_replaced_when_it_was_watched_for_a_whole_term() {
        let mut watch = Watch::new(TERM);
        assert_eq!(watch.judge(held(1), after(1000)), Verdict::Wait);
        assert_eq!(watch.judge(held(1), after(1029)), Verdict::Wait);
        assert_eq!(watch.judge(held(1), after(1030)), Verdict::Take);
    }

    #[test]
    fn the_next_holder_is_watched_anew_even_in_the_same_file() {
        let mut watch = Watch::new(TERM);
        watch.judge(held(1), after(0));
        let later = SystemTime::UNIX_EPOCH + Duration::from_nanos(100);
        for by in [tenancy(2), Tenancy { made: later, ..tenancy(2) }] {
            let found = Found::Held { by, term: None };
            assert_eq!(watch.judge(found, after(100)), Verdict::Wait);
            assert_eq!(watch.judge(found, after(129)), Verdict::Wait);
        }
    }

    #[test]
    fn a_holder_with_a_longer_term_has_it_up_to_the_longest() {
        for (term, expected) in [(1, 30), (60, 60), (u64::MAX, LONGEST_TERM.as_secs())] {
            let mut watch = Watch::new(TERM);
            let found = Found::Held { by: tenancy(1), term: Some(after(term)) };
            watch.judge(found, after(0));
            assert_eq!(watch.judge(found, after(expected - 1)), Verdict::Wait, "{term}");
            assert_eq!(watch.judge(found, after(expected)), Verdict::Take, "{term}");
        }
    }

    /// A client of a lease: asking or not, or holding it.
    #[derive(Clone, Debug)]
    struct Client {
        watch: Option<(Watch, u64)>,
        holds: Option<Holding>,
    }

    #[derive(Clone, Copy, Debug)]
    struct Holding {
        tenancy: Tenancy,
        since: u64,
    }

    /// The one place of a lease, and who is at it. The file system gives numbers of removed files out again, and stamps
    /// files by a clock that anybody may set.
    #[derive(Debug, Default)]
    struct World {
        now: u64,
        clock: u64,
        file: Option<(Tenancy, usize)>,
        alive: Vec<bool>,
        clients: Vec<Client>,
        made: u64,
    }

    #[derive(Clone, Debug)]
    enum Event {
        Passes(u64),
        ClockIsSet(u64),
        Asks(usize),
        Concludes(usize),
        Dies(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (0..40_u64).prop_map(Event::Passes),
            1 => (0..100_u64).prop_map(Event::ClockIsSet),
            6 => (0..3_usize).prop_map(Event::Asks),
            2 => (0..3_usize).prop_map(Event::Concludes),
            1 => (0..3_usize).prop_map(Event::Dies),
        ]
    }

    impl World {
        fn new() -> Self {
            let client = Client { watch: None, holds: None };
            Self { alive: vec![true; 3], clients: vec![client; 3], ..Self::default() }
        }

        fn found(&self) -> Found {
            match self.file {
                None => Found::Nothing,
                Some((by, holder)) if self.alive[holder] && self.holds(holder, by) => {
                    Found::Held { by, term: None }
                }
                Some(_) => Found::Abandoned,
            }
        }

        fn holds(&self, client: usize, tenancy: Tenancy) -> bool {
            self.clients[client].holds.is_some_and(|holding| holding.tenancy == tenancy)
        }

        /// Somebody asks, and takes the lease if it may; says who was robbed, and for how long that one had held it.
        fn ask(&mut self, client: usize) -> Option<Option<u64>> {
            if !self.alive[client] || self.clients[client].holds.is_some() {
                return None;
            }
            let found = self.found();
            let (watch, since) = self.clients[client].watch.get_or_insert((Watch::new(TERM), self.now));
            let verdict = watch.judge(found, Duration::from_secs(self.now - *since));
            if verdict == Verdict::Wait {
                return None;
            }
            let robbed = match found {
                Found::Held { .. } => self.file.and_then(|(_, holder)| self.clients[holder].holds),
                Found::Nothing | Found::Abandoned => None,
            };
            // Never the same file with the same stamp: a clock has steps far below a second.
            self.made += 1;
            let made =
                SystemTime::UNIX_EPOCH + Duration::from_secs(self.clock) + Duration::from_nanos(self.made);
            let tenancy = Tenancy { identity: (1, self.made % 2), made };
            self.file = Some((tenancy, client));
            self.clients[client] = Client { watch: None, holds: Some(Holding { tenancy, since: self.now }) };
            Some(robbed.map(|holding| self.now - holding.since))
        }
    }

    proptest! {
        #[test]
        fn nobody_is_replaced_before_its_term_and_nobody_waits_for_more_than_one(
            events in prop::collection::vec(event(), 1..60),
        ) {
            let mut world = World::new();
            for event in events {
                match event {
                    Event::Passes(seconds) => {
                        world.now += seconds;
                        world.clock += seconds;
                    }
                    Event::ClockIsSet(to) => world.clock = to,
                    Event::Asks(client) => {
                        let free = world.found();
                        let waited = world.clients[client].watch;
                        let taken = world.ask(client);
                        if let Some(Some(tenure)) = taken {
                            prop_assert!(tenure >= TERM.as_secs(), "robbed after {tenure} s");
                        }
                        let asks = world.alive[client] && world.clients[client].holds.is_none();
                        if asks {
                            // It goes on waiting only for somebody that lives and that it has not watched for a term.
                            prop_assert!(matches!(free, Found::Held { .. }), "{free:?}");
                            if let Some((watch, since)) = waited
                                && let Some((by, first)) = watch.watched
                                && free == (Found::Held { by, term: None })
                            {
                                prop_assert!(world.now - since - first.as_secs() < TERM.as_secs());
                            }
                        }
                    }
                    Event::Concludes(client) => {
                        let holding = world.clients[client].holds.take();
                        let kept = holding.zip(world.file).is_some_and(|(held, (by, _))| held.tenancy == by);
                        if kept {
                            world.file = None;
                        }
                    }
                    Event::Dies(client) => {
                        world.alive[client] = false;
                        world.clients[client].holds = None;
                    }
                }
            }
        }
    }
}
