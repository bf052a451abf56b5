//! A run: cases are played, judged, compared with the baseline, and told one check at a time.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Failure, RunArguments, RunEvent, RunStart, examining, recorder::Recorder, selecting};
use crate::{
    adapter::{self, Adapter, AdapterCommand},
    canary::Seed,
    case::{Case, Check, Platform, Selection, catalogue},
    interruption::Interruption,
    judge::{Baseline, Known, Outcome, ResultKey, Verdict, beyond, judge},
    observation::{Lives, Observer, platform_label},
    protocol::Identity,
    record::{
        Advice, BaselineNote, BaselineUse, CheckResult, EvidenceLine, Header, ResultsVersion, Timestamp,
        Timing,
    },
    report::cited,
    run::{CaseRun, Observations, Progress, RunOptions, run_cases, unwatched},
    supervisor,
    world::{BrokerKind, ProviderKind, emulator},
};

/// A run in preparation: everything that can be wrong is found before the first world is made.
pub(super) struct Judging<'a> {
    arguments: &'a RunArguments,
    chosen: Vec<Selection<'a>>,
    baseline: Option<(String, Baseline)>,
    options: Arc<RunOptions>,
    recorder: Option<Recorder>,
}

impl<'a> Judging<'a> {
    /// Finds the adapter, what is selected and the baseline, and asks whether this machine can watch a session.
    ///
    /// # Errors
    ///
    /// Usage, bad input or a missing sandbox, each with its next step.
    pub(super) fn prepare(arguments: &'a RunArguments) -> Result<Self, Failure> {
        let chosen = selecting::select(&arguments.selection)?;
        let adapter = examining::find(arguments.adapter_dir.as_ref(), &arguments.adapter)?;
        let baseline = baseline(arguments, &adapter)?;
        let command =
            adapter::resolve(&adapter, arguments.state.clone().or_else(adapter::state_folder).as_deref())
                .map_err(Failure::usage)?;
        let options = options(
            command,
            arguments.broker,
            arguments.provider,
            &arguments.without_observer,
            arguments.seed.unwrap_or_else(Seed::fresh),
            arguments.jobs,
        )?;
        let recorder = Recorder::of(arguments, &adapter, &options)?;
        Ok(Self { arguments, chosen, baseline, options, recorder })
    }

    /// Plays, judges and tells. The header waits for the first observation, so that it can name the implementation.
    ///
    /// # Errors
    ///
    /// The error of `tell`.
    pub(super) fn run(
        &self,
        tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>,
    ) -> Result<Timing, Failure> {
        let (mut played, left): (Vec<usize>, Vec<usize>) =
            (0..self.chosen.len()).partition(|place| unplayed(self.chosen[*place].case).is_none());
        // Worlds are independent, so any order must give the same verdicts: each run tries another one.
        played.sort_by_key(|place| self.options.seed.place(self.chosen[*place].case.id.as_str()));
        let cases: Vec<&Case> = played.iter().map(|place| self.chosen[*place].case).collect();
        let mut waiting: Vec<RunEvent> = Vec::new();
        let mut began = false;
        // Whatever the order of their ends, results come in the order of the catalogue.
        let mut judged: BTreeMap<usize, Vec<CheckResult>> =
            left.into_iter().map(|place| (place, self.unplayed(&self.chosen[place]))).collect();
        let mut next = 0;
        let mut lives = Lives::default();
        let clock = Instant::now();
        run_cases(&cases, &self.options, &mut |progress| match progress {
            Progress::Running { case, done } => {
                let start = RunStart { done, total: cases.len(), case, mutant: None };
                if began {
                    tell(RunEvent::Running(start))
                } else {
                    waiting.push(RunEvent::Running(start));
                    Ok(())
                }
            }
            Progress::Ran(run) => {
                if !began {
                    began = true;
                    let implementation = run.outcome.as_ref().ok().and_then(implementation);
                    tell(RunEvent::Began(Box::new(self.header(implementation))))?;
                    waiting.drain(..).try_for_each(&mut *tell)?;
                }
                lives += run.lives;
                let place = played[run.index];
                let chosen = &self.chosen[place];
                let mut results = self.results(chosen, &run);
                self.record(chosen.case, &run.outcome, &mut results)?;
                judged.insert(place, results);
                while let Some(results) = judged.remove(&next) {
                    next += 1;
                    results.into_iter().try_for_each(|result| tell(RunEvent::Judged(Box::new(result))))?;
                }
                Ok(())
            }
        })?;
        if !began {
            tell(RunEvent::Began(Box::new(self.header(None))))?;
        }
        let timing = Timing {
            wall_ms: milliseconds(clock.elapsed()),
            jobs: self.options.jobs,
            sessions: lives.sessions,
            lived_ms: milliseconds(lives.lived),
        };
        judged.into_values().flatten().try_for_each(|result| tell(RunEvent::Judged(Box::new(result))))?;
        Ok(timing)
    }

