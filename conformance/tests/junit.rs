//! The JUnit report, read back by a parser that had no part in writing it.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};
use sealcheck::{
    observation::{EvidenceId, Role},
    record::{
        BaselineUse, CheckResult, EvidenceLine, Footer, OutcomeKind, Results, ResultsWriter, Tally, Verdict,
        read_results,
    },
    report::{ReportFormat, Reported},
};

/// Every outcome, with and without an entry of the baseline.
const KINDS: [(OutcomeKind, bool); 9] = [
    (OutcomeKind::Pass, false),
    (OutcomeKind::Pass, true),
    (OutcomeKind::Fail, false),
    (OutcomeKind::Fail, true),
    (OutcomeKind::HarnessError, false),
    (OutcomeKind::AdapterError, false),
    (OutcomeKind::Inconclusive, false),
    (OutcomeKind::NotRun, false),
    (OutcomeKind::NotApplicable, false),
];

#[test]
fn a_reader_of_junit_counts_what_the_results_count() {
    let results = results(&KINDS, "because");
    let text = ReportFormat::Junit.report(&[(&results).into()]);
    let document = Document::parse(&text).expect("the report is XML");
    assert_is_junit(&document);
    let counted = count(document.root_element());
    let tally = &results.footer.tally;
    let expected = BTreeMap::from([
        ("tests", results.checks.len()),
        ("failures", tally.verdict(Verdict::UnexpectedFailure) + tally.verdict(Verdict::UnexpectedPass)),
        (
            "errors",
            [OutcomeKind::HarnessError, OutcomeKind::AdapterError, OutcomeKind::Inconclusive]
                .map(|kind| tally.outcome(kind))
                .iter()
                .sum(),
        ),
        (
            "skipped",
            tally.outcome(OutcomeKind::NotRun)
                + tally.outcome(OutcomeKind::NotApplicable)
                + tally.verdict(Verdict::ExpectedFailure),
        ),
    ]);
    assert_eq!(counted, expected);
    // Our own outcomes, case by case, from the properties alone.
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases(&document) {
        *outcomes.entry(property(case, "outcome")).or_default() += 1;
    }
    let recorded = tally.outcomes.iter().map(|(kind, count)| (kind.to_string(), *count)).collect();
    assert_eq!(outcomes, recorded);
}

#[test]
fn each_outcome_has_its_element_its_type_and_its_message() {
    let results = results(&KINDS, "because");
    let text = ReportFormat::Junit.report(&[(&results).into()]);
    let document = Document::parse(&text).expect("the report is XML");
    let found: Vec<_> = cases(&document)
        .map(|case| {
            let status = case.children().find(|child| STATUSES.contains(&child.tag_name().name()));
            status.map(|status| {
                (status.tag_name().name(), attribute(status, "type"), attribute(status, "message"))
            })
        })
        .collect();
    let listed = "the baseline says that this fails, and it passed: remove the entry";
    assert_eq!(
        found,
        [
            None,
            Some(("failure", "unexpected_pass", listed)),
            Some(("failure", "fail", "because")),
            Some(("skipped", "expected_failure", "expected_failure: it is so https://issues.example/1")),
            Some(("error", "harness_error", "because")),
            Some(("error", "adapter_error", "because")),
            Some(("error", "inconclusive", "because")),
            Some(("skipped", "not_run", "not_run: because")),
            Some(("skipped", "not_applicable", "not_applicable: because")),
        ]
    );
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "]]> </testcase><failure/> & \"quotes\" 'and' \u{1b}[31mred\u{0}\u{8}\u{b}\r\n\ttab \u{202e}back \
                   \u{fffe}\u{ffff} \u{85} \u{10ffff} é";
    let results = results(&KINDS, hostile);
    let text = ReportFormat::Junit.report(&[(&results).into()]);
    assert!(text.chars().all(is_xml), "a character that XML does not have is in the report");
    let document = Document::parse(&text).expect("the report is XML");
    assert_is_junit(&document);
    assert_eq!(count(document.root_element())["tests"], KINDS.len());
    let shown = "]]> </testcase><failure/> & \"quotes\" 'and' \\u{1b}[31mred\\u{0}\\u{8}\\u{b}\\u{d}\\u{a}\\u{9}tab \
                 \\u{202e}back  \\u{85} \u{10ffff} é";
    let failed = cases(&document).find(|case| property(*case, "verdict") == "unexpected_failure");
    let failure = failed.and_then(|case| case.children().find(|child| child.has_tag_name("failure")));
    let failure = failure.expect("a check failed");
    assert_eq!(attribute(failure, "message"), shown);
    let description = failure.text().expect("a failure is described");
    assert!(description.contains(&format!("found: {shown}\n")), "{description}");
    assert!(description.contains(&format!("evidence: twin, E9: {shown}\n")), "{description}");
}

