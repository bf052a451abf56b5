//! Files that are no recordings, or bad ones: each gets an error with the file, the cause and the next step.

use std::{
    cell::Cell,
    fs,
    io::{self, Read as _},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use sealcheck::{
    record::{Contradiction, MAX_RECORDING_BYTES, Recording, RecordingError},
    report::{Compared, Width},
};
use serde_json::{Value, json};

use crate::program::{FAILING, PASSING, Test, assert_exit, golden, sealcheck, tests, text};

pub(crate) fn tests() -> Vec<Test> {
    tests![
        a_file_that_is_cut_off_anywhere_is_said_to_be,
        what_is_no_recording_is_said_to_be_none,
        a_newer_version_is_refused_with_what_to_do,
        newer_observations_are_refused_with_what_to_do,
        a_file_that_is_too_large_is_not_read_to_its_end,
        evidence_that_is_referred_to_must_exist,
        what_contradicts_itself_is_named,
        a_case_that_the_rules_refuse_is_refused_with_the_reason,
        one_bad_file_keeps_all_from_being_judged_and_exits_with_65,
        no_file_makes_the_reader_or_the_judge_panic,
        no_bytes_make_the_reader_panic,
    ]
}

fn a_file_that_is_cut_off_anywhere_is_said_to_be() {
    let whole = bytes(FAILING);
    for part in 1..40 {
        let end = whole.len() * part / 40;
        let message = refusal(&whole[..end]);
        let expected = format!("x.rec.json was cut off after {end} bytes; copy it again, or record again");
        assert_eq!(message, expected);
    }
    assert!(Recording::read(whole.as_slice(), "x").is_ok(), "the whole file is the control");
}

fn what_is_no_recording_is_said_to_be_none() {
    for other in [&b""[..], b"\x7fELF", b"[]", b"{}", br#"{"line":"header","format":1}"#] {
        let message = refusal(other);
        assert!(message.starts_with("x.rec.json is not a recording: "), "{message}");
        assert!(message.ends_with("; `sealcheck run --record DIR` makes recordings"), "{message}");
    }
}

fn a_newer_version_is_refused_with_what_to_do() {
    let mut file = value(FAILING);
    file["recording"] = 2.into();
    file["outcomes"] = json!({ "of": "another shape" });
    file["harness"] = "9.9.9".into();
    assert_eq!(
        refusal(file.to_string().as_bytes()),
        "x.rec.json has format 2, by sealcheck 9.9.9, and this sealcheck reads format 1; judge it with the sealcheck that \
         wrote it, or record again with this one"
    );
}

fn newer_observations_are_refused_with_what_to_do() {
    let mut file = value(PASSING);
    file["observations"]["twin"]["format"] = 7000.into();
    let message = refusal(file.to_string().as_bytes());
    assert!(message.starts_with("x.rec.json holds observations of version 7000, by sealcheck "), "{message}");
    assert!(message.contains("judge it with the sealcheck that wrote it"), "{message}");
}

fn a_file_that_is_too_large_is_not_read_to_its_end() {
    let mut endless = io::repeat(b' ');
    let error = Recording::read(&mut endless, "x.rec.json").expect_err("no recording is so large");
    assert!(matches!(error, RecordingError::TooLarge { .. }), "{error}");
    // The control: what is just as long as is allowed is read, and refused for what it is.
    let error = Recording::read(io::repeat(b' ').take(MAX_RECORDING_BYTES), "x").expect_err("it is blank");
    assert!(matches!(error, RecordingError::CutOff { .. }), "{error}");
}

fn evidence_that_is_referred_to_must_exist() {
    let beyond = json!(4_000_000_000_u32);
    for (name, pointer) in [
        (FAILING, "/outcomes/0/outcome/witness/evidence/0"),
        (PASSING, "/outcomes/0/outcome/witness/evidence/0"),
        (PASSING, "/outcomes/0/outcome/condition/0"),
        (PASSING, "/outcomes/0/outcome/round_trip/0"),
        (PASSING, "/observations/case/observers/files/liveness"),
        (PASSING, "/observations/twin/observers/bus/liveness"),
    ] {
        let mut file = value(name);
        *file.pointer_mut(pointer).unwrap_or_else(|| panic!("{name} has no {pointer}")) = beyond.clone();
        let contradiction = contradiction(&file);
        assert!(
            matches!(contradiction, Contradiction::NoSuchEvidence { .. } | Contradiction::NoLiveness { .. }),
            "{pointer}: {contradiction}"
        );
    }
    let searched = value(PASSING)["outcomes"]
        .as_array()
        .into_iter()
        .flatten()
        .position(|recorded| recorded["outcome"]["witness"]["searched"].is_object());
    let mut file = value(PASSING);
    let index = searched.expect("one check of the recording is witnessed by a search");
    file["outcomes"][index]["outcome"]["witness"]["searched"]["issued"] = beyond;
    assert!(matches!(contradiction(&file), Contradiction::NoSuchEvidence { .. }));
}

fn what_contradicts_itself_is_named() {
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut file = value(name);
        change(&mut file);
        contradiction(&file).to_string()
    };
    let first = |file: &Value| file["outcomes"][0].clone();
    for (message, expected) in [
        (
            changed(PASSING, &|file| file["observations"]["case"]["role"] = "twin".into()),
            "what stands for the case is not an observation of it",
        ),
        (
            changed(PASSING, &|file| file["observations"]["twin"] = Value::Null),
            "there is no observation of the twin, which differs from the case",
        ),
        (
            changed(FAILING, &|file| {
                file["observations"]["twin"] = file["observations"]["case"].clone();
            }),
            "there is an observation of a twin, and the case is its own",
        ),
        (
            changed(FAILING, &|file| file["observations"]["case"]["case"] = "naming/default-name".into()),
            "the observation of the case is of naming/default-name rev 1, which is not the recorded case",
        ),
        (
            changed(FAILING, &|file| file["observations"]["case"]["evidence"][3]["id"] = 4.into()),
            "the evidence of the case is not numbered in turn: E4 is at place 3",
        ),
        (
            changed(FAILING, &|file| {
                file["observations"]["case"]["evidence"][3]["session"] = u64::MAX.into();
            }),
            "E3 of the case belongs to session 18446744073709551615, which the script does not have",
        ),
        (
            changed(FAILING, &|file| {
                let twice = vec![first(file); 2];
                file["outcomes"] = twice.into();
            }),
            "there are two outcomes of file-hygiene/directory-private#mode",
        ),
        (
            changed(FAILING, &|file| file["outcomes"] = json!([])),
            "there is no outcome of file-hygiene/directory-private#mode",
        ),
        (
            changed(FAILING, &|file| {
                file["outcomes"][0]["check"] = "file-hygiene/directory-private#other".into();
            }),
            "there is an outcome of file-hygiene/directory-private#other, and the recorded case has no such check",
        ),
    ] {
        assert_eq!(message, expected);
    }
}

