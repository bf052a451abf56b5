//! A run: cases are played, judged, compared with the baseline, and told one check at a time.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use super::{Failure, RunArguments, RunEvent, RunStart, selecting};
use crate::{
    adapter::{self, Adapter, AdapterCommand},
    case::{Case, Check, Platform, Selection, catalogue},
    judge::{Baseline, Known, Outcome, ResultKey, Verdict, judge},
    observation::{EvidenceId, Observation, Observer, Role},
    protocol::Identity,
    record::{
        Advice, BaselineNote, BaselineUse, CheckResult, EvidenceLine, Header, ResultsVersion, Timestamp,
    },
    report::summary,
    run::{Observations, Progress, RunOptions, run_cases},
    supervisor,
    world::bus::BrokerKind,
};

/// A run in preparation: everything that can be wrong is found before the first world is made.
pub(super) struct Judging<'a> {
    arguments: &'a RunArguments,
    chosen: Vec<Selection<'a>>,
    baseline: Option<(String, Baseline)>,
    options: Arc<RunOptions>,
}

impl<'a> Judging<'a> {
    /// Finds the adapter, what is selected and the baseline, and asks whether this machine can watch a session.
    ///
    /// # Errors
    ///
    /// Usage, bad input or a missing sandbox, each with its next step.
    pub(super) fn prepare(arguments: &'a RunArguments) -> Result<Self, Failure> {
        let chosen = selecting::select(&arguments.selection)?;
        let mut adapters = adapter::Catalogue::embedded().map_err(Failure::harness)?;
        let adapter = match &arguments.adapter_dir {
            Some(folder) => adapters.add_folder(folder).map_err(Failure::bad_input)?.clone(),
            None => adapters.find(&arguments.adapter).map_err(Failure::usage)?.clone(),
        };
        let baseline = baseline(arguments, &adapter)?;
        let command =
            adapter::resolve(&adapter, adapter::state_folder().as_deref()).map_err(Failure::usage)?;
        let options = options(command, arguments.broker.into(), &arguments.without_observer, arguments.jobs)?;
        Ok(Self { arguments, chosen, baseline, options })
    }

    /// Plays, judges and tells. The header waits for the first observation, so that it can name the implementation.
    ///
    /// # Errors
    ///
    /// The error of `tell`.
    pub(super) fn run(&self, tell: &mut dyn FnMut(RunEvent) -> Result<(), Failure>) -> Result<(), Failure> {
        let (playable, other): (Vec<_>, Vec<_>) =
            self.chosen.iter().partition(|chosen| chosen.case.world.platforms.contains(&Platform::CURRENT));
        let cases: Vec<&Case> = playable.iter().map(|chosen| chosen.case).collect();
        let mut waiting: Vec<RunEvent> = Vec::new();
        let mut began = false;
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
                let chosen = playable[run.index];
                chosen.checks.iter().try_for_each(|check| {
                    let result = self.result(chosen.case, check, &run.outcome, run.elapsed);
                    tell(RunEvent::Judged(Box::new(result)))
                })
            }
        })?;
        if !began {
            tell(RunEvent::Began(Box::new(self.header(None))))?;
        }
        other.iter().try_for_each(|chosen| {
            chosen.checks.iter().try_for_each(|check| {
                let reason = format!("the case runs on {}", platforms(chosen.case));
                let outcome = Outcome::NotRun { reason };
                tell(RunEvent::Judged(Box::new(self.compare(
                    chosen.case,
                    check,
                    &outcome,
                    Vec::new(),
                    Duration::ZERO,
                ))))
            })
        })
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
            adapter: self.options.adapter.name.clone(),
            implementation,
            platform: Platform::CURRENT.to_string(),
            provider: self.arguments.provider.as_str().into(),
            broker: self.options.broker.as_str().into(),
            selection: selecting::recorded(&self.arguments.selection),
            baseline,
            without_observers: self.options.without.iter().copied().collect(),
            started: Timestamp::now(),
        }
    }

    fn result(
        &self,
        case: &Case,
        check: &Check,
        observed: &Result<Observations, String>,
        elapsed: Duration,
    ) -> CheckResult {
        match observed {
            Ok(Observations { case: run, twin }) => {
                let outcome = judge(case, check, run, twin);
                let evidence = evidence(&outcome, run, twin);
                self.compare(case, check, &outcome, evidence, elapsed)
            }
            Err(detail) => {
                let outcome = Outcome::HarnessError { detail: detail.clone() };
                self.compare(case, check, &outcome, Vec::new(), elapsed)
            }
        }
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
            provider: self.arguments.provider.as_str().into(),
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
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            reproducer: self.arguments.reproducer(&check.id),
        }
    }
}

/// How sessions of an adapter are to be run on this machine.
///
/// # Errors
///
/// [`Failure::sandbox_unavailable`] where no session can be watched.
pub(super) fn options(
    adapter: AdapterCommand,
    broker: BrokerKind,
    without: &[Observer],
    jobs: Option<u16>,
) -> Result<Arc<RunOptions>, Failure> {
    supervisor::probe().map_err(Failure::sandbox_unavailable)?;
    let harness = std::env::current_exe().map_err(Failure::harness)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Arc::new(RunOptions {
        harness,
        adapter,
        broker,
        without: without.iter().copied().collect(),
        jobs: jobs.map_or(processors, usize::from),
    }))
}

/// Where adapters are set up.
///
/// # Errors
///
/// Usage if neither the option nor the environment says where.
pub(super) fn state_folder(given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    given.cloned().or_else(adapter::state_folder).ok_or_else(|| {
        Failure::usage("there is no folder for adapters that are set up").next("set HOME or XDG_STATE_HOME")
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

/// The evidence that an outcome rests on, readable without the observations.
fn evidence(outcome: &Outcome, run: &Observation, twin: &Observation) -> Vec<EvidenceLine> {
    let line = |observation: &Observation, role: Role, id: EvidenceId| {
        let evidence = observation.evidence(id)?;
        Some(EvidenceLine { id, run: role, summary: summary(evidence, &observation.world) })
    };
    let witnessed = outcome.witness().map_or(&[][..], |witness| witness.evidence());
    let mut lines: Vec<_> = witnessed.iter().filter_map(|id| line(run, Role::Case, *id)).collect();
    if let Outcome::Pass(pass) = outcome {
        lines.extend(pass.condition().evidence().iter().filter_map(|id| line(run, Role::Case, *id)));
        lines.extend(pass.round_trip().evidence().iter().filter_map(|id| line(twin, Role::Twin, *id)));
    }
    lines
}

fn note(known: &Known) -> BaselineNote {
    BaselineNote { reason: known.reason.clone(), link: Some(known.link.clone()) }
}

fn platforms(case: &Case) -> String {
    case.world.platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Command, Exit};

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
        let (source, found) = baseline(&arguments(&["--baseline", path]), &Adapter::Reference)
            .expect("it is a baseline")
            .expect("it is named");
        assert_eq!((source.as_str(), found.known().len()), (path, 1));
        let none = baseline(&arguments(&["--no-baseline"]), &Adapter::Reference).expect("none is asked for");
        assert_eq!(none, None);
        fs::write(path, "[[known]]\n").expect("there is room");
        let failure = baseline(&arguments(&["--baseline", path]), &Adapter::Reference)
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