#[test]
fn an_entry_of_the_baseline_that_matches_nothing_is_a_failure_of_its_own() {
    let mut results = results(&[(OutcomeKind::Pass, false)], "because");
    let unmatched = vec!["naming/gone#item".to_owned()];
    results.header.baseline = Some(BaselineUse { source: "known.toml".into(), entries: 1, unmatched });
    let text = ReportFormat::Junit.report(&[(&results).into()]);
    let document = Document::parse(&text).expect("the report is XML");
    assert_is_junit(&document);
    let counted = count(document.root_element());
    assert_eq!((counted["tests"], counted["failures"]), (2, 1));
}

#[test]
fn what_a_merge_misses_is_a_failure_and_every_run_a_suite() {
    let results = results(&[(OutcomeKind::NotRun, false), (OutcomeKind::Pass, false)], "because");
    let left_out = [results.checks[0].check.clone()];
    let runs = [Reported { results: &results, left_out: &left_out }, (&results).into()];
    let text = ReportFormat::Junit.report(&runs);
    let document = Document::parse(&text).expect("the report is XML");
    assert_is_junit(&document);
    let suites: Vec<_> = document.root_element().children().filter(Node::is_element).map(count).collect();
    let counts: Vec<_> = suites.iter().map(|counts| (counts["failures"], counts["skipped"])).collect();
    assert_eq!(counts, [(1, 0), (0, 1)]);
}

#[test]
fn the_time_of_a_case_is_said_once() {
    let results = results(&KINDS, "because");
    let text = ReportFormat::Junit.report(&[(&results).into()]);
    let document = Document::parse(&text).expect("the report is XML");
    let times: Vec<_> = cases(&document).filter_map(|case| case.attribute("time")).collect();
    assert_eq!(times, ["0.120"]);
}

/// Results of one case with a check for each kind; everything that a library could have written is `text`.
fn results(kinds: &[(OutcomeKind, bool)], text: &str) -> Results {
    let check = |(number, (outcome, is_listed)): (usize, &(OutcomeKind, bool))| CheckResult {
        check: format!("naming/example#check-{number}").parse().expect("it is an id"),
        case: "naming/example".parse().expect("it is an id"),
        rev: 1,
        level: sealcheck::case::RequirementLevel::Must,
        severity: sealcheck::case::Severity::High,
        sentence: "What is said holds.".into(),
        outcome: *outcome,
        explanation: text.into(),
        evidence: vec![EvidenceLine { id: EvidenceId(9), run: Role::Twin, summary: text.into() }],
        verdict: Verdict::of(*outcome, *is_listed),
        baseline: is_listed.then(|| sealcheck::record::BaselineNote {
            reason: "it is so".into(),
            link: Some("https://issues.example/1".into()),
        }),
        advice: None,
        elapsed_ms: 120,
        reproducer: "sealcheck run".into(),
        replayer: None,
    };
    let checks: Vec<_> = kinds.iter().enumerate().map(check).collect();
    let header = serde_json::json!({
        "format": 1, "harness": "0.1.0", "adapter": "python-azure-identity", "platform": "linux",
        "provider": "scripted", "broker": "busd", "selection": { "checks": checks.len() },
        "implementation": { "name": text, "version": "1" }, "started": "2026-11-23T20:29:16Z",
    });
    let header = serde_json::from_value(header).expect("it is a header");
    let footer = Footer { tally: Tally::of(&checks), exit_code: 1, complete: true, timing: None };
    // Through the file, because that is where reports are made from.
    let mut file = Vec::new();
    let mut writer = ResultsWriter::begin(&mut file, header).expect("memory can be written");
    checks.into_iter().for_each(|check| writer.result(check).expect("memory can be written"));
    writer.finish(footer.exit_code, footer.timing).expect("memory can be written");
    read_results(file.as_slice(), "run.jsonl").expect("the file is whole")
}

