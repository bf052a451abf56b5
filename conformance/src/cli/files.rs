//! Files of results, read and made, and of the reports that are made of them.

use std::{
    fs::File,
    io::{self, BufReader, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use super::Failure;
use crate::{
    record::{ReadError, Results, read_results},
    report::{ReportFormat, Reported, UnknownFormat},
};

/// Reads a results file.
///
/// # Errors
///
/// Bad input for one that cannot be read or is not whole.
pub(super) fn read_results_file(path: &Path) -> Result<Results, Failure> {
    let file = path.display().to_string();
    let input = File::open(path)
        .map_err(|source| Failure::bad_input(ReadError::Io { file: file.clone(), source }))?;
    read_results(BufReader::new(input), &file).map_err(Failure::bad_input)
}

/// Makes a file before there is anything to write, so that a bad path costs no run.
///
/// What an earlier run left there is gone at once: where this run breaks off, it must not pass for this run's.
///
/// # Errors
///
/// Bad input.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    File::create(path)
        .map_err(|cause| Failure::bad_input(WriteError::Create { path: path.to_owned(), cause }))
}

/// The failure of a write to a file that could be made.
pub(super) fn unwritten(path: &Path, cause: io::Error) -> Failure {
    Failure::harness(WriteError::Write { path: path.to_owned(), cause })
}

/// A report that is asked for: `FORMAT=FILE`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportTarget {
    /// In which form.
    pub format: ReportFormat,
    /// Where to.
    pub path: PathBuf,
}

impl FromStr for ReportTarget {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, path) = text.split_once('=').ok_or(TargetError::Shape)?;
        if path.is_empty() {
            return Err(TargetError::Shape);
        }
        Ok(Self { format: format.parse()?, path: path.into() })
    }
}

/// Why a text is no target of a report.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not of the form.
    #[error("a report is asked for by FORMAT=FILE, such as junit=report.xml")]
    Shape,
    /// No format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
}

/// Reports that will be written, their files made.
pub(super) struct Reports(Vec<(ReportTarget, File)>);

impl Reports {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// Bad input for the first that cannot be made.
    pub(super) fn open(targets: &[ReportTarget]) -> Result<Self, Failure> {
        let opened = targets.iter().map(|target| Ok((target.clone(), create(&target.path)?)));
        opened.collect::<Result<_, Failure>>().map(Self)
    }

    /// Writes them.
    ///
    /// # Errors
    ///
    /// A failure of the harness for the first that cannot be written.
    pub(super) fn write(self, runs: &[Reported<'_>]) -> Result<(), Failure> {
        self.0.into_iter().try_for_each(|(target, mut file)| {
            let text = target.format.report(runs);
            file.write_all(text.as_bytes()).map_err(|cause| unwritten(&target.path, cause))
        })
    }
}

/// Why something cannot be kept.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("the file {} cannot be made; check that its folder exists and is yours to write", path.display())]
    Create {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the file {} cannot be written; check that the disk has room", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_format_and_a_file() {
        let target: ReportTarget = "junit=a=b.xml".parse().expect("it is a target");
        assert_eq!(target, ReportTarget { format: ReportFormat::Junit, path: "a=b.xml".into() });
        for text in ["junit", "junit=", "=x", "yaml=x"] {
            assert!(text.parse::<ReportTarget>().is_err(), "{text}");
        }
        let error = "yaml=x".parse::<ReportTarget>().expect_err("there is no such format");
        assert_eq!(error.to_string(), "\"yaml\" is not a form of a report; there are text and junit");
    }
}
