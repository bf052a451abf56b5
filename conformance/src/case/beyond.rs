//! What a case needs that worlds on a platform have not.

use super::{Case, Place, Plant, PlantKind, Platform, Point};

impl Case {
    /// The first thing that the case needs and worlds on the platform have not, in a few words; `None` if they have all.
    ///
    /// Linux has everything. Elsewhere there is neither a bus that could be taken away or disturbed nor a witness that could
    /// make calls fail, modes and links cannot be planted, and the protection of a user is the same everywhere. What
    /// observers a platform has not is no matter of the case: they say so themselves.
    pub fn beyond(&self, platform: Platform) -> Option<String> {
        match platform {
            Platform::Linux => None,
            Platform::Macos | Platform::Windows => self.beyond_a_home(),
        }
    }

    /// The first thing that is more than a home with whatever protects it.
    fn beyond_a_home(&self) -> Option<String> {
        let sessions = &self.script.sessions;
        let conditions = sessions.iter().map(|session| self.condition(session));
        let condition = || {
            let mut unusual = conditions.clone().filter(|condition| !condition.is_usable());
            unusual.next().map(|condition| format!("condition {condition}"))
        };
        let fault = || self.faults.first().map(|fault| format!("fault {}", fault.kind));
        let plant = || self.plants.iter().find_map(unplantable);
        let relocated = || {
            let is_relocated = sessions.iter().any(|session| session.place == Place::Relocated);
            is_relocated.then(|| "other keyring for files that are carried away".to_owned())
        };
        let umask = || {
            let is_usual = self.world.umask == super::WorldSpec::default().umask;
            (!is_usual).then(|| "file mode creation mask".to_owned())
        };
        let meetings = self.rendezvous.iter().flat_map(|rendezvous| [&rendezvous.hold, &rendezvous.until]);
        let met_at_call = || {
            let at_call = meetings
                .clone()
                .any(|meeting| matches!(meeting.at, Point::Bus { .. } | Point::SystemCall { .. }));
            at_call.then(|| "sessions that are held at a call".to_owned())
        };
        condition().or_else(fault).or_else(plant).or_else(relocated).or_else(umask).or_else(met_at_call)
    }
}

/// What cannot be planted where there are neither modes nor links.
fn unplantable(plant: &Plant) -> Option<String> {
    let loose = |mode: &str, what: &str| {
        let is_private = ["0600", "0700"].contains(&mode);
        (!is_private).then(|| format!("{what} with mode {mode}"))
    };
    match &plant.kind {
        PlantKind::File { mode, .. } | PlantKind::Corrupt { mode, .. } => loose(mode, "files"),
        PlantKind::Directory { mode } => loose(mode, "folders"),
        PlantKind::Symlink {} => Some("planted links".into()),
        PlantKind::Absence {} => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{catalogue, load},
        *,
    };

    #[test]
    fn linux_has_everything() {
        assert!(catalogue::all().cases().iter().all(|case| case.beyond(Platform::Linux).is_none()));
    }

    #[test]
    fn an_ordinary_case_is_beyond_nobody() {
        assert_eq!(case("").beyond(Platform::Windows), None);
        let plant = "[[plant]]\nlocation = \"lock\"\nkind = { plant = \"file\", mode = \"0600\" }";
        assert_eq!(case(plant).beyond(Platform::Windows), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (more, what) in [
            ("world = { condition = \"no_bus\" }", "condition no_bus"),
            (
                "[[fault]]\nkind = { fault = \"bus\", call = \"save\", nth = 1, effect = \"deny\" }",
                "fault deny at call to the keyring 1 of the class save",
            ),
            (
                "[[plant]]\nlocation = \"lock\"\nkind = { plant = \"file\", mode = \"0644\" }",
                "files with mode 0644",
            ),
            ("[[plant]]\nlocation = \"lock\"\nkind = { plant = \"symlink\" }", "planted links"),
            ("world = { umask = \"000\" }", "file mode creation mask"),
        ] {
            assert_eq!(case(more).beyond(Platform::Windows).as_deref(), Some(what), "{more}");
            assert_eq!(case(more).beyond(Platform::Linux), None);
        }
        let relocated =
            catalogue::all().cases().iter().find(|case| case.id.as_str() == "encryption/relocation");
        let what = relocated.expect("it is in the catalogue").beyond(Platform::Windows);
        assert_eq!(what.as_deref(), Some("other keyring for files that are carried away"));
    }

    fn case(more: &str) -> Case {
        let text = format!("{HEAD}\n{more}\n{SCRIPT}");
        load("naming/benign.toml", &text).expect("a case")
    }

    const HEAD: &str = r#"
rev = 1
title = "x"
why = "x"
effect = "x"
precondition = "x"
fix = "x"
properties = ["NAM-08"]
cwe = [200]
severity = "low"
twin = { round_trip = "read" }
"#;

    const SCRIPT: &str = r#"
[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "put", store = "cache", canary = "token" },
]

[[session]]
steps = [
    { do = "open", store = "cache" },
    { do = "get", label = "read", store = "cache", canary = "token" },
]

[[check]]
id = "check"
sentence = "x"
requirement = { level = "must", sentences = ["S5"] }
judge = { predicate = "value_equals", step = "read", canary = "token" }
"#;
}
