//! The twin of a case: the same script in the same world, undisturbed: no condition, plants, faults, overlaps, hostile names.

use crate::case::{Case, Condition, Fault, Plant, Rendezvous, Script, Step};

/// What is played in one world: a case's own script, or its twin's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Play {
    /// The script.
    pub script: Script,
    /// What is planted.
    pub plants: Vec<Plant>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Where sessions that overlap meet.
    pub rendezvous: Vec<Rendezvous>,
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
            faults: case.faults.clone(),
            rendezvous: case.rendezvous.clone(),
            condition: case.world.condition,
            umask: case.world.umask.clone(),
        }
    }

    /// What the twin of the case plays.
    pub fn of_twin(case: &Case) -> Self {
        let mut script = case.script.clone();
        for session in &mut script.sessions {
            session.condition = None;
            session.overlaps = false;
            for step in &mut session.steps {
                if let Step::Open { name: Some(name), .. } = step
                    && let Some(benign) = case.twin.names.get(name)
                {
                    name.clone_from(benign);
                }
            }
        }
        Self {
            script,
            plants: Vec::new(),
            faults: Vec::new(),
            rendezvous: Vec::new(),
            condition: Condition::Usable,
            umask: case.world.umask.clone(),
        }
    }

    /// The condition of a session of the script.
    pub fn condition(&self, session: usize) -> Condition {
        self.script.sessions[session].condition.unwrap_or(self.condition)
    }

    /// A text that is equal for equal plays, so that cases with the same twin share one run of it.
    pub fn key(&self) -> String {
        format!("{self:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{StepLabel, load};

    #[test]
    fn a_case_plays_what_it_says() {
        let case = hostile();
        let play = Play::of_case(&case);
        assert_eq!((&play.script, &play.plants), (&case.script, &case.plants));
        assert_eq!([play.condition(0), play.condition(1)], [Condition::NoService, Condition::Locked]);
        assert_eq!(names(&play), ["../evil", "benign"]);
    }

    #[test]
    fn a_twin_plays_the_same_steps_without_condition_plants_and_hostile_names() {
        let case = hostile();
        let play = Play::of_twin(&case);
        assert_eq!(play.plants, []);
        assert_eq!([play.condition(0), play.condition(1)], [Condition::Usable; 2]);
        assert_eq!(names(&play), ["harmless", "benign"]);
        assert_eq!(play.umask, case.world.umask);
        let words = |script: &Script| script.steps().map(|(.., step)| step.word()).collect::<Vec<_>>();
        assert_eq!(words(&play.script), words(&case.script));
        assert!(play.script.find(&StepLabel("read".into())).is_some());
    }

    #[test]
    fn equal_plays_have_equal_keys_and_different_ones_do_not() {
        let case = hostile();
        let play = Play::of_twin(&case);
        assert_eq!(play.key(), Play::of_twin(&case).key());
        assert_ne!(play.key(), Play::of_case(&case).key());
        assert_ne!(play.key(), Play { umask: "0".into(), ..play.clone() }.key());
    }

    fn names(play: &Play) -> Vec<&str> {
        let opens = play.script.steps().filter_map(|(.., step)| match step {
            Step::Open { name, .. } => name.as_deref(),
            Step::Put { .. }
            | Step::Get { .. }
            | Step::Remove { .. }
            | Step::Render { .. }
            | Step::Close { .. } => None,
        });
        opens.collect()
    }

    fn hostile() -> Case {
        load("naming/example.toml", CASE).unwrap_or_else(|error| panic!("{error}"))
    }

    const CASE: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["CLO-01"]
cwe = [636]
severity = "high"
world = { condition = "no_service", umask = "0022" }
twin = { round_trip = "read", names = { "../evil" = "harmless" } }

[[plant]]
location = "lock"
kind = { plant = "directory", mode = "0700" }

[[session]]
steps = [
    { do = "open", store = "cache", name = "../evil" },
    { do = "put", label = "write", store = "cache", canary = "token" },
]

[[session]]
condition = "locked"
steps = [
    { do = "open", store = "cache", name = "benign" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "check"
sentence = "x"
requirement = { level = "must", sentences = ["S5"] }
judge = { predicate = "value_equals", step = "read", canary = "token" }
"#;
}
