//! Which provider a world has.

use std::{
    fmt,
    process::{Command, Stdio},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::world::program;

/// Who plays the keyring.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// The provider inside the harness.
    #[default]
    Scripted,
    /// The `gnome-keyring-daemon` of the system, without a desktop.
    GnomeKeyring,
}

impl ProviderKind {
    /// Every provider.
    pub const ALL: [Self; 2] = [Self::Scripted, Self::GnomeKeyring];

    /// What it is, for those who choose one.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Scripted => "Built in",
            Self::GnomeKeyring => "The system's gnome-keyring-daemon",
        }
    }

    /// The word in options and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scripted => "scripted",
            Self::GnomeKeyring => "gnome-keyring",
        }
    }

    /// Says what this machine has of it.
    ///
    /// # Errors
    ///
    /// What is missing and what to do, in one line.
    pub fn probe(self) -> Result<String, String> {
        match self {
            Self::Scripted => Ok("built in".into()),
            Self::GnomeKeyring => version_of(GNOME_KEYRING),
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ProviderKind {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownProvider { text: text.to_owned() })
    }
}

/// A word that names no provider.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no provider; give `scripted` or `gnome-keyring`")]
pub struct UnknownProvider {
    text: String,
}

/// Has a program tell its version.
fn version_of(name: &str) -> Result<String, String> {
    let Some(path) = program::find(name) else {
        return Err(format!("{name} is not in PATH; install it, or use --provider scripted"));
    };
    let output = Command::new(&path)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", path.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().next().filter(|_| output.status.success()) {
        Some(version) => Ok(format!("{version} ({})", path.display())),
        None => Err(format!("{} does not tell its version: {}", path.display(), output.status)),
    }
}

/// The program of gnome-keyring.
pub(super) const GNOME_KEYRING: &str = "gnome-keyring-daemon";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_others_are_refused() {
        for kind in ProviderKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            let quoted = serde_json::to_string(&kind).expect("a word is plain data");
            assert_eq!(quoted, format!("\"{kind}\""));
        }
        let error = "kwallet".parse::<ProviderKind>().expect_err("it is not among them");
        assert_eq!(error.to_string(), "`kwallet` is no provider; give `scripted` or `gnome-keyring`");
    }

    #[test]
    fn a_program_that_is_missing_or_tells_nothing_is_named() {
        let missing = version_of("sealcheck-is-not-a-daemon").expect_err("there is no such program");
        assert_eq!(
            missing,
            "sealcheck-is-not-a-daemon is not in PATH; install it, or use --provider scripted"
        );
        let silent = version_of("false").expect_err("it fails");
        assert!(silent.ends_with("does not tell its version: exit status: 1"), "{silent}");
    }
}
