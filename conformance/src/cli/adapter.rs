//! `adapter`: which adapters there are, and whether one keeps to the protocol.

use std::io::Write;

use anstyle::Style;
use serde::Serialize;

use super::{
    AdapterCheckArguments, AdapterCommand, AdapterListArguments, Exit, Failure, Format, Parts, output::Output,
};
use crate::report::{self, printable};

/// Carries out a subcommand.
pub(super) fn adapter<W: Write>(
    command: &AdapterCommand,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    match command {
        AdapterCommand::Check(arguments) => check(arguments, parts, output),
        AdapterCommand::List(arguments) => list(arguments, parts, output),
    }
}

fn check<W: Write>(
    arguments: &AdapterCheckArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let checkup = parts.check_adapter(arguments)?;
    let text = match arguments.format {
        Format::Text => report::checkup(&checkup, output.width()),
        Format::Json => report::checkup_json(&checkup),
    };
    output.write(&text)?;
    Ok(checkup.exit())
}

fn list<W: Write>(
    arguments: &AdapterListArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let adapters = parts.adapters(arguments)?;
    let text = match arguments.format {
        Format::Text => text(&adapters),
        Format::Json => {
            let mut text = serde_json::to_string_pretty(&adapters).expect("a list of adapters is plain data");
            text.push('\n');
            text
        }
    };
    output.write(&text)?;
    Ok(Exit::Success)
}

/// An adapter that can be named.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ListedAdapter {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// Whether it can run here as it is.
    pub ready: bool,
    /// The program that is run, or what is missing and what to do.
    pub detail: String,
}

fn text(adapters: &[ListedAdapter]) -> String {
    let mut text = String::new();
    for adapter in adapters {
        let (mark, label) = if adapter.ready { ('✓', "runs") } else { ('-', "needs") };
        text.push_str(&format!("{mark} {NAME}{}{NAME:#}  {}\n", adapter.name, printable(&adapter.summary)));
        text.push_str(&format!("    {label} {}\n", printable(&adapter.detail)));
    }
    text
}

const NAME: Style = Style::new().bold();
