//! The twin of a case: the same script in the same world without condition, plants and hostile names.

use crate::case::{Case, Condition, Plant, Script, Step};

/// What is played in one world: a case's own script, or its twin's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Play {
    /// The script.
    pub script: Script,
    /// What is planted.
    pub plants: Vec<Plant>,
    /// The condition of sessions that name none.
    pub condition: Condition,
    /// The file mode creation mask, octal.
    pub umask: String,
}

impl Play {
    /// What the case itself plays.
    pub fn of_case(case: &Case) -> Self {
        Self {
            script: case.script.clone(),
            plants: case.plants.clone(),
            condition: case.world.condition,
            umask: case.world.umask.clone(),
        }
    }

    /// What the twin of the case plays.
    pub fn of_twin(case: &Case) -> Self {
        let mut script = case.script.clone();
        for session in &mut script.sessions {
            session.condition = None;
            for step in &mut session.steps {
                if let Step::Open { name: Some(name), .. } = step
                    && let Some(benign) = case.twin.names.get(name)
                {
                    name.clone_from(benign);
                }
            }
        }
        Self { script, plants: Vec::new(), condition: Condition::Usable, umask: case.world.umask.clone() }
    }

    /// The condition of a session.
    pub fn condition(&self, session: usize) -> Condition {
        self.script.sessions[session].condition.unwrap_or(self.condition)
    }

    /// A text that is equal for equal plays, so that cases with the same twin share one run of it.
    pub fn key(&self) -> String {
        format!("{self:?}")
    }
}