    /// Keeps what was seen, if that is asked for and anything was, and says with the results how to play it again.
    fn record(
        &self,
        case: &Case,
        observed: &Result<Observations, String>,
        results: &mut [CheckResult],
    ) -> Result<(), Failure> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        let Ok(observed) = observed else { return recorder.forget(case) };
        let outcomes = results.iter().map(|result| result.outcome);
        if let Some(file) = recorder.keep(case, observed, outcomes)? {
            let replayer = self.arguments.replayer(&file);
            results.iter_mut().for_each(|result| result.replayer = Some(replayer.clone()));
        }
        Ok(())
    }

    fn header(&self, implementation: Option<Identity>) -> Header {
        let baseline = self.baseline.as_ref().map(|(source, baseline)| BaselineUse {
            source: source.clone(),
            entries: baseline.known().len(),
            unmatched: baseline.stale(catalogue::all()).map(|known| known.check.clone()).collect(),
        });
        Header {
            format: ResultsVersion::CURRENT,
            harness: env!("CARGO_PKG_VERSION").into(),
            catalogue: Some(catalogue::digest().into()),
            adapter: self.options.adapter.name.clone(),
            implementation,
            platform: platform_label(Platform::CURRENT, emulator()),
            caveat: emulator().map(|emulator| emulator.caveat().into()),
            provider: self.options.provider.as_str().into(),
            broker: self.options.broker.as_str().into(),
            selection: selecting::recorded(&self.arguments.selection),
            seed: Some(self.options.seed),
            baseline,
            without_observers: self.options.without.iter().copied().collect(),
            started: Timestamp::now(),
        }
    }

    fn results(&self, chosen: &Selection<'_>, run: &CaseRun) -> Vec<CheckResult> {
        let Selection { case, checks } = chosen;
        let result = |check: &&Check| match &run.outcome {
            Ok(Observations { case: seen, twin }) => {
                let outcome = judge(case, check, seen, twin);
                let evidence = cited(&outcome, seen, twin);
                self.compare(case, check, &outcome, evidence, run.elapsed)
            }
            Err(detail) => {
                let outcome = Outcome::HarnessError { detail: detail.clone() };
                self.compare(case, check, &outcome, Vec::new(), run.elapsed)
            }
        };
        checks.iter().map(result).collect()
    }

    /// What comes of a case that is not played.
    fn unplayed(&self, chosen: &Selection<'_>) -> Vec<CheckResult> {
        let Some(outcome) = unplayed(chosen.case) else { return Vec::new() };
        let result = |check: &&Check| self.compare(chosen.case, check, &outcome, Vec::new(), Duration::ZERO);
        chosen.checks.iter().map(result).collect()
    }

    fn compare(
        &self,
        case: &Case,
        check: &Check,
        outcome: &Outcome,
        evidence: Vec<EvidenceLine>,
        elapsed: Duration,
    ) -> CheckResult {
        let key = ResultKey {
            check: check.id.clone(),
            rev: case.rev,
            adapter: self.options.adapter.name.clone(),
            provider: self.options.provider.as_str().into(),
            broker: self.options.broker.as_str().into(),
            platform: Platform::CURRENT,
        };
        let known = self.baseline.as_ref().and_then(|(_, baseline)| baseline.find(&key));
        let failed = matches!(outcome, Outcome::Fail(_));
        CheckResult {
            check: check.id.clone(),
            case: case.id.clone(),
            rev: case.rev,
            level: check.requirement.level,
            severity: case.severity,
            sentence: check.sentence.clone(),
            outcome: outcome.kind(),
            explanation: outcome.why(),
            evidence,
            verdict: Verdict::of(outcome.kind(), known.is_some()),
            baseline: known.map(note),
            advice: failed.then(|| Advice { why: case.why.clone(), fix: case.fix.clone() }),
            elapsed_ms: milliseconds(elapsed),
            reproducer: self.arguments.reproducer(&check.id, &self.options.seed),
            replayer: None,
        }
    }
}

/// Refuses what disturbs or follows sessions by their system calls where nobody sees those.
///
/// # Errors
///
/// [`Failure::sandbox_unavailable`], with the reason.
pub(super) fn need_witness(subcommand: &str) -> Result<(), Failure> {
    let Some(reason) = unwatched(Observer::SystemCalls) else { return Ok(()) };
    let cause = format!("`sealcheck {subcommand}` needs the witness of system calls: {reason}");
    Err(Failure::sandbox_unavailable(cause).next("run it on Linux"))
}

