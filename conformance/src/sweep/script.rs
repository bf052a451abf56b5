//! What a sweep disturbs.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::case::{CanaryRole, Condition, Session, Step};

/// Sessions of which one is disturbed; the last one says what is left.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepScript {
    /// Its name.
    pub name: String,
    /// What happens in it, one line.
    pub title: String,
    /// The condition of sessions that name none.
    pub condition: Condition,
    /// The session that meets the fault, counted from 0.
    pub disturbed: usize,
    /// The sessions.
    #[serde(rename = "session")]
    pub sessions: Vec<Session>,
}

impl SweepScript {
    /// The canary that was stored before the disturbed session, if any.
    pub fn old(&self) -> Option<&CanaryRole> {
        self.stored_in(|session| session < self.disturbed)
    }

    /// The canary that the disturbed session stores, if any.
    pub fn fresh(&self) -> Option<&CanaryRole> {
        self.stored_in(|session| session == self.disturbed)
    }

    /// Whether the disturbed session removes what is stored.
    pub fn removes(&self) -> bool {
        self.sessions[self.disturbed].steps.iter().any(|step| matches!(step, Step::Remove { .. }))
    }

    /// Whether any session allows plaintext.
    pub fn is_opted_in(&self) -> bool {
        let steps = self.sessions.iter().flat_map(|session| &session.steps);
        steps.into_iter().any(|step| matches!(step, Step::Open { allow_unencrypted_storage: Some(true), .. }))
    }

    /// The condition of a session.
    pub fn condition(&self, session: usize) -> Condition {
        self.sessions[session].condition.unwrap_or(self.condition)
    }

    /// The session that says what is left.
    pub fn last(&self) -> usize {
        self.sessions.len() - 1
    }

    fn stored_in(&self, is_wanted: impl Fn(usize) -> bool) -> Option<&CanaryRole> {
        let sessions = self.sessions.iter().enumerate().filter(|(session, _)| is_wanted(*session));
        sessions.flat_map(|(_, session)| &session.steps).find_map(|step| match step {
            Step::Put { canary, .. } => Some(canary),
            Step::Open { .. }
            | Step::Get { .. }
            | Step::Remove { .. }
            | Step::Render { .. }
            | Step::Close { .. } => None,
        })
    }
}

/// Every script, in the order of reports.
pub fn scripts() -> &'static [SweepScript] {
    &SCRIPTS
}

/// The file as a whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    script: Vec<SweepScript>,
}

static SCRIPTS: LazyLock<Vec<SweepScript>> = LazyLock::new(|| {
    let file: File = toml::from_str(TEXT).expect("the scripts in this binary fit their own type");
    file.script
});

const TEXT: &str = include_str!("../../sweeps.toml");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_script_has_a_disturbed_session_and_an_undisturbed_last_one() {
        let mut names = BTreeSet::new();
        for script in scripts() {
            assert!(names.insert(&script.name), "{}", script.name);
            assert!(script.disturbed < script.last(), "{}", script.name);
            assert!(script.old().is_some() || script.fresh().is_some(), "{}", script.name);
            let last = &script.sessions[script.last()].steps;
            let read: Vec<_> = last
                .iter()
                .filter_map(|step| match step {
                    Step::Get { canary, .. } => Some(canary),
                    _ => None,
                })
                .collect();
            let stored: Vec<_> = [script.old(), script.fresh()].into_iter().flatten().collect();
            assert_eq!(read, stored, "{}", script.name);
        }
    }

    #[test]
    fn what_a_script_stores_and_removes_is_read_off_its_steps() {
        let script =
            |name: &str| scripts().iter().find(|script| script.name == name).expect("there is such a script");
        let role = |role: &str| CanaryRole(role.into());
        assert_eq!((script("open").old(), script("open").fresh()), (Some(&role("old")), None));
        assert_eq!((script("first-save").old(), script("first-save").fresh()), (None, Some(&role("new"))));
        assert_eq!((script("save").old(), script("save").fresh()), (Some(&role("old")), Some(&role("new"))));
        assert!(script("clear").removes() && !script("save").removes());
        assert!(script("import").is_opted_in() && !script("save").is_opted_in());
        assert_eq!(script("import").condition(0), Condition::NoBus);
        assert_eq!(script("import").condition(1), Condition::Usable);
    }
}
