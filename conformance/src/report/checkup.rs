//! The points of an examined adapter, one after the other.

use serde::Serialize;

use super::{
    layout::{Width, labelled, printable, wrapped},
    palette::{self, paint},
};
use crate::checkup::{Checkup, Finding};

/// Every point with what was found, and a tally.
pub fn checkup(checkup: &Checkup, width: Width) -> String {
    let mut text = match &checkup.implementation {
        Some(implementation) => {
            let (name, version) = (printable(&implementation.name), printable(&implementation.version));
            format!("{} drives {name} {version}\n\n", checkup.adapter)
        }
        None => format!("{}\n\n", checkup.adapter),
    };
    for (point, finding) in &checkup.findings {
        let (style, mark) = match finding {
            Finding::Kept => (palette::GOOD, '✓'),
            Finding::Broken { .. } => (palette::BAD, '✗'),
            Finding::Unchecked { .. } => (palette::UNSURE, '-'),
        };
        let sentence = wrapped(point.sentence(), width.columns().saturating_sub(SENTENCE)).join(CONTINUED);
        text.push_str(&format!("{:>3} {} {sentence}\n", point.number(), paint(style, mark)));
        let line = |label, said: &str| labelled(SENTENCE, label, palette::LABEL, said, palette::DIM, width);
        match finding {
            Finding::Kept => {}
            Finding::Broken { sent, came } => {
                text.push_str(&line("sent", sent));
                text.push_str(&line("came", came));
                text.push_str(&line("do", &format!("{} (PROTOCOL.md, {})", point.remedy(), point.section())));
            }
            Finding::Unchecked { reason } => text.push_str(&line("not seen", reason)),
        }
    }
    text.push_str(&format!("\n{}", tally(checkup)));
    text
}

/// The same for programs.
pub fn checkup_json(checkup: &Checkup) -> String {
    let points = checkup.findings.iter().map(|(point, finding)| {
        let (state, sent, came, reason) = match finding {
            Finding::Kept => ("ok", None, None, None),
            Finding::Broken { sent, came } => ("wrong", Some(sent.as_str()), Some(came.as_str()), None),
            Finding::Unchecked { reason } => ("not_checked", None, None, Some(reason.as_str())),
        };
        let (number, word, sentence) = (point.number(), point.as_str(), point.sentence());
        let (remedy, section) = (point.remedy(), point.section());
        ListedPoint { number, point: word, sentence, state, sent, came, reason, remedy, section }
    });
    let listed: Vec<_> = points.collect();
    let mut text = serde_json::to_string_pretty(&listed).expect("a list of points is plain data");
    text.push('\n');
    text
}

fn tally(checkup: &Checkup) -> String {
    let (kept, broken, unchecked) = checkup.counts();
    if checkup.cannot_run_here {
        let line = "sealcheck: nothing was checked; the adapter says that it cannot run here (exit 89)";
        return format!("{}\n", paint(palette::UNSURE, line));
    }
    let mut line = format!("sealcheck: {kept} points ok, {broken} wrong");
    if unchecked > 0 {
        line.push_str(&format!(", {unchecked} not checked"));
    }
    let style = if broken > 0 {
        palette::BAD
    } else if kept > 0 {
        palette::GOOD
    } else {
        palette::UNSURE
    };
    format!("{}\n", paint(style, line))
}

/// A point as programs read it.
#[derive(Serialize)]
struct ListedPoint<'a> {
    number: usize,
    point: &'static str,
    sentence: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    remedy: &'static str,
    section: &'static str,
}

/// Where sentences begin: after the number and the mark.
const SENTENCE: usize = 6;
const CONTINUED: &str = "\n      ";
