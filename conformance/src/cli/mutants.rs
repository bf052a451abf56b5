//! `mutants`: prove the suite.

use std::io::Write;

use super::{Exit, Failure, MutantsArguments, Parts, RunEvent, output::Output};
use crate::report::Progress;

/// Runs mutants and honest variants, prints what became of them, and fails if anything is unproved.
pub(super) fn mutants<W: Write>(
    arguments: &MutantsArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let mut progress = Progress::on_stderr(output.width());
    let matrix = parts.mutants(arguments, &mut |event| {
        if let RunEvent::Running(start) = event {
            let mutant = start.mutant.unwrap_or_default();
            progress.show(start.done, start.total, &format!("{mutant} {}", start.case));
        }
        Ok(())
    })?;
    progress.clear();
    if arguments.matrix {
        output.write(&format!("{}\n", matrix.grid()))?;
    }
    output.write(&matrix.table())?;
    Ok(if matrix.mutants.is_empty() && matrix.honest.is_empty() {
        Exit::NothingRan
    } else if matrix.is_proved() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::stub::{self, Stub};

    #[test]
    fn a_matrix_without_mutants_is_not_a_success() {
        let (exit, _) =
            stub::command(&Stub::default(), &["sealcheck", "mutants"]).expect("the stub has a matrix");
        assert_eq!(exit, Exit::NothingRan);
    }
}
