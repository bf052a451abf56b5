//! Many cases, several at a time; cases with the same twin share one run of it.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use super::{episode::observe, options::RunOptions, stage::StageError, twin::Play};
use crate::{
    case::{Case, CaseId},
    causes::causes,
    interruption::{Interrupt, Interruption},
    observation::{Lives, Observation, Role},
    protocol::Statement,
};

/// A case that was run.
#[derive(Debug)]
pub struct CaseRun {
    /// Which of the cases, by its place in the list.
    pub index: usize,
    /// What was seen of the case and of its twin, or why the harness could not do its part.
    pub outcome: Result<Observations, String>,
    /// How long both took; a twin that was shared counts for the case that ran it.
    pub elapsed: Duration,
    /// The sessions that were played for it, those of a twin likewise.
    pub lives: Lives,
}

/// What was seen of a case and of its twin.
#[derive(Debug)]
pub struct Observations {
    /// The case.
    pub case: Observation,
    /// Its twin; the case itself where it has nothing that a twin lacks.
    pub twin: Observation,
}

/// What [`run_cases`] tells.
#[derive(Debug)]
pub enum Progress {
    /// A case is about to run.
    Running {
        /// The case.
        case: CaseId,
        /// How many are done.
        done: usize,
    },
    /// A case was run.
    Ran(Box<CaseRun>),
}

/// Runs cases, `options.jobs` at a time, and tells in the order of their ends; `tell` stops the run by an error, and so
/// does an interrupt: nothing is told any more once it came, for it may have cut short what would be told.
///
/// # Errors
///
/// The error of `tell`, or the interrupt.
pub fn run_cases<E: From<Interrupt>>(
    cases: &[&Case],
    options: &Arc<RunOptions>,
    tell: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<(), E> {
    let observe = |case: &Case, role: Role, play: &Play, statement: Option<&Statement>| {
        observe(case, role, play, statement, options)
    };
    run_with(cases, options.jobs, options.interruption, &observe, tell)
}

/// Plays something in a world of its own.
type Observe<'a> =
    dyn Fn(&Case, Role, &Play, Option<&Statement>) -> Result<Observation, StageError> + Sync + 'a;

/// The same, of one thread.
type ObserveHere<'a> = dyn Fn(&Case, Role, &Play, Option<&Statement>) -> Result<Observation, StageError> + 'a;

fn run_with<E: From<Interrupt>>(
    cases: &[&Case],
    jobs: usize,
    interruption: Interruption,
    observe: &Observe<'_>,
    tell: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<(), E> {
    let twins = Twins::default();
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let (sender, progress) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, cases.len().max(1)) {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                while !stopped.load(Ordering::Relaxed) && interruption.check().is_ok() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    let running =
                        Progress::Running { case: case.id.clone(), done: done.load(Ordering::Relaxed) };
                    tracing::info!("{} begins", case.id);
                    let began = Instant::now();
                    // The receiver is gone only after the run was stopped.
                    let _stopped = sender.send(running);
                    let lives = Cell::new(Lives::default());
                    let counted = |case: &Case, role, play: &Play, statement: Option<&Statement>| {
                        let seen = observe(case, role, play, statement)?;
                        let mut sum = lives.get();
                        sum += Lives::of(&seen);
                        lives.set(sum);
                        Ok(seen)
                    };
                    let outcome = observe_both(case, &twins, &counted).map_err(|error| causes(&error));
                    tracing::info!("{} ended", case.id);
                    done.fetch_add(1, Ordering::Relaxed);
                    let run = CaseRun { index, outcome, elapsed: began.elapsed(), lives: lives.get() };
                    let _stopped = sender.send(Progress::Ran(Box::new(run)));
                }
            });
        }
        drop(sender);
        let told = progress.iter().try_for_each(|progress| {
            interruption.check()?;
            tell(progress)
        });
        stopped.store(true, Ordering::Relaxed);
        told.and_then(|()| Ok(interruption.check()?))
    })
}

/// Twins first: what they declare about their locations says where a case plants.
fn observe_both(
    case: &Case,
    twins: &Twins,
    observe: &ObserveHere<'_>,
) -> Result<Observations, Arc<StageError>> {
    if case.is_own_twin() {
        let seen = observe(case, Role::Case, &Play::of_case(case), None)?;
        return Ok(Observations { twin: seen.clone(), case: seen });
    }
    let twin = twins.observe(case, observe)?;
    let seen = observe(case, Role::Case, &Play::of_case(case), twin.statement.as_ref())?;
    Ok(Observations { case: seen, twin })
}

/// The twins that were run, by what they play.
#[derive(Default)]
struct Twins(Mutex<HashMap<String, Twin>>);

/// Made by whoever asks first, shared with whoever asks later.
type Twin = Arc<OnceLock<Result<Observation, Arc<StageError>>>>;

impl Twins {
    fn observe(&self, case: &Case, observe: &ObserveHere<'_>) -> Result<Observation, Arc<StageError>> {
        let play = Play::of_twin(case);
        let slot =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(play.key()).or_default().clone();
        let seen = slot.get_or_init(|| observe(case, Role::Twin, &play, None).map_err(Arc::new));
        let mut seen = seen.clone()?;
        seen.case = case.id.clone();
        seen.rev = case.rev;
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        io,
        sync::atomic::AtomicI32,
    };

    use super::*;
    use crate::{
        case::{Platform, catalogue},
        observation::{ObservationVersion, WorldFacts},
    };

