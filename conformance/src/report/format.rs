//! The forms that results can be reported in, beside the terminal's.

use std::{fmt, str::FromStr};

use super::{junit::junit, layout::Width, text::text};
use crate::{case::CheckId, record::Results};

/// The results of a run, and what a merge found left out of it.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// The results.
    pub results: &'a Results,
    /// Checks that were not run and should have been; only a merge knows that of any.
    pub left_out: &'a [CheckId],
}

impl<'a> From<&'a Results> for Reported<'a> {
    fn from(results: &'a Results) -> Self {
        Self { results, left_out: &[] }
    }
}

/// A form of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReportFormat {
    /// What the terminal shows, without colours.
    Text,
    /// JUnit XML, in the dialect of Jenkins.
    Junit,
}

impl ReportFormat {
    /// All forms.
    pub const ALL: [Self; 2] = [Self::Text, Self::Junit];

    /// The word in options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Junit => "junit",
        }
    }

    /// The report on one run or several.
    pub fn report(self, runs: &[Reported<'_>]) -> String {
        match self {
            Self::Text => anstream::adapter::strip_str(&text(runs, &[], Width::DEFAULT)).to_string(),
            Self::Junit => junit(runs),
        }
    }
}

impl fmt::Display for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReportFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| UnknownFormat(text.into()))
    }
}

/// A word that names no form.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not a form of a report; there are text and junit")]
pub struct UnknownFormat(String);
