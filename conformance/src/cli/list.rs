//! `list`: the checks.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{Exit, Failure, Format, ListArguments, Parts, output::Output};
use crate::{
    case::{Area, CaseId, CheckId, RequirementLevel, Selection, Severity},
    report::printable,
};

/// Prints the selected checks.
pub(super) fn list<W: Write>(
    arguments: &ListArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let chosen = parts.select(&arguments.selection)?;
    let text = match arguments.format {
        Format::Text => text(&chosen),
        Format::Json => json(&chosen),
    };
    output.write(&text)?;
    Ok(Exit::Success)
}

fn text(chosen: &[Selection<'_>]) -> String {
    let words = chosen.iter().flat_map(|chosen| chosen.checks.iter().map(|check| check.id.word().len()));
    let width = words.max().unwrap_or_default();
    let mut text = String::new();
    for area in Area::ALL {
        let of_area: Vec<_> = chosen.iter().filter(|chosen| chosen.case.id.area() == area).collect();
        if of_area.is_empty() {
            continue;
        }
        text.push_str(&format!("{HEADING}{area}{HEADING:#}\n"));
        for Selection { case, checks } in of_area {
            text.push_str(&format!("  {CASE}{}{CASE:#}  {}\n", case.id, printable(&case.title)));
            for check in checks {
                let level = match check.requirement.level {
                    RequirementLevel::Must => "must",
                    RequirementLevel::Should => "should",
                };
                let word = check.id.word();
                text.push_str(&format!("    #{word:<width$}  {level:<6}  {}\n", printable(&check.sentence)));
            }
        }
    }
    let checks: usize = chosen.iter().map(|chosen| chosen.checks.len()).sum();
    text.push_str(&format!("\nsealcheck: {checks} checks in {} cases\n", chosen.len()));
    text
}

fn json(chosen: &[Selection<'_>]) -> String {
    let checks: Vec<_> = chosen.iter().flat_map(listed).collect();
    let mut text = serde_json::to_string_pretty(&checks).expect("a list of checks is plain data");
    text.push('\n');
    text
}

fn listed<'a>(chosen: &'a Selection<'a>) -> impl Iterator<Item = ListedCheck<'a>> {
    chosen.checks.iter().map(|check| ListedCheck {
        check: &check.id,
        case: &chosen.case.id,
        rev: chosen.case.rev,
        title: &chosen.case.title,
        sentence: &check.sentence,
        level: check.requirement.level,
        severity: chosen.case.severity,
        sentences: &check.requirement.sentences,
        sources: &check.requirement.sources,
        cwe: &chosen.case.cwe,
    })
}

/// A check as programs read it.
#[derive(Serialize)]
struct ListedCheck<'a> {
    check: &'a CheckId,
    case: &'a CaseId,
    rev: u32,
    title: &'a str,
    sentence: &'a str,
    level: RequirementLevel,
    severity: Severity,
    sentences: &'a [String],
    sources: &'a [String],
    cwe: &'a [u32],
}

const HEADING: Style = Style::new().bold();
const CASE: Style = AnsiColor::Cyan.on_default();

#[cfg(test)]
mod tests {
    use crate::cli::stub::{self, Stub};

    #[test]
    fn checks_are_listed_below_their_area_and_case() {
        let (_, text) = stub::command(&Stub::default(), &["sealcheck", "list"]).expect("there are cases");
        assert_eq!(
            text,
            "lifecycle\n  lifecycle/encryption-returns  Plaintext is gone once encryption is possible again\n    \
             #residue-gone  must    Once encryption is possible again, no plaintext of the secret stays on the disk.\n    \
             #still-there   must    What was saved in plaintext is not lost.\n    \
             #quiet         must    Neither output nor errors carry the secret.\n\nsealcheck: 3 checks in 1 cases\n"
        );
    }

    #[test]
    fn programs_get_one_object_for_each_check() {
        let line = ["sealcheck", "list", "--format", "json"];
        let (_, text) = stub::command(&Stub::default(), &line).expect("there are cases");
        let checks: Vec<serde_json::Value> = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(checks.len(), 3);
        assert_eq!(checks[0]["check"], "lifecycle/encryption-returns#residue-gone");
        assert_eq!(checks[0]["severity"], "high");
        assert_eq!(checks[0]["sentences"], serde_json::json!(["S16", "S17"]));
    }
}
