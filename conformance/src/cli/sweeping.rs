//! Which series a sweep has, and playing them.

use std::collections::BTreeSet;

use super::{Failure, SweepArguments, examining, judging};
use crate::{
    adapter,
    canary::Seed,
    case::{BusClass, BusEffect, CallClass, CallEffect, Pattern},
    sweep::{self, Disturbance, Series, Swept, scripts},
};

/// Plays the series that are asked for.
///
/// # Errors
///
/// Usage for an adapter, a script or an effect that does not exist, and a missing sandbox.
pub(super) fn sweep(
    arguments: &SweepArguments,
    tell: &(dyn Fn(&Series, usize) + Sync),
) -> Result<Vec<(Series, Swept)>, Failure> {
    let series = series(arguments)?;
    judging::need_witness("sweep")?;
    let adapter = examining::find(arguments.adapter_dir.as_ref(), &arguments.adapter)?;
    let state = arguments.state.clone().or_else(adapter::state_folder);
    let command = adapter::resolve(&adapter, state.as_deref()).map_err(Failure::usage)?;
    let (broker, provider) = (arguments.broker, arguments.provider);
    let seed = arguments.seed.unwrap_or_else(Seed::fresh);
    let options = judging::options(command, broker, provider, &[], seed, arguments.jobs)?;
    let swept = sweep::sweep(&series, &options, &|index| tell(&series[index], series.len()));
    options.interruption.check()?;
    Ok(series.into_iter().zip(swept).collect())
}

fn series(arguments: &SweepArguments) -> Result<Vec<Series>, Failure> {
    let is_script = |name: &str| is_selected(&arguments.script, name);
    let is_effect = |word: &str| is_selected(&arguments.effect, word);
    let disturbances = disturbances(&arguments.class, &arguments.effect);
    for pattern in &arguments.script {
        if !scripts().iter().any(|script| matches(pattern, &script.name)) {
            let names: Vec<_> = scripts().iter().map(|script| script.name.as_str()).collect();
            return Err(Failure::usage(format!("no script matches {pattern:?}"))
                .next(format!("there are {}", names.join(", "))));
        }
    }
    for pattern in &arguments.effect {
        if !disturbances.iter().any(|disturbance| matches(pattern, disturbance.effect())) {
            let words: BTreeSet<_> = disturbances.iter().map(|disturbance| disturbance.effect()).collect();
            let words: Vec<_> = words.into_iter().collect();
            return Err(Failure::usage(format!("no effect matches {pattern:?}"))
                .next(format!("there are {}", words.join(", "))));
        }
    }
    let chosen: Vec<_> =
        disturbances.into_iter().filter(|disturbance| is_effect(disturbance.effect())).collect();
    let scripts = scripts().iter().filter(|script| is_script(&script.name));
    let series = scripts.flat_map(|script| {
        chosen.iter().map(move |disturbance| Series { script, disturbance: *disturbance })
    });
    Ok(series.collect())
}

/// Everything that is done to a session: each effect at calls of each class, and what the keyring does unless only system
/// calls are asked for; of that, what takes long only by its name.
fn disturbances(classes: &[CallClass], effects: &[String]) -> Vec<Disturbance> {
    let named =
        |slow: &&Disturbance| classes.is_empty() && effects.iter().any(|effect| effect == slow.effect());
    let any = [CallClass::Any];
    let (classes, keyring) = if classes.is_empty() { (&any[..], &KEYRING[..]) } else { (classes, &[][..]) };
    let calls = classes
        .iter()
        .flat_map(|class| CallEffect::ALL.map(|effect| Disturbance::SystemCall(*class, effect)));
    calls.chain(keyring.iter().copied()).chain(SLOW.iter().filter(named).copied()).collect()
}

fn is_selected(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).matches_text(name)
}

/// What the keyring does that waits for a deadline at each call: only where it is named.
const SLOW: [Disturbance; 2] =
    [Disturbance::Bus(BusClass::Any, BusEffect::Slow), Disturbance::Bus(BusClass::Any, BusEffect::Hang)];

/// What else the keyring does.
const KEYRING: [Disturbance; 5] = [
    Disturbance::Bus(BusClass::Any, BusEffect::Deny),
    Disturbance::Bus(BusClass::Any, BusEffect::Disconnect),
    Disturbance::Bus(BusClass::Save, BusEffect::Drop),
    Disturbance::Bus(BusClass::Save, BusEffect::TooLarge),
    Disturbance::Bus(BusClass::Read, BusEffect::Alter),
];

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command};

    #[test]
    fn a_sweep_has_every_script_with_every_disturbance_unless_some_are_asked_for() {
        assert_eq!(of(&[]).expect("all").len(), scripts().len() * (CallEffect::ALL.len() + KEYRING.len()));
        let some = of(&["--script", "fallback-*save", "--effect", "kill", "e*"]).expect("some");
        assert_eq!(some.len(), 2 * 8);
        assert!(some.iter().all(|series| series.script.name.starts_with("fallback-")));
    }

    #[test]
    fn classes_of_system_calls_take_the_place_of_all_of_them_and_of_the_keyring() {
        let some = of(&["--script", "save", "--class", "rename", "unlink"]).expect("some");
        assert_eq!(some.len(), 2 * CallEffect::ALL.len());
        let is_wanted = |disturbance| {
            matches!(disturbance, Disturbance::SystemCall(CallClass::Rename | CallClass::Unlink, _))
        };
        assert!(some.iter().all(|series| is_wanted(series.disturbance)));
        assert!(of(&["--class", "rename", "--effect", "deny"]).is_err());
    }

    #[test]
    fn what_waits_for_deadlines_is_swept_only_by_its_name() {
        assert_eq!(of(&["--script", "save", "--effect", "hang"]).expect("by its name").len(), 1);
        assert!(of(&["--effect", "han*"]).is_err());
    }

    #[test]
    fn a_pattern_that_stands_for_nothing_is_refused() {
        assert!(of(&["--script", "svae"]).is_err());
        assert!(of(&["--effect", "kill", "enosp"]).is_err());
    }

    fn of(options: &[&str]) -> Result<Vec<Series>, Failure> {
        let line = ["sealcheck", "sweep"].iter().chain(options);
        let arguments = Arguments::try_parse_from(line).expect("the line is right");
        let Command::Sweep(arguments) = arguments.command else { panic!("a sweep was asked for") };
        series(&arguments)
    }
}