/// How sessions of an adapter are to be run on this machine.
///
/// # Errors
///
/// [`Failure::sandbox_unavailable`] where no session can be watched, or the provider is not installed.
pub(super) fn options(
    adapter: AdapterCommand,
    broker: BrokerKind,
    provider: ProviderKind,
    without: &[Observer],
    seed: Seed,
    jobs: Option<u16>,
) -> Result<Arc<RunOptions>, Failure> {
    supervisor::probe().map_err(Failure::sandbox_unavailable)?;
    provider.probe().map_err(Failure::sandbox_unavailable)?;
    let harness = std::env::current_exe().map_err(Failure::harness)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Arc::new(RunOptions {
        harness,
        adapter,
        broker,
        provider,
        without: without.iter().copied().collect(),
        seed,
        jobs: jobs.map_or(processors, usize::from),
        interruption: Interruption::of_this_process(),
    }))
}

/// Where adapters are set up.
///
/// # Errors
///
/// Usage if neither the option nor the environment says where.
pub(super) fn state_folder(given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    given.cloned().or_else(adapter::state_folder).ok_or_else(|| {
        Failure::usage("there is no folder for adapters that are set up")
            .next(format!("set {}", adapter::STATE_VARIABLES))
    })
}

fn baseline(arguments: &RunArguments, adapter: &Adapter) -> Result<Option<(String, Baseline)>, Failure> {
    if arguments.no_baseline {
        return Ok(None);
    }
    let (source, text) = match &arguments.baseline {
        Some(path) => {
            let source = path.display().to_string();
            let text = fs::read_to_string(path).map_err(|cause| {
                Failure::bad_input(cause).next(format!("check that {source} exists and can be read"))
            })?;
            (source, text)
        }
        None => match adapter.baseline() {
            Some(text) => (format!("{}/baseline.toml", adapter.name()), text.to_owned()),
            None => return Ok(None),
        },
    };
    let baseline = Baseline::parse(&source, &text).map_err(Failure::bad_input)?;
    Ok(Some((source, baseline)))
}

fn implementation(observed: &Observations) -> Option<Identity> {
    observed.twin.implementation.clone().or_else(|| observed.case.implementation.clone())
}

fn note(known: &Known) -> BaselineNote {
    BaselineNote { reason: known.reason.clone(), link: Some(known.link.clone()) }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What comes of a case that has no world on this platform; `None` if it has one. Whoever provides the keyring can play
/// every case: what goes wrong does so on the wire.
fn unplayed(case: &Case) -> Option<Outcome> {
    if !case.world.platforms.contains(&Platform::CURRENT) {
        return Some(Outcome::NotRun { reason: format!("the case runs on {}", platforms(case)) });
    }
    case.beyond(Platform::CURRENT).map(|what| beyond(Platform::CURRENT, what))
}

fn platforms(case: &Case) -> String {
    case.world.platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{
        cli::{Arguments, Command, Exit},
        protocol::Level,
    };

    #[test]
    fn whatever_is_wrong_is_found_before_anything_runs() {
        for (line, exit) in [
            (&["--adapter", "nobody"][..], Exit::Usage),
            (&["--select", "naming/never"], Exit::Usage),
            (&["--adapter-dir", "/nowhere/at/all"], Exit::BadInput),
            (&["--baseline", "/nowhere/at/all.toml"], Exit::BadInput),
        ] {
            let failure = Judging::prepare(&arguments(line)).err().expect("it is wrong");
            assert_eq!(failure.exit(), exit, "{line:?}: {failure}");
        }
    }

    #[test]
    fn a_baseline_is_read_from_where_the_command_line_says() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("baseline.toml");
        let entry = "[[known]]\ncheck = \"naming/*\"\nreason = \"it is so\"\nlink = \"FINDINGS.md\"\n";
        fs::write(&path, entry).expect("there is room");
        let path = path.to_str().expect("the path is text");
        let (source, found) = baseline(&arguments(&["--baseline", path]), &Adapter::Reference(Level::Store))
            .expect("it is a baseline")
            .expect("it is named");
        assert_eq!((source.as_str(), found.known().len()), (path, 1));
        let none = baseline(&arguments(&["--no-baseline"]), &Adapter::Reference(Level::Store))
            .expect("none is asked for");
        assert_eq!(none, None);
        fs::write(path, "[[known]]\n").expect("there is room");
        let failure = baseline(&arguments(&["--baseline", path]), &Adapter::Reference(Level::Store))
            .expect_err("the entry names no check");
        assert_eq!(failure.exit(), Exit::BadInput);
    }

    fn arguments(line: &[&str]) -> RunArguments {
        let line = ["sealcheck", "run"].iter().chain(line);
        match Arguments::try_parse_from(line).expect("command lines in tests are right").command {
            Command::Run(arguments) => *arguments,
            other => panic!("{other:?} is another command"),
        }
    }
}
