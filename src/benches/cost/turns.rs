//! Doing things in turn, and the ratios of what they cost.

use std::time::{Duration, Instant};

/// Costs of one thing, one for each round.
#[derive(Default)]
pub(crate) struct Costs(Vec<Duration>);

impl Costs {
    pub(crate) fn add(&mut self, cost: Duration) {
        self.0.push(cost);
    }

    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Times two things in turn, after a few rounds that do not count.
pub(crate) fn in_turn(rounds: usize, mut ours: impl FnMut(), mut other: impl FnMut()) -> (Costs, Costs) {
    let mut costs = (Costs::default(), Costs::default());
    for round in 0..rounds + WARM_UP {
        let begun = Instant::now();
        ours();
        let between = Instant::now();
        other();
        if round >= WARM_UP {
            costs.0.add(between - begun);
            costs.1.add(between.elapsed());
        }
    }
    costs
}

/// What a ratio should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// Ours costs at most so many times the other's.
    AtMost(f64),
    /// The other's costs at least so many times ours.
    TimesLess(f64),
    /// There is none: the ratio says where the cost is.
    None,
}

pub(crate) fn heading(text: &str) {
    println!("\n{text}\n{:52} {:>10} {:>10}  {:>7}", "", "ours", "other", "ratio");
}

/// Prints the medians of two costs, their spread, and their ratio.
pub(crate) fn print(name: &str, ours: &Costs, other: &Costs, target: Target) {
    let milliseconds = |cost: Duration| cost.as_secs_f64() * 1000.0;
    let (our, their) = (milliseconds(ours.median()), milliseconds(other.median()));
    let (ratio, met) = match target {
        Target::AtMost(most) => (our / their, Some((our / their <= most, format!("at most {most}")))),
        Target::TimesLess(least) => {
            (their / our, Some((their / our >= least, format!("{least} times less"))))
        }
        Target::None => (our / their, None),
    };
    let verdict = match met {
        None => String::new(),
        Some((true, target)) => format!("({target}: met)"),
        Some((false, target)) => format!("({target}: MISSED)"),
    };
    let spread = |costs: &Costs| {
        format!("{:.2}..{:.2}", milliseconds(costs.percentile(10)), milliseconds(costs.percentile(90)))
    };
    println!("{name:52} {our:>7.2} ms {their:>7.2} ms  {ratio:>7.2}  {verdict}");
    println!("{:52} {:>10} {:>10}", "    10th..90th percentile", spread(ours), spread(other));
}

const WARM_UP: usize = 3;
