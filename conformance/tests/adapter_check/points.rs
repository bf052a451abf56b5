//! Every point has an adapter that breaks it, and only it.

use std::collections::BTreeSet;

use sealcheck::checkup::Point;

use crate::checked::Checked;

type Test = (String, Box<dyn FnOnce() + Send>);

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = vec![
        ("an_adapter_that_keeps_to_the_protocol_keeps_every_point".into(), Box::new(the_good_one)),
        ("the_reference_keeps_every_point_that_its_library_allows".into(), Box::new(the_reference)),
        ("every_point_is_broken_by_somebody".into(), Box::new(every_point_is_broken_by_somebody)),
        ("the_report_says_what_was_sent_what_came_and_what_to_do".into(), Box::new(the_report)),
        ("an_adapter_that_cannot_run_here_is_not_checked".into(), Box::new(an_adapter_that_cannot_run_here)),
        ("a_program_that_is_missing_is_named".into(), Box::new(a_program_that_is_missing)),
        ("what_the_library_may_have_done_is_left_open".into(), Box::new(what_the_library_may_have_done)),
    ];
    for (point, mode, came) in LIARS {
        let name = format!("{}_is_broken_by_an_adapter_that_{}", point.as_str(), mode.replace('-', "_"));
        tests.push((name, Box::new(move || breaks(*point, mode, came))));
    }
    tests
}

/// The control of all others: what they break is what decides.
fn the_good_one() {
    let checked = Checked::of("good");
    assert_eq!(checked.wrong(), [].into());
    assert_eq!(checked.unchecked(), [].into());
    assert_eq!(checked.points().len(), Point::ALL.len());
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
}

fn the_reference() {
    let checked = Checked::with(&["--format", "json"]);
    assert_eq!(checked.wrong(), [].into());
    // It refuses to store nothing, and what is no text.
    assert_eq!(checked.unchecked().keys().collect::<Vec<_>>(), ["binary", "empty"]);
    assert_eq!(checked.code, 0);
}

fn breaks(point: Point, mode: &str, came: &str) {
    let checked = Checked::of(mode);
    let wrong = checked.wrong();
    assert_eq!(wrong.keys().collect::<Vec<_>>(), [point.as_str()], "{wrong:#?}");
    assert!(wrong[point.as_str()].contains(came), "{came:?} is not in {:?}", wrong[point.as_str()]);
    assert_eq!(checked.code, 3);
}

fn every_point_is_broken_by_somebody() {
    let broken: BTreeSet<Point> = LIARS.iter().map(|(point, _, _)| *point).collect();
    assert_eq!(broken, BTreeSet::from(Point::ALL));
}

fn the_report() {
    let own = std::env::current_exe().unwrap();
    let checked = Checked::of_program(own.to_str().unwrap(), "[\"adapter\", \"knows-everything\"]", &[]);
    let report = &checked.stdout;
    let expected = "\n 10 \u{2717} a request that is not known is unsupported\n";
    assert!(report.contains(expected), "{report}");
    for part in ["sent      {\"request\":\"sealcheck_unknown\"", "came      ok\n", "do        "] {
        assert!(report.contains(part), "{part:?} is not in:\n{report}");
    }
    assert!(report.contains("(PROTOCOL.md, Requests"), "{report}");
    assert!(report.ends_with("\nsealcheck: 29 points ok, 1 wrong\n"), "{report}");
}

fn an_adapter_that_cannot_run_here() {
    let checked = Checked::of("exits-with-89");
    assert_eq!(checked.wrong(), [].into());
    assert_eq!(checked.unchecked().len(), Point::ALL.len());
    assert_eq!(checked.code, 4);
}

fn a_program_that_is_missing() {
    let checked = Checked::of_program("/nowhere/at-all", "[]", &["--format", "json"]);
    let wrong = checked.wrong();
    assert_eq!(wrong.keys().collect::<Vec<_>>(), ["greeting"]);
    assert!(wrong["greeting"].contains("/nowhere/at-all"), "{wrong:?}");
    assert_eq!(checked.code, 3);
}

