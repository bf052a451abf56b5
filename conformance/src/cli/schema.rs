//! `schema`: the JSON Schema of a format.

use std::io::Write;

use super::{Exit, Failure, SchemaArguments, output::Output};

/// Prints the schema.
pub(super) fn schema<W: Write>(arguments: &SchemaArguments, output: &mut Output<W>) -> Result<Exit, Failure> {
    output.write(&arguments.name.text())?;
    Ok(Exit::Success)
}
