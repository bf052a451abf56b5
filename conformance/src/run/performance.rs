//! What a script asks of one session.

use crate::{
    adapter::AdapterCommand,
    case::{Condition, End, FaultKind, Place, Plant, Step},
    observation::SessionIndex,
    protocol::{LogLevel, Statement},
    supervisor::CallFault,
};

/// One session to play: who, in which world, what goes wrong, what is asked.
#[derive(Clone)]
pub struct Performance<'a> {
    /// Which session of the script.
    pub index: SessionIndex,
    /// Who plays.
    pub adapter: &'a AdapterCommand,
    /// What the implementation declared in another world: where to plant, and what it must declare here as well. Without
    /// it, an earlier session of this one says so.
    pub statement: Option<&'a Statement>,
    /// The condition of the world.
    pub condition: Condition,
    /// Which home the session sees.
    pub place: Place,
    /// How it ends.
    pub end: End,
    /// How much the library is to log.
    pub log: LogLevel,
    /// What is planted before it.
    pub plants: Vec<&'a Plant>,
    /// What goes wrong during it, each with its number in the case.
    pub faults: Vec<(usize, &'a FaultKind)>,
    /// What is asked.
    pub steps: &'a [Step],
}

impl<'a> Performance<'a> {
    /// An undisturbed session at home that ends with `bye`.
    pub fn new(index: SessionIndex, adapter: &'a AdapterCommand, steps: &'a [Step]) -> Self {
        Self {
            index,
            adapter,
            statement: None,
            condition: Condition::Usable,
            place: Place::Home,
            end: End::Bye,
            log: LogLevel::Default,
            plants: Vec::new(),
            faults: Vec::new(),
            steps,
        }
    }

    /// Those of its faults that happen to system calls.
    pub(super) fn call_faults(&self) -> Vec<CallFault> {
        let faults = self.faults.iter().filter_map(|(number, kind)| match kind {
            FaultKind::SystemCall { call, nth, repeat, effect } => {
                let (call, nth, repeat, effect) = (*call, *nth, *repeat, *effect);
                Some(CallFault { fault: *number, call, nth, repeat, effect })
            }
            FaultKind::Bus { .. } => None,
        });
        faults.collect()
    }
}