fn cases<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name("testcase"))
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_else(|| panic!("{node:?} has no {name}"))
}

fn property(case: Node<'_, '_>, name: &str) -> String {
    let properties = case.descendants().filter(|node| node.has_tag_name("property"));
    let value = properties.into_iter().find(|property| property.attribute("name") == Some(name));
    attribute(value.unwrap_or_else(|| panic!("{case:?} has no property {name}")), "value").to_owned()
}

/// The cases of a report or suite, counted by their elements and not by what the attributes say.
fn count(of: Node<'_, '_>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::from([("tests", 0), ("failures", 0), ("errors", 0), ("skipped", 0)]);
    for case in of.descendants().filter(|node| node.has_tag_name("testcase")) {
        *counts.entry("tests").or_default() += 1;
        for child in case.children() {
            let counted = match child.tag_name().name() {
                "failure" => "failures",
                "error" => "errors",
                "skipped" => "skipped",
                _ => continue,
            };
            *counts.entry(counted).or_default() += 1;
        }
    }
    counts
}

/// The structure that Jenkins's reader demands, and counts in attributes that are those of the elements.
fn assert_is_junit(document: &Document<'_>) {
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    for node in root.descendants().filter(Node::is_element) {
        let (name, parent) =
            (node.tag_name().name(), node.parent_element().map(|node| node.tag_name().name()));
        let (parents, required, allowed): (&[&str], &[&str], &[&str]) = match name {
            "testsuites" => {
                (&[], &["name", "tests", "failures", "errors"], &["time", "skipped", "timestamp", "uuid"])
            }
            "testsuite" => (
                &["testsuites"],
                &["name", "tests", "failures", "errors", "skipped"],
                &["disabled", "time", "timestamp"],
            ),
            "testcase" => (&["testsuite"], &["name", "classname"], &["time"]),
            "failure" | "error" | "skipped" => (&["testcase"], &["type", "message"], &[]),
            "properties" => (&["testsuite", "testcase"], &[], &[]),
            "property" => (&["properties"], &["name", "value"], &[]),
            other => panic!("{other} is no element of JUnit"),
        };
        assert!(parent.is_none_or(|parent| parents.contains(&parent)), "{name} in {parent:?}");
        for attribute in required {
            assert!(node.has_attribute(*attribute), "{name} without {attribute}");
        }
        for attribute in node.attributes() {
            let known = [required, allowed].concat();
            assert!(known.contains(&attribute.name()), "{name} with {}", attribute.name());
        }
        if ["testsuites", "testsuite"].contains(&name) {
            for (what, counted) in count(node) {
                if let Some(claimed) = node.attribute(what) {
                    assert_eq!(claimed, counted.to_string(), "{what} of {name}");
                }
            }
        }
        if name == "testcase" {
            let statuses = node.children().filter(|child| STATUSES.contains(&child.tag_name().name()));
            assert!(statuses.count() <= 1, "a case is one thing");
        }
    }
    let mut names: Vec<_> = root
        .children()
        .filter(Node::is_element)
        .enumerate()
        .flat_map(|(suite, node)| {
            let cases = node.children().filter(|child| child.has_tag_name("testcase"));
            cases
                .map(move |case| (suite, attribute(case, "classname"), attribute(case, "name")))
                .collect::<Vec<_>>()
        })
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "every case has a name of its own");
}

/// The characters of XML 1.0.
fn is_xml(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}'
    )
}

const STATUSES: [&str; 3] = ["failure", "error", "skipped"];
