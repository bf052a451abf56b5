//! One fault at one call of one session, and what was seen of it.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{flaw::is_held_up, script::SweepScript};
use crate::{
    case::{
        BusClass, BusEffect, CallClass, CallEffect, CanaryRole, FaultKind, Partition, Plant, PlantKind,
        Repeat, Step,
    },
    observation::{Observer, SessionIndex},
    protocol::LocationRole,
    run::{Performance, RunOptions, Seen, Stage, StageError},
};

/// A fault without the call that it hits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Disturbance {
    /// Of a call to the keyring.
    Bus(BusClass, BusEffect),
    /// Of a system call.
    SystemCall(CallClass, CallEffect),
}

impl Disturbance {
    /// The fault at the n-th call.
    pub fn at(self, nth: u32) -> FaultKind {
        let repeat = Repeat::Once;
        match self {
            Self::Bus(call, effect) => FaultKind::Bus { call, nth, repeat, effect },
            Self::SystemCall(call, effect) => FaultKind::SystemCall { call, nth, repeat, effect },
        }
    }

    /// Who must have seen everything, so that a flaw that was not seen was not there and a call that was not seen was not
    /// made.
    pub(super) fn observers(self) -> &'static [Observer] {
        match self {
            Self::Bus(..) => &[Observer::Files, Observer::SystemCalls, Observer::Bus],
            Self::SystemCall(..) => &[Observer::Files, Observer::SystemCalls],
        }
    }

    /// The word of its effect.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Bus(_, effect) => effect.as_str(),
            Self::SystemCall(_, effect) => effect.as_str(),
        }
    }
}

impl fmt::Display for Disturbance {
    /// Such as `kill (system calls, any)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(call, effect) => write!(f, "{} (keyring, {})", effect.as_str(), call.as_str()),
            Self::SystemCall(call, effect) => {
                write!(f, "{} (system calls, {})", effect.as_str(), call.as_str())
            }
        }
    }
}

/// One fault at one call of a script's disturbed session.
#[derive(Clone, Debug)]
pub struct Point<'a> {
    /// The script.
    pub script: &'a SweepScript,
    /// The fault.
    pub fault: FaultKind,
}

impl Point<'_> {
    /// Plays the script with the fault in a fresh world.
    ///
    /// # Errors
    ///
    /// [`StageError`]: the world could not be made or kept up.
    pub fn play(&self, options: &Arc<RunOptions>) -> Result<Seen, StageError> {
        let seed = options.seed.world(&["point", &self.script.name, &format!("{:?}", self.fault)]);
        let mut stage = Stage::build(options.clone(), &seed, self.roles(), UMASK)?;
        for (index, session) in self.script.sessions.iter().enumerate() {
            let disturbed = index == self.script.disturbed;
            stage.play(&Performance {
                condition: self.script.condition(index),
                faults: disturbed.then_some((0, &self.fault)).into_iter().collect(),
                ..Performance::new(SessionIndex(index), &options.adapter, &session.steps)
            })?;
        }
        if is_held_up(self.script, &stage.log().entries()) {
            self.look_again(&mut stage, options)?;
        }
        Ok(stage.finish())
    }

    /// Plays the last session again, without the lock that the disturbed one left.
    ///
    /// How long such a lock holds others up is another question, and a case asks it.
    fn look_again(&self, stage: &mut Stage, options: &RunOptions) -> Result<(), StageError> {
        let last = self.script.last();
        let again = last + 1;
        let lock = Plant {
            before_session: again,
            location: LocationRole::Lock,
            name: None,
            partition: Partition::default(),
            kind: PlantKind::Absence {},
        };
        stage.play(&Performance {
            condition: self.script.condition(last),
            plants: vec![&lock],
            ..Performance::new(SessionIndex(again), &options.adapter, &self.script.sessions[last].steps)
        })
    }

    fn roles(&self) -> BTreeSet<CanaryRole> {
        let steps = self.script.sessions.iter().flat_map(|session| &session.steps);
        let named = steps.filter_map(|step| match step {
            Step::Put { canary, .. } | Step::Get { canary, .. } => Some(canary.clone()),
            Step::Open { .. } | Step::Remove { .. } | Step::Render { .. } | Step::Close { .. } => None,
        });
        named.collect()
    }
}

const UMASK: u32 = 0o022;
