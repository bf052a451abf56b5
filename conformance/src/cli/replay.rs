//! `replay`: play a recorded case again.

use std::io::Write;

use super::{
    Exit, Failure, Format, Parts, ReplayArguments,
    output::Output,
    recorded::{self, ComparedRecording},
};
use crate::{
    judge::judge_case,
    record::{RecordedAdapter, Recording, Repetition},
    report::{Compared, Progress},
    run::Observations,
};

/// Plays, judges, and says what came of it again.
pub(super) fn replay<W: Write>(
    arguments: &ReplayArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let recording = recorded::read(&arguments.file)?;
    let mut notes = recorded::notes(&recording, parts)?;
    let mut progress = Progress::on_stderr(output.width());
    progress.show(0, 1, recording.case().id.as_str());
    let Replayed { adapter, observed } = parts.replay(arguments, &recording)?;
    progress.clear();
    notes.extend(differences(&recording, &adapter, &observed));
    let now = judge_case(recording.case(), &observed.case, &observed.twin);
    let comparisons = recording.compared(now, &observed.case);
    let compared = Compared {
        recording: &recording,
        comparisons: &comparisons,
        played: Some((&observed.case, &observed.twin)),
        notes: &notes,
    };
    let all_reproduced = comparisons.iter().all(|check| check.repetition == Repetition::Reproduced);
    match arguments.format {
        Format::Text => {
            output.write(&compared.text(output.width()))?;
            output.write(&format!("\nsealcheck: {}\n", tally(&compared)))?;
        }
        Format::Json => {
            let comparison = ComparedRecording::new(&arguments.file, &compared);
            let text = serde_json::to_string_pretty(&comparison).expect("a comparison is plain data");
            output.write(&format!("{text}\n"))?;
        }
    }
    Ok(if all_reproduced { Exit::Success } else { Exit::Failure })
}

/// A case that was played again.
#[derive(Debug)]
pub struct Replayed {
    /// The adapter that played.
    pub adapter: RecordedAdapter,
    /// What was seen.
    pub observed: Observations,
}

/// What differs between the adapter that was recorded and the one that played.
fn differences(recording: &Recording, adapter: &RecordedAdapter, observed: &Observations) -> Vec<String> {
    let recorded = &recording.file().adapter;
    let mut notes = Vec::new();
    if recorded.name != adapter.name {
        notes.push(format!("{} was recorded, and {} played", recorded.name, adapter.name));
    } else if recorded.files != adapter.files {
        notes.push("the files of the adapter are not the recorded ones".into());
    }
    if let (Some(then), Some(now)) = (&recording.run().implementation, &observed.case.implementation)
        && then != now
    {
        notes.push(format!(
            "{} {} was recorded, and {} {} played",
            then.name, then.version, now.name, now.version
        ));
    }
    notes
}

/// How many checks came out how, in one line.
fn tally(compared: &Compared<'_>) -> String {
    let words =
        [Repetition::Reproduced, Repetition::Different, Repetition::NotReproduced].map(|repetition| {
            let of_kind = compared.comparisons.iter().filter(|check| check.repetition == repetition);
            let (all, troubled) =
                (of_kind.clone().count(), of_kind.filter(|check| check.recorded.kind().is_trouble()).count());
            (repetition, all, troubled)
        });
    let counts =
        words.into_iter().filter(|(repetition, all, _)| *all > 0 || *repetition == Repetition::Reproduced);
    let counts = counts.map(|(repetition, all, troubled)| {
        format!("{all} {} ({troubled} of what went wrong)", repetition.as_str())
    });
    counts.collect::<Vec<_>>().join(", ")
}
