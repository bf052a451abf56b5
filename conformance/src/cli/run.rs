//! `run`: judge an implementation.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    Exit, Failure, Parts, RunArguments, RunEvent,
    files::{Reports, create, unwritten},
    output::Output,
};
use crate::{
    record::{CheckResult, Footer, Header, Results, ResultsWriter, Tally, Timing, exit_of},
    report::{Progress, terminal},
};

/// Runs, writes the results as they come, prints the table and gives the exit of the run.
pub(super) fn run<W: Write>(
    arguments: &RunArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let mut progress = Progress::on_stderr(output.width());
    let mut collector = Collector::to(arguments.results.as_deref())?;
    let reports = Reports::open(&arguments.report)?;
    let timing = parts.run(arguments, &mut |event| {
        if let RunEvent::Running(start) = &event {
            progress.show(start.done, start.total, start.case.as_str());
        }
        collector.take(event)
    })?;
    progress.clear();
    let (results, exit) = collector.finish(timing)?;
    reports.write(&[(&results).into()])?;
    output.write(&terminal(&results, output.width()))?;
    Ok(exit)
}

/// Gathers the results of a run and writes them to the file, if there is one.
struct Collector {
    destination: Destination,
    header: Option<Header>,
    checks: Vec<CheckResult>,
}

/// The results file in its states: it is opened before the run, so that a bad path costs no run.
enum Destination {
    None,
    Opened(PathBuf, File),
    Begun(PathBuf, ResultsWriter<File>),
}

impl Collector {
    fn to(path: Option<&Path>) -> Result<Self, Failure> {
        let destination = match path {
            None => Destination::None,
            Some(path) => Destination::Opened(path.to_owned(), create(path)?),
        };
        Ok(Self { destination, header: None, checks: Vec::new() })
    }

    fn take(&mut self, event: RunEvent) -> Result<(), Failure> {
        match event {
            RunEvent::Began(header) => self.begin(*header),
            RunEvent::Running(_) => Ok(()),
            RunEvent::Judged(result) => self.judged(*result),
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), Failure> {
        self.destination = match std::mem::replace(&mut self.destination, Destination::None) {
            Destination::Opened(path, file) => {
                let writer =
                    ResultsWriter::begin(file, header.clone()).map_err(|cause| unwritten(&path, cause))?;
                Destination::Begun(path, writer)
            }
            unchanged @ (Destination::None | Destination::Begun(..)) => unchanged,
        };
        self.header = Some(header);
        Ok(())
    }

    fn judged(&mut self, result: CheckResult) -> Result<(), Failure> {
        if let Destination::Begun(path, writer) = &mut self.destination {
            writer.result(result.clone()).map_err(|cause| unwritten(path, cause))?;
        }
        self.checks.push(result);
        Ok(())
    }

    fn finish(self, timing: Timing) -> Result<(Results, Exit), Failure> {
        let header = self.header.ok_or_else(|| Failure::harness(NeverBegan))?;
        let exit = exit_of(&header, &self.checks);
        let footer = match self.destination {
            Destination::Begun(path, writer) => {
                writer.finish(exit.code(), Some(timing)).map_err(|cause| unwritten(&path, cause))?
            }
            Destination::None | Destination::Opened(..) => {
                let tally = Tally::of(&self.checks);
                Footer { tally, exit_code: exit.code(), complete: true, timing: Some(timing) }
            }
        };
        Ok((Results { header, checks: self.checks, footer }, exit))
    }
}

/// The run came to its end without a header.
#[derive(Debug, thiserror::Error)]
#[error(
    "the run ended before it began; this is a defect of sealcheck, please report it with the command line"
)]
struct NeverBegan;

#[cfg(test)]
mod tests {
    use std::{fs, io::BufReader};

    use super::*;
    use crate::{
        cli::stub::{self, Stub},
        record::read_results,
        report::sample,
    };

    #[test]
    fn the_results_file_reads_back_as_what_was_reported() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("run.jsonl");
        let line = ["sealcheck", "run", "--results", path.to_str().expect("the path is text")];
        let (exit, report) = stub::command(&Stub::default(), &line).expect("the run takes place");
        let file = BufReader::new(File::open(&path).expect("the file is there"));
        let results = read_results(file, "run.jsonl").expect("the file is whole");
        assert_eq!(results, sample::results());
        assert_eq!(exit, Exit::HarnessError);
        assert_eq!(results.footer.exit_code, exit.code());
        assert!(
            report.lines().last().is_some_and(|last| last.starts_with("sealcheck: 2 passed")),
            "{report}"
        );
    }

    #[test]
    fn a_run_that_breaks_off_leaves_a_file_that_is_refused() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("run.jsonl");
        let line = ["sealcheck", "run", "--results", path.to_str().expect("the path is text")];
        let stub = Stub { breaks_off: true, ..Stub::default() };
        let failure = stub::command(&stub, &line).expect_err("the run breaks off");
        assert_eq!(failure.exit(), Exit::SandboxUnavailable);
        let text = fs::read(&path).expect("the file is there");
        let message =
            read_results(text.as_slice(), "run.jsonl").expect_err("half a run is no run").to_string();
        assert!(message.starts_with("run.jsonl was cut off after 9 results"), "{message}");
    }

    #[test]
    fn a_results_file_that_cannot_be_made_is_bad_input_before_anything_runs() {
        let line = ["sealcheck", "run", "--results", "/nowhere/at/all/run.jsonl"];
        let failure = stub::command(&Stub::default(), &line).expect_err("the folder does not exist");
        assert_eq!(failure.exit(), Exit::BadInput);
        assert!(failure.to_string().contains("/nowhere/at/all/run.jsonl"), "{failure}");
    }
}
