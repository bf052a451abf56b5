//! Many cases, several at a time; cases with the same twin share one run of it.

use std::{
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
    observation::{Observation, Role},
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

/// Runs cases, `options.jobs` at a time, and tells in the order of their ends; `tell` stops the run by an error.
///
/// # Errors
///
/// The error of `tell`.
pub fn run_cases<E>(
    cases: &[&Case],
    options: &Arc<RunOptions>,
    tell: &mut dyn FnMut(Progress) -> Result<(), E>,
) -> Result<(), E> {
    let twins = Twins::default();
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let (sender, progress) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, cases.len().max(1)) {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                while !stopped.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    let running = Progress::Running { case: case.id.clone(), done: index };
                    let began = Instant::now();
                    // The receiver is gone only after the run was stopped.
                    let _stopped = sender.send(running);
                    let outcome = observe_both(case, &twins, options).map_err(|error| chain(&error));
                    let run = CaseRun { index, outcome, elapsed: began.elapsed() };
                    let _stopped = sender.send(Progress::Ran(Box::new(run)));
                }
            });
        }
        drop(sender);
        let told = progress.iter().try_for_each(&mut *tell);
        stopped.store(true, Ordering::Relaxed);
        told
    })
}

/// Twins first: what they declare about their locations says where a case plants.
fn observe_both(
    case: &Case,
    twins: &Twins,
    options: &Arc<RunOptions>,
) -> Result<Observations, Arc<StageError>> {
    if case.is_own_twin() {
        let seen = observe(case, Role::Case, &Play::of_case(case), None, options)?;
        return Ok(Observations { twin: seen.clone(), case: seen });
    }
    let twin = twins.observe(case, options)?;
    let seen = observe(case, Role::Case, &Play::of_case(case), twin.statement.as_ref(), options)?;
    Ok(Observations { case: seen, twin })
}

/// The twins that were run, by what they play.
#[derive(Default)]
struct Twins(Mutex<HashMap<String, Twin>>);

/// Made by whoever asks first, shared with whoever asks later.
type Twin = Arc<OnceLock<Result<Observation, Arc<StageError>>>>;

impl Twins {
    fn observe(&self, case: &Case, options: &Arc<RunOptions>) -> Result<Observation, Arc<StageError>> {
        let play = Play::of_twin(case);
        let slot =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(play.key()).or_default().clone();
        let seen = slot.get_or_init(|| observe(case, Role::Twin, &play, None, options).map_err(Arc::new));
        let mut seen = seen.clone()?;
        seen.case = case.id.clone();
        seen.rev = case.rev;
        Ok(seen)
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