    #[test]
    fn equal_twins_are_run_once_and_each_case_gets_its_own_copy() {
        let cases = with_twins();
        let keys: BTreeSet<_> = cases.iter().map(|case| Play::of_twin(case).key()).collect();
        assert!(keys.len() < cases.len(), "no two cases share a twin, so nothing is tested");
        let (runs, played) = run(&cases, 3, Ok);
        let twins = played.iter().filter(|(_, role)| *role == Role::Twin).count();
        assert_eq!((twins, played.len()), (keys.len(), keys.len() + cases.len()));
        for run in &runs {
            let Ok(Observations { case, twin }) = &run.outcome else { panic!("{run:?}") };
            let id = &cases[run.index].id;
            assert_eq!((&case.case, case.role), (id, Role::Case));
            assert_eq!((&twin.case, twin.role), (id, Role::Twin));
        }
        assert_eq!(runs.len(), cases.len());
    }

    #[test]
    fn a_case_that_is_its_own_twin_is_played_once() {
        let own: Vec<&Case> = catalogue::all().cases().iter().filter(|case| case.is_own_twin()).collect();
        let (_, played) = run(&own[..1], 1, Ok);
        assert_eq!(played, [(own[0].id.clone(), Role::Case)]);
    }

    #[test]
    fn one_at_a_time_cases_are_told_in_their_order() {
        let cases = with_twins();
        let mut told = Vec::new();
        let observe = |case: &Case, role: Role, _: &Play, _: Option<&Statement>| Ok(observation(case, role));
        let ended = run_with(&cases, 1, Interruption::default(), &observe, &mut |progress| {
            told.push(match progress {
                Progress::Running { case, done } => {
                    assert_eq!(case, cases[done].id);
                    (done, false)
                }
                Progress::Ran(run) => (run.index, true),
            });
            Ok::<(), Interrupt>(())
        });
        assert_eq!(ended, Ok(()));
        let wanted: Vec<_> = (0..cases.len()).flat_map(|index| [(index, false), (index, true)]).collect();
        assert_eq!(told, wanted);
    }

    #[test]
    fn an_error_of_the_one_who_is_told_ends_the_run() {
        let cases = with_twins();
        let mut told = 0;
        let observe = |case: &Case, role: Role, _: &Play, _: Option<&Statement>| Ok(observation(case, role));
        let ended = run_with(&cases, 2, Interruption::default(), &observe, &mut |_| {
            told += 1;
            Err(Ended::Enough)
        });
        assert_eq!((ended, told), (Err(Ended::Enough), 1));
    }

    #[test]
    fn an_interrupt_ends_the_run_and_what_it_may_have_cut_short_is_not_told() {
        static CAME: AtomicI32 = AtomicI32::new(0);
        let cases = with_twins();
        let played = AtomicUsize::new(0);
        let observe = |case: &Case, role: Role, _: &Play, _: Option<&Statement>| {
            // In the middle of the second world.
            if played.fetch_add(1, Ordering::Relaxed) == 1 {
                CAME.store(2, Ordering::Relaxed);
            }
            Ok(observation(case, role))
        };
        let mut told = 0;
        let ended = run_with(&cases, 1, Interruption::at(&CAME), &observe, &mut |progress| {
            told += usize::from(matches!(progress, Progress::Ran(_)));
            Ok(())
        });
        assert_eq!((ended, told, played.into_inner()), (Err(Ended::Interrupted), 0, 2));
    }

    /// Why a run ended early.
    #[derive(Debug, PartialEq)]
    enum Ended {
        Enough,
        Interrupted,
    }

    impl From<Interrupt> for Ended {
        fn from(_: Interrupt) -> Self {
            Self::Interrupted
        }
    }

    #[test]
    fn a_twin_without_a_world_is_the_error_of_every_case_that_shares_it() {
        let cases = with_twins();
        let (runs, played) = run(&cases, 2, |_| Err(StageError::Relocation(io::Error::other("no room"))));
        assert!(played.iter().all(|(_, role)| *role == Role::Twin));
        assert_eq!(runs.len(), cases.len());
        for run in runs {
            let error = run.outcome.expect_err("there is no world");
            assert_eq!(error, "the files of the home could not be copied to a fresh one: no room");
        }
    }

    /// Runs cases in worlds of which only the twins' can be missing; gives who was played, too.
    fn run(
        cases: &[&Case],
        jobs: usize,
        twin: fn(Observation) -> Result<Observation, StageError>,
    ) -> (Vec<CaseRun>, Vec<(CaseId, Role)>) {
        let played = Mutex::new(Vec::new());
        let observe = |case: &Case, role: Role, _: &Play, _: Option<&Statement>| {
            played.lock().expect("no test panics while it holds this").push((case.id.clone(), role));
            let seen = observation(case, role);
            if role == Role::Twin { twin(seen) } else { Ok(seen) }
        };
        let mut runs = Vec::new();
        let ended = run_with(cases, jobs, Interruption::default(), &observe, &mut |progress| {
            if let Progress::Ran(run) = progress {
                runs.push(*run);
            }
            Ok::<(), Interrupt>(())
        });
        assert_eq!(ended, Ok(()));
        (runs, played.into_inner().expect("no test panics while it holds this"))
    }

    fn with_twins() -> Vec<&'static Case> {
        catalogue::all().cases().iter().filter(|case| !case.is_own_twin()).collect()
    }

    fn observation(case: &Case, role: Role) -> Observation {
        Observation {
            format: ObservationVersion::CURRENT,
            case: case.id.clone(),
            rev: case.rev,
            role,
            world: WorldFacts {
                platform: Platform::CURRENT,
                emulator: None,
                provider: "none".into(),
                broker: "none".into(),
                uid: Some(0),
                umask: Some(0),
                home: String::new(),
                root: String::new(),
            },
            implementation: None,
            adapter: None,
            statement: None,
            observers: BTreeMap::new(),
            evidence: Vec::new(),
        }
    }
}
