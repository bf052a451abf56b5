//! The strict list of known failures of one adapter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::{Catalogue, CheckId, Pattern, Platform};

/// Failures that are known, each with its reason and where it is tracked.
///
/// Strict in both directions: a known failure that passes and an entry that stands for no check are errors too. Adapter
/// errors, harness errors and what is inconclusive cannot be listed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Baseline {
    known: Vec<Known>,
}

/// One entry of a baseline.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The check, or a pattern with `*` in it. Everything that it stands for must fail.
    pub check: String,
    /// Only with this provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Only on this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Only with this broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// Why it fails.
    pub reason: String,
    /// Where that is tracked.
    pub link: String,
}

/// What a baseline selects over.
#[derive(Clone, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ResultKey {
    /// The check.
    pub check: CheckId,
    /// The revision of its case.
    pub rev: u32,
    /// The adapter's name and version.
    pub adapter: String,
    /// Who played the keyring.
    pub provider: String,
    /// The broker.
    pub broker: String,
    /// The platform.
    pub platform: Platform,
}

impl Baseline {
    /// A baseline from the text of its file.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Syntax`] for what is not TOML of the right shape, unknown keys included, and
    /// [`BaselineError::Blank`] for an entry without reason or link.
    pub fn parse(file: &str, text: &str) -> Result<Self, BaselineError> {
        let read = toml::from_str::<BaselineFile>(text)
            .map_err(|error| BaselineError::Syntax { file: file.into(), cause: error.to_string() })?;
        for known in &read.known {
            for (key, value) in [("check", &known.check), ("reason", &known.reason), ("link", &known.link)] {
                if value.trim().is_empty() {
                    return Err(BaselineError::Blank { file: file.into(), check: known.check.clone(), key });
                }
            }
        }
        Ok(Self { known: read.known })
    }

    /// The entries.
    pub fn known(&self) -> &[Known] {
        &self.known
    }

    /// The entries that stand for no check of the catalogue. Asked of the whole one, before selection and sharding.
    pub fn stale<'a>(&'a self, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Known> {
        self.known.iter().filter(|known| {
            let pattern = Pattern::new(known.check.as_str());
            !pattern.matches_any(catalogue.checks())
        })
    }

    /// The entry about a result.
    pub fn find(&self, key: &ResultKey) -> Option<&Known> {
        self.known.iter().find(|known| known.covers(key))
    }
}

impl Known {
    /// Whether the entry is about a result.
    pub fn covers(&self, key: &ResultKey) -> bool {
        let same =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        Pattern::new(self.check.as_str()).matches(&key.check)
            && same(&self.provider, &key.provider)
            && same(&self.broker, &key.broker)
            && self.platform.is_none_or(|platform| platform == key.platform)
    }
}

/// What a file `baseline.toml` holds; unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineFile {
    /// Known failures.
    #[serde(default)]
    pub known: Vec<Known>,
}

/// Why a baseline was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// Not TOML of the right shape.
    #[error("{file}: {cause}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says.
        cause: String,
    },
    /// An entry lacks what makes it an entry.
    #[error("{file}: the entry for {check:?} has no {key}; say why it fails and where that is tracked")]
    Blank {
        /// The file.
        file: String,
        /// The check of the entry.
        check: String,
        /// What is missing.
        key: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::catalogue;

    const ENTRY: &str = r#"
[[known]]
check = "fail-closed/*#nothing-created"
provider = "scripted"
reason = "It makes the folder first."
link = "FINDINGS.md"
"#;

    fn key(check: &str, provider: &str) -> ResultKey {
        ResultKey {
            check: check.parse().expect("an id"),
            rev: 1,
            adapter: "reference 0.1.0".into(),
            provider: provider.into(),
            broker: "busd".into(),
            platform: Platform::Linux,
        }
    }

    #[test]
    fn an_entry_covers_what_its_pattern_and_its_world_match() {
        let baseline = Baseline::parse("baseline.toml", ENTRY).expect("the shape is right");
        let known = &baseline.known()[0];
        assert!(known.covers(&key("fail-closed/no-bus#nothing-created", "scripted")));
        assert!(!known.covers(&key("fail-closed/no-bus#nothing-created", "gnome-keyring")));
        assert!(!known.covers(&key("fail-closed/no-bus#refuses", "scripted")));
        assert_eq!(baseline.find(&key("fail-closed/no-bus#nothing-created", "scripted")), Some(known));
        assert_eq!(baseline.find(&key("fail-closed/no-bus#refuses", "scripted")), None);
    }

    #[test]
    fn unknown_keys_and_missing_reasons_are_refused() {
        let unknown = ENTRY.replace("reason", "because");
        assert!(matches!(Baseline::parse("baseline.toml", &unknown), Err(BaselineError::Syntax { .. })));
        let blank = ENTRY.replace("It makes the folder first.", " ");
        assert_eq!(
            Baseline::parse("baseline.toml", &blank),
            Err(BaselineError::Blank {
                file: "baseline.toml".into(),
                check: "fail-closed/*#nothing-created".into(),
                key: "reason"
            })
        );
    }

    #[test]
    fn an_entry_that_stands_for_no_check_is_stale() {
        let baseline = Baseline::parse("baseline.toml", ENTRY).expect("the shape is right");
        assert_eq!(baseline.stale(catalogue::all()).count(), 0);
        let gone = ENTRY.replace("fail-closed/*#nothing-created", "fail-closed/never#was");
        let baseline = Baseline::parse("baseline.toml", &gone).expect("the shape is right");
        assert_eq!(baseline.stale(catalogue::all()).count(), 1);
    }

    #[test]
    fn an_empty_baseline_knows_nothing() {
        assert_eq!(Baseline::parse("baseline.toml", ""), Ok(Baseline::default()));
    }
}
