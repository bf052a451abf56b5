//! The tests.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use token_cache::{Error, TokenCache};

use crate::program::{Care, Program, bytes, open};
use crate::service::Service;

pub(crate) fn all() -> Vec<Trial> {
    vec![
        trial("of_many_processes_with_many_threads_one_redeems", many),
        trial("without_a_lease_every_process_redeems_and_all_but_one_are_refused", careless),
        trial("a_holder_that_is_killed_is_replaced_long_before_its_term", killed),
        #[cfg(unix)]
        trial("a_holder_that_is_stopped_is_replaced_after_its_term_and_redeems_nothing_later", stopped),
        trial("what_a_holder_obtained_and_stores_after_its_term_is_not_lost", late),
    ]
}

fn trial(name: &'static str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// A home with a cache whose token has expired, and the service that gave it out.
struct Place {
    home: tempfile::TempDir,
    cache: TokenCache,
    service: Service,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let cache = open(home.path(), DEADLINE);
        cache.write(bytes("expired 1")).expect("written");
        let service = Service::start(&cache);
        Self { home, cache, service }
    }

    fn program(&self, care: Care, threads: usize) -> Program {
        Program::start(self.home.path(), self.service.address, care, threads)
    }

    fn stored(&self) -> String {
        let stored = self.cache.read().expect("read").expect("somebody is signed in");
        String::from_utf8(stored.expose().to_vec()).expect("text")
    }
}

fn many() {
    let place = Place::new();
    let mut programs: Vec<_> = (0..PROCESSES).map(|_| place.program(Care::Leases(LONG), THREADS)).collect();
    programs.iter_mut().for_each(Program::go);
    assert!(place.service.request().answer());
    let said: Vec<String> = programs.iter().flat_map(Program::rest).collect();
    let count = |wanted: &str| said.iter().filter(|line| *line == wanted).count();
    assert_eq!((count("got fresh 2"), count("Kept")), (PROCESSES * THREADS, 1), "{said:?}");
    assert_eq!(said.len(), PROCESSES * THREADS + 1);
    assert_eq!((place.service.redeemed(), place.service.further_requests()), (1, 0));
    assert_eq!(place.stored(), "fresh 2");
}

fn careless() {
    let place = Place::new();
    let mut programs: Vec<_> = (0..PROCESSES).map(|_| place.program(Care::None, 1)).collect();
    programs.iter_mut().for_each(Program::go);
    // Nobody is answered before all have asked: that is the race, and it is not left to chance.
    let requests: Vec<_> = (0..PROCESSES).map(|_| place.service.request()).collect();
    let good = requests.into_iter().filter_map(|request| request.answer().then_some(())).count();
    let said: Vec<String> = programs.iter().flat_map(Program::rest).collect();
    let refused = said.iter().filter(|line| *line == "error the token was redeemed before").count();
    assert_eq!((good, refused), (1, PROCESSES - 1), "{said:?}");
}

fn killed() {
    let place = Place::new();
    let (mut holder, mut next) = (place.program(Care::Leases(LONG), 1), place.program(Care::Leases(LONG), 1));
    holder.go();
    let unanswered = place.service.request();
    next.go();
    // The control: as long as the holder lives, nobody gets the lease.
    let busy = place.cache.lease("alex@example.com", Duration::ZERO).map(drop);
    assert!(matches!(busy, Err(Error::Busy { .. })), "{busy:?}");
    assert_eq!(place.service.further_requests(), 0);

    let begun = Instant::now();
    holder.kill();
    drop(unanswered);
    assert!(place.service.request().answer());
    assert_eq!(next.rest(), ["Kept", "got fresh 2"]);
    assert!(begun.elapsed() < LONG / 2, "{:?}", begun.elapsed());
    assert_eq!((place.service.redeemed(), place.service.further_requests()), (1, 0));
}

#[cfg(unix)]
fn stopped() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let place = Place::new();
    let (mut holder, mut next) =
        (place.program(Care::Leases(SHORT), 1), place.program(Care::Leases(SHORT), 1));
    let pid = Pid::from_raw(i32::try_from(holder.id()).expect("ids are small"));
    holder.go();
    let unanswered = place.service.request();
    kill(pid, Signal::SIGSTOP).expect("stopped");
    next.go();
    assert!(place.service.request().answer());
    assert_eq!(next.rest(), ["Kept", "got fresh 2"]);
    kill(pid, Signal::SIGCONT).expect("goes on");
    // Its time was over long ago; whether it hears of the reuse or of the time, it stores nothing.
    assert!(!unanswered.answer());
    let said = holder.rest();
    assert!(matches!(&said[..], [only] if only.starts_with("error ")), "{said:?}");
    assert_eq!((place.service.redeemed(), place.stored().as_str()), (1, "fresh 2"));
    // What it left is no lease.
    drop(place.cache.lease("alex@example.com", LONG).expect("free"));
}

fn late() {
    let place = Place::new();
    let slow = place.cache.lease("alex@example.com", SHORT).expect("free");
    let mut next = place.program(Care::Leases(SHORT), 1);
    next.go();
    // The other one has the lease now, and the service is slow for it.
    let unanswered = place.service.request();
    let tenure = slow.conclude(|_| Ok(bytes("fresh 7"))).expect("stored");
    assert_eq!(tenure, token_cache::Tenure::Lost);
    assert!(unanswered.answer());
    // It sees that somebody has redeemed, and goes by what is stored.
    assert_eq!(next.rest(), ["Kept", "got fresh 7"]);
    assert_eq!(place.stored(), "fresh 7");
}

const PROCESSES: usize = 8;
const THREADS: usize = 3;

/// How long the cache itself may be held up before a test is told.
const DEADLINE: Duration = Duration::from_secs(5);

/// A term longer than any test.
const LONG: Duration = Duration::from_secs(120);

/// A term that a test can wait for, in which a loaded machine gets an answer.
const SHORT: Duration = Duration::from_secs(2);
