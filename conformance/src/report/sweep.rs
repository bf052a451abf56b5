//! What became of sessions that were disturbed at every call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    layout::printable,
    palette::{self, paint},
};
use crate::sweep::{Flaw, Series, Swept};

/// Whether nothing went wrong at any point.
pub fn is_flawless(swept: &[(Series, Swept)]) -> bool {
    swept.iter().all(|(_, swept)| swept.flawed.is_empty() && swept.stopped.is_none())
}

/// One line for each series, one for each point at which something went wrong, and a tally.
pub fn sweep(swept: &[(Series, Swept)]) -> String {
    let width = swept.iter().map(|(series, _)| series.script.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (series, swept) in swept {
        let (style, mark) = match swept {
            Swept { stopped: Some(_), .. } => (palette::BAD, "✗ stopped "),
            Swept { flawed, .. } if !flawed.is_empty() => (palette::BAD, "✗ FLAWED  "),
            Swept { unsupported: Some(_), .. }
            | Swept { uncontrolled: Some(_), .. }
            | Swept { reached: 0, .. } => (palette::DIM, "· nothing "),
            Swept { .. } => (palette::GOOD, "✓ swept   "),
        };
        let disturbance = series.disturbance.to_string();
        let note = note(swept);
        text.push_str(&format!(
            "{}{:<width$}  {disturbance:<32}  {note}\n",
            paint(style, mark),
            series.script.name
        ));
        for flawed in &swept.flawed {
            let flaws: Vec<_> = flawed.flaws.iter().map(|flaw| flaw.as_str()).collect();
            let hit = printable(&flawed.hit);
            text.push_str(&format!("    call {}: {}: {hit}\n", flawed.nth, flaws.join(", ")));
        }
    }
    text.push_str(&tally(swept));
    text
}

fn note(swept: &Swept) -> String {
    if let Some(reason) = &swept.stopped {
        return format!("after {} of {} points: {}", swept.reached, swept.total, printable(reason));
    }
    if let Some(what) = &swept.unsupported {
        return format!("the implementation cannot do {}", printable(what));
    }
    if let Some(why) = &swept.uncontrolled {
        return printable(why);
    }
    let mut note = match swept.total {
        0 => "no point".to_owned(),
        total => format!("{} of {total} points", swept.reached),
    };
    if swept.reached < swept.total {
        note.push_str(", the other calls could not be struck");
    }
    if swept.held_up > 0 {
        note.push_str(&format!(", {} left a lock that held the next session up", swept.held_up));
    }
    if !swept.flawed.is_empty() {
        note.push_str(&format!(", {} flawed", swept.flawed.len()));
    }
    note
}

fn tally(swept: &[(Series, Swept)]) -> String {
    let sum = |count: fn(&Swept) -> u32| -> u32 { swept.iter().map(|(_, swept)| count(swept)).sum() };
    let (reached, total) = (sum(|swept| swept.reached), sum(|swept| swept.total));
    let counts: Vec<_> =
        counts(swept).into_iter().map(|(flaw, count)| format!("{count} {}", flaw.as_str())).collect();
    let held_up = sum(|swept| swept.held_up);
    let locks = if held_up > 0 {
        format!("; {held_up} left a lock that held the next session up until it was removed")
    } else {
        String::new()
    };
    let (series, counts) = (swept.len(), counts.join(", "));
    format!("sealcheck: {reached} of {total} points reached in {series} series: {counts}{locks}\n")
}

/// How often each flaw was seen, the worst first.
fn counts(swept: &[(Series, Swept)]) -> Vec<(Flaw, usize)> {
    let flawed = swept.iter().flat_map(|(_, swept)| &swept.flawed).flat_map(|flawed| &flawed.flaws);
    let mut seen: BTreeMap<Flaw, usize> = BTreeMap::new();
    flawed.for_each(|flaw| *seen.entry(*flaw).or_default() += 1);
    Flaw::ALL.into_iter().map(|flaw| (flaw, seen.get(&flaw).copied().unwrap_or_default())).collect()
}

/// The same for programs.
pub fn sweep_json(swept: &[(Series, Swept)]) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        script: &'a str,
        disturbance: String,
        #[serde(flatten)]
        swept: &'a Swept,
    }
    let lines: Vec<_> = swept
        .iter()
        .map(|(series, swept)| Line {
            script: &series.script.name,
            disturbance: series.disturbance.to_string(),
            swept,
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&lines).expect("results are plain data");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{CallClass, CallEffect},
        sweep::{Disturbance, Flawed, scripts},
    };

    #[test]
    fn points_are_counted_and_flaws_are_named() {
        let flawed = Flawed { nth: 4, hit: "write to ~/x".into(), flaws: [Flaw::Torn, Flaw::Untyped].into() };
        let results = [
            (series("save"), Swept { reached: 12, total: 14, held_up: 2, ..Swept::default() }),
            (series("import"), Swept { reached: 7, total: 7, flawed: vec![flawed], ..Swept::default() }),
            (
                series("open"),
                Swept { uncontrolled: Some("without a fault, put ended".into()), ..Swept::default() },
            ),
            (series("clear"), Swept { unsupported: Some("remove".into()), ..Swept::default() }),
        ];
        let text = anstream::adapter::strip_str(&sweep(&results)).to_string();
        insta::assert_snapshot!(text);
        assert!(!is_flawless(&results) && is_flawless(&results[..1]));
        let json: serde_json::Value = serde_json::from_str(&sweep_json(&results)).expect("it is JSON");
        assert_eq!(json[1]["flawed"][0]["flaws"][0], "torn");
    }

    #[test]
    fn a_series_that_had_to_stop_is_not_flawless() {
        let stopped = [(series("save"), Swept { stopped: Some("no room".into()), ..Swept::default() })];
        assert!(!is_flawless(&stopped));
        assert!(sweep(&stopped).contains("after 0 of 0 points: no room"));
    }

    fn series(name: &str) -> Series {
        let script = scripts().iter().find(|script| script.name == name).expect("there is such a script");
        Series { script, disturbance: Disturbance::SystemCall(CallClass::Any, CallEffect::Kill) }
    }
}
