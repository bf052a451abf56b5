//! `report`: results of a run in another form.

use std::io::Write;

use super::{Exit, Failure, ReportArguments, files::read_results_file, output::Output};

/// Prints the report; it is the outcome of reading that counts, not that of the run.
pub(super) fn report<W: Write>(arguments: &ReportArguments, output: &mut Output<W>) -> Result<Exit, Failure> {
    let results = read_results_file(&arguments.results)?;
    output.write(&arguments.to.report(&[(&results).into()]))?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{
        cli::{
            Exit,
            stub::{self, Stub},
        },
        report::{Width, sample, terminal},
    };

    #[test]
    fn a_results_file_is_reported_as_the_run_that_wrote_it_was() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("run.jsonl");
        let path = path.to_str().expect("the path is text");
        stub::command(&Stub::default(), &["sealcheck", "run", "--results", path])
            .expect("the run takes place");
        let (exit, report) =
            stub::command(&Stub::default(), &["sealcheck", "report", path]).expect("the file is whole");
        let expected = terminal(&sample::results(), Width::DEFAULT);
        assert_eq!(exit, Exit::Success);
        assert_eq!(report, anstream::adapter::strip_str(&expected).to_string());
        let line = ["sealcheck", "report", path, "--to", "junit"];
        let (_, report) = stub::command(&Stub::default(), &line).expect("the file is whole");
        assert!(report.starts_with("<?xml"), "{report}");
    }

    #[test]
    fn a_file_that_was_cut_off_is_not_reported() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("run.jsonl");
        fs::write(&path, "").expect("there is room");
        let line = ["sealcheck", "report", path.to_str().expect("the path is text")];
        let failure = stub::command(&Stub::default(), &line).expect_err("there is no footer");
        assert_eq!(failure.exit(), Exit::BadInput);
    }
}