fn what_the_library_may_have_done() {
    let checked = Checked::of("lets-its-library-write-elsewhere");
    assert_eq!(checked.wrong(), [].into());
    let unchecked = checked.unchecked();
    assert_eq!(unchecked.keys().collect::<Vec<_>>(), ["territory"]);
    assert!(unchecked["territory"].contains("/var/tmp/sealcheck-test"), "{unchecked:?}");
    assert_eq!(checked.code, 0);
}

/// Which point each mode breaks, and a part of what is said to have come.
const LIARS: &[(Point, &str, &str)] = &[
    (Point::Greeting, "greets-with-an-error", "error other: Broken: nothing works"),
    (Point::Greeting, "lacks-a-member", "missing field `adapter`"),
    (Point::Version, "takes-the-first-version", "ok, with protocol 4000000000"),
    (Point::VersionRefused, "takes-any-version", "ok"),
    (Point::Statement, "lacks-a-key", "missing field `fallback`"),
    (Point::Statement, "has-a-key-too-many", "unknown field `colour`"),
    (Point::ErrorMap, "invents-a-category", "unknown variant `unlucky`"),
    (Point::ErrorMap, "says-it-twice", "two lines for \"NoKeyring: no keyring\""),
    (Point::SameStatement, "declares-by-the-world", "not the one of the first session"),
    (Point::Sequence, "reads-numbers-only", "seq 0 instead of \"text"),
    (Point::UntaggedLines, "reads-every-line", "seq null instead of"),
    (Point::UnknownMembers, "refuses-what-it-does-not-know", "the member sealcheck_unknown is not known"),
    (Point::UnknownRequest, "dies-of-what-it-does-not-know", "it exited or crashed"),
    (Point::UnknownRequest, "knows-everything", "ok"),
    (Point::UnknownHandle, "opens-what-is-not-open", "ok, and nothing is there"),
    (Point::OneReply, "answers-twice", "a request was answered twice"),
    (Point::OneReply, "says-more-after-bye", "a protocol line came that answers no request"),
    (Point::Texts, "cannot-render", "adapter_error: rendering is not written yet"),
    (Point::Nothing, "invents-a-value", "ok, with a value of 8 bytes"),
    (Point::Works, "keeps-nothing", "ok, and nothing is there"),
    (Point::Fails, "falls-back-unasked", "ok"),
    (Point::Fails, "maps-nothing", "error other: NoKeyring"),
    (
        Point::ErrorsMapped,
        "maps-otherwise",
        "error locked (NoKeyring: there is no keyring), and the map says",
    ),
    (Point::TwoStores, "has-one-store", "that are not the"),
    (Point::NonAscii, "reads-ascii", "that are not the"),
    (Point::Empty, "takes-empty-for-nothing", "ok, and nothing is there"),
    (Point::Binary, "cuts-at-zero", "ok, with a value of 0 bytes"),
    (Point::Large, "cannot-read-far", "adapter_error: the line is too long"),
    (Point::Log, "logs-into-its-replies", "its reply stands inside a line of other output"),
    (Point::Bye, "fails-after-bye", "it exited with 1"),
    (Point::EndOfInput, "fails-at-the-end-of-its-input", "it exited with 1"),
    (Point::Killed, "works-in-a-child", "this still ran: adapter_check"),
    (Point::Leftovers, "leaves-a-process", "this still ran: adapter_check"),
    (Point::Territory, "writes-elsewhere", "attempted to open /var/tmp/sealcheck-test for writing"),
    (Point::Network, "calls-home", "attempted to connect to 192.0.2.1:80, refused with ENETUNREACH"),
    (Point::Secrets, "shows-its-secrets", "the secret {first} was seen (raw) in argument 1"),
    (Point::Secrets, "names-its-secrets", "in unsupported.reason of the reply"),
    (Point::Secrets, "is-named-by-its-secret", "in ok, to hello of the reply"),
];
