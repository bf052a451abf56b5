//! Programs that are run in turn, round by round, of which the fastest runs count.

use std::time::{Duration, Instant};

/// Something whose duration is measured.
pub(crate) struct Program<'p> {
    pub(crate) name: &'static str,
    run: Box<dyn Fn() + 'p>,
}

impl<'p> Program<'p> {
    pub(crate) fn new(name: &'static str, run: impl Fn() + 'p) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// How long every program took in every round.
pub(crate) struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Runs rounds for so long, and at least three; the first one, which warms up, does not count.
    pub(crate) fn run(programs: &[Program<'_>], time: Duration) -> Self {
        let repetitions = repetitions(&programs[0]);
        let round = || {
            let times = programs.iter().map(|program| {
                // What the program before has left in the caches and in the allocator is not this one's to pay for.
                (program.run)();
                let begun = Instant::now();
                (0..repetitions).for_each(|_| (program.run)());
                begun.elapsed().as_nanos() as f64 / f64::from(repetitions)
            });
            times.collect::<Vec<_>>()
        };
        round();
        let begun = Instant::now();
        let mut rounds = Vec::new();
        while rounds.len() < 3 || begun.elapsed() < time {
            rounds.push(round());
        }
        Self(rounds)
    }

    /// How long a program took in its fastest round: what a busy machine adds is no cost of the program.
    pub(crate) fn nanoseconds(&self, program: usize) -> f64 {
        self.0.iter().map(|round| round[program]).fold(f64::INFINITY, f64::min)
    }

    /// How many times as long a program took as another one.
    pub(crate) fn ratio(&self, program: usize, other: usize) -> f64 {
        self.nanoseconds(program) / self.nanoseconds(other)
    }
}

/// How often a program must run for the clock to tell, and no longer, so that most runs are not interrupted.
fn repetitions(program: &Program<'_>) -> u32 {
    let begun = Instant::now();
    let mut repetitions = 0;
    while begun.elapsed() < Duration::from_micros(200) {
        (program.run)();
        repetitions += 1;
    }
    repetitions
}
