//! `rejudge`: judge recorded cases again.

use std::{io::Write, path::PathBuf};

use super::{
    Exit, Failure, Format, Parts, RejudgeArguments,
    output::Output,
    recorded::{self, ComparedRecording},
};
use crate::{
    record::{Comparison, Recording},
    report::Compared,
};

/// Judges every recording and says what came out as recorded; nothing is judged unless all files can be.
pub(super) fn rejudge<W: Write>(
    arguments: &RejudgeArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let judged = arguments
        .files
        .iter()
        .map(|path| {
            let recording = recorded::read(path)?;
            let notes = recorded::notes(&recording, parts)?;
            let comparisons = recording.rejudged();
            Ok(Judged { path, recording, comparisons, notes })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let checks = judged.iter().flat_map(|judged| &judged.comparisons);
    let (same, all) = (checks.clone().filter(|check| check.is_same_verdict()).count(), checks.count());
    match arguments.format {
        Format::Text => {
            for (number, judged) in judged.iter().enumerate() {
                let compared = judged.compared();
                let gap = if number > 0 { "\n" } else { "" };
                output.write(&format!("{gap}{}", compared.text(output.width())))?;
                if arguments.evidence {
                    output.write(&compared.timelines(output.width()))?;
                }
            }
            output.write(&format!("\nsealcheck: {same} of {all} verdicts are as recorded\n"))?;
        }
        Format::Json => {
            let list: Vec<_> =
                judged.iter().map(|judged| ComparedRecording::new(judged.path, &judged.compared())).collect();
            let text = serde_json::to_string_pretty(&list).expect("a comparison is plain data");
            output.write(&format!("{text}\n"))?;
        }
    }
    Ok(if same == all { Exit::Success } else { Exit::Failure })
}

/// A recording that was judged.
struct Judged<'a> {
    path: &'a PathBuf,
    recording: Recording,
    comparisons: Vec<Comparison>,
    notes: Vec<String>,
}

impl Judged<'_> {
    fn compared(&self) -> Compared<'_> {
        Compared {
            recording: &self.recording,
            comparisons: &self.comparisons,
            played: None,
            notes: &self.notes,
        }
    }
}
