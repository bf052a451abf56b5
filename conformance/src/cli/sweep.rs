//! `sweep`: faults at every call of a session.

use std::{
    io::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Exit, Failure, Format, Parts, SweepArguments, output::Output};
use crate::{
    canary::Seed,
    report::{self, Progress},
    sweep::{Series, Swept},
};

/// Sweeps, prints what became of each series, and fails if anything went wrong at any point.
pub(super) fn sweep<W: Write>(
    arguments: &SweepArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let progress = Mutex::new(Progress::on_stderr(output.width()));
    let played = AtomicUsize::new(0);
    let seed = arguments.seed.unwrap_or_else(Seed::fresh);
    let arguments = &SweepArguments { seed: Some(seed), ..arguments.clone() };
    let swept = parts.sweep(arguments, &|series, total| {
        let played = played.fetch_add(1, Ordering::Relaxed) + 1;
        let what =
            format!("of {total} series: {} {}, point {played}", series.script.name, series.disturbance);
        progress.lock().unwrap_or_else(PoisonError::into_inner).show(played, total, &what);
    })?;
    progress.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let text = match arguments.format {
        Format::Text => format!("seed {seed}\n\n{}", report::sweep(&swept)),
        Format::Json => report::sweep_json(&swept),
    };
    output.write(&text)?;
    Ok(exit(&swept))
}

/// What came of all series: the worst of them decides, and what says nothing is no success.
fn exit(swept: &[(Series, Swept)]) -> Exit {
    let any = |is_so: fn(&Swept) -> bool| swept.iter().any(|(_, swept)| is_so(swept));
    if any(|swept| swept.stopped.is_some()) {
        Exit::HarnessError
    } else if !report::is_flawless(swept) {
        Exit::Failure
    } else if any(|swept| swept.uncontrolled.is_some()) {
        Exit::Inconclusive
    } else if any(|swept| swept.reached > 0) {
        Exit::Success
    } else {
        Exit::NothingRan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{CallClass, CallEffect},
        cli::stub::{self, Stub},
        sweep::{Disturbance, Flaw, Flawed, scripts},
    };

    #[test]
    fn what_says_nothing_is_no_success_and_what_is_wrong_counts_without_a_control_too() {
        let swept = || Swept { reached: 3, total: 3, ..Swept::default() };
        let nothing = || Swept { uncontrolled: Some("it does not save".into()), ..Swept::default() };
        let leak = Flawed { nth: 1, hit: "no fault".into(), flaws: [Flaw::Plaintext].into() };
        let leaking = Swept { flawed: vec![leak], ..nothing() };
        let stopped = || Swept { stopped: Some("no room".into()), ..Swept::default() };
        for (all, wanted) in [
            (vec![swept(), Swept::default()], Exit::Success),
            (vec![Swept::default()], Exit::NothingRan),
            (vec![swept(), nothing()], Exit::Inconclusive),
            (vec![swept(), leaking.clone()], Exit::Failure),
            (vec![leaking, stopped()], Exit::HarnessError),
        ] {
            let disturbance = Disturbance::SystemCall(CallClass::Any, CallEffect::Kill);
            let series = Series { script: &scripts()[0], disturbance };
            let all: Vec<_> = all.into_iter().map(|swept| (series, swept)).collect();
            assert_eq!(exit(&all), wanted, "{all:?}");
        }
    }

    #[test]
    fn a_sweep_that_reached_nothing_is_not_a_success() {
        let (exit, _) =
            stub::command(&Stub::default(), &["sealcheck", "sweep"]).expect("the stub sweeps nothing");
        assert_eq!(exit, Exit::NothingRan);
    }
}