fn a_case_that_the_rules_refuse_is_refused_with_the_reason() {
    let mut file = value(FAILING);
    file["case"]["definition"]["twin"]["round_trip"] = "nowhere".into();
    let error =
        Recording::read(file.to_string().as_bytes(), "x.rec.json").expect_err("there is no such step");
    let RecordingError::Case { source, .. } = &error else { panic!("{error}") };
    assert!(source.to_string().contains("nowhere"), "{source}");

    let mut file = value(FAILING);
    file["case"]["definition"]["colour"] = "red".into();
    let message = refusal(file.to_string().as_bytes());
    assert!(message.contains("unknown field `colour`"), "{message}");
}

fn one_bad_file_keeps_all_from_being_judged_and_exits_with_65() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bad = folder.path().join("bad.rec.json");
    fs::write(&bad, &bytes(PASSING)[..1000]).expect("there is room");
    let (good, bad) = (golden(PASSING).display().to_string(), bad.display().to_string());
    for arguments in [&["rejudge", &good, &bad][..], &["replay", &bad]] {
        let output = sealcheck(arguments);
        assert_exit(&output, 65);
        assert_eq!(text(&output.stdout), "");
        let complaint = text(&output.stderr);
        assert!(complaint.contains(&format!("{bad} was cut off after 1000 bytes")), "{complaint}");
    }
    let missing = sealcheck(&["rejudge", "/nowhere/x.rec.json"]);
    assert_exit(&missing, 65);
    assert!(
        text(&missing.stderr).contains("/nowhere/x.rec.json cannot be read"),
        "{}",
        text(&missing.stderr)
    );
}

