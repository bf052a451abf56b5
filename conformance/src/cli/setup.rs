//! `setup`: install what an adapter needs.

use std::io::Write;

use super::{Exit, Failure, Parts, SetupArguments, output::Output};

/// Installs and says what was done.
pub(super) fn setup<W: Write>(
    arguments: &SetupArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let done = parts.setup(arguments)?;
    output.write(&format!("{done}\n"))?;
    Ok(Exit::Success)
}