/// Replaces parts of a good file by others, and does with it whatever commands do if it is still one.
fn no_file_makes_the_reader_or_the_judge_panic() {
    for name in [PASSING, FAILING] {
        let whole = value(name);
        let mut places = Vec::new();
        pointers(&whole, String::new(), &mut places);
        let names: Vec<_> = places.iter().map(|place| place.rsplit('/').next().unwrap_or_default()).collect();
        let strategy = prop::collection::vec((0..places.len(), any::<usize>(), 0..WRONG * 4), 1..4);
        let accepted = Cell::new(0_usize);
        let ran = runner().run(&strategy, |changes| {
            let mut file = whole.clone();
            for (at, from, wrong) in changes {
                // A value that fits nowhere, or what another member of that name holds: such a file often passes.
                let other = wrong_value(wrong).or_else(|| {
                    let alike: Vec<_> =
                        (0..places.len()).filter(|other| names[*other] == names[at]).collect();
                    whole.pointer(&places[alike[from % alike.len()]]).cloned()
                });
                // An earlier change may have taken the place away.
                if let (Some(place), Some(other)) = (file.pointer_mut(&places[at]), other) {
                    *place = other;
                }
            }
            if let Ok(recording) = Recording::read(file.to_string().as_bytes(), "x") {
                accepted.set(accepted.get() + 1);
                let comparisons = recording.rejudged();
                let compared =
                    Compared { recording: &recording, comparisons: &comparisons, played: None, notes: &[] };
                prop_assert!(!compared.text(Width::DEFAULT).is_empty());
                prop_assert!(!compared.timelines(Width::DEFAULT).is_empty());
            }
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(accepted.get() > 60, "too few changed files were judged: {}", accepted.get());
    }
}

fn no_bytes_make_the_reader_panic() {
    let whole = bytes(FAILING);
    let strategy = prop::collection::vec((0..whole.len(), any::<u8>()), 0..4);
    let ran = runner().run(&strategy, |changes| {
        let mut bytes = whole.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let _refused = Recording::read(bytes.as_slice(), "x");
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() })
}

/// The places of all values below one, as pointers of RFC 6901.
fn pointers(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                pointers(value, format!("{at}/{index}"), places);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                pointers(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(at);
}

/// Values that fit few places.
fn wrong_value(number: usize) -> Option<Value> {
    let values: [Value; WRONG] = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(0),
        json!(""),
        json!("\u{1b}[2J\u{202e}"),
        json!("/"),
        json!([]),
        json!({}),
    ];
    values.into_iter().nth(number)
}

fn contradiction(file: &Value) -> Contradiction {
    match Recording::read(file.to_string().as_bytes(), "x.rec.json") {
        Err(RecordingError::Contradiction { source, .. }) => source,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it is accepted"),
    }
}

fn refusal(bytes: &[u8]) -> String {
    Recording::read(bytes, "x.rec.json").expect_err("the file must be refused").to_string()
}

fn value(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).expect("a golden recording is JSON")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(golden(name)).expect("the golden recordings are there")
}

/// How many wrong values there are.
const WRONG: usize = 10;
