use super::{access_token, account, meaning, secrets, stored, written};
use crate::msal::{AccessToken, ChangeError, Defect, Document, Fault, Field, Query, Section};

/// A whole record among others.
fn beside_whole(section: &str, key: &str, damaged: &str) -> String {
    format!(
        r#"{{"{section}": {{"{key}": {damaged}, "whole": {{"secret": "s", "home_account_id": "u.t", "environment":
        "login.example", "client_id": "c", "expires_on": "9"}}}}}}"#
    )
}

#[test]
fn every_kind_of_damage_is_named_and_leaves_the_record_beside_it() {
    use Defect::{Missing, NotAString, NotATime, NotAnObject, NotText, RepeatedField};
    use Field::{Environment, ExpiresOn, HomeAccountId, Realm, Secret};

    let whole = r#""environment": "login.example", "client_id": "c", "expires_on": "9""#;
    for (record, defect) in [
        ("null".to_owned(), NotAnObject),
        ("[]".to_owned(), NotAnObject),
        ("\"text\"".to_owned(), NotAnObject),
        ("{}".to_owned(), Missing { field: Secret }),
        (format!(r#"{{{whole}}}"#), Missing { field: Secret }),
        (format!(r#"{{"secret": null, {whole}}}"#), Missing { field: Secret }),
        (format!(r#"{{"secret": 7, {whole}}}"#), NotAString { field: Secret }),
        (format!(r#"{{"secret": "\ud800", {whole}}}"#), NotText { field: Secret }),
        (format!(r#"{{"secret": "s", "secret": "t", {whole}}}"#), RepeatedField { field: Secret }),
        (format!(r#"{{"secret": "s", "s\u0065cret": "t", {whole}}}"#), RepeatedField { field: Secret }),
        (
            format!(r#"{{"secret": "s", "home_account_id": {{}}, {whole}}}"#),
            NotAString { field: HomeAccountId },
        ),
        (format!(r#"{{"secret": "s", "realm": false, {whole}}}"#), NotAString { field: Realm }),
        (
            r#"{"secret": "s", "client_id": "c", "expires_on": "9"}"#.to_owned(),
            Missing { field: Environment },
        ),
        (r#"{"secret": "s", "client_id": "c", "environment": "e"}"#.to_owned(), Missing { field: ExpiresOn }),
        (
            r#"{"secret": "s", "client_id": "c", "environment": "e", "expires_on": "soon"}"#.to_owned(),
            NotATime { field: ExpiresOn },
        ),
        (
            r#"{"secret": "s", "client_id": "c", "environment": "e", "expires_on": 1.5}"#.to_owned(),
            NotATime { field: ExpiresOn },
        ),
    ] {
        let text = stored(&beside_whole("AccessToken", "damaged", &record));
        let document = Document::parse(&text).expect("it is a document");
        let fault = Fault { section: Section::AccessToken, position: Some(0), defect };
        assert_eq!(document.faults(), [fault], "{record}");
        assert_eq!(secrets(document.access_tokens(&Query::new())), ["s"], "{record}");
    }
}

#[test]
fn a_number_is_a_time_as_well_as_a_string_is() {
    let text = stored(
        r#"{"AccessToken": {"k": {"secret": "s", "environment": "e", "client_id": "c", "expires_on": 9}}}"#,
    );
    let document = Document::parse(&text).expect("it is a document");
    let token = document.access_tokens(&Query::new()).next().expect("it can be read");
    assert_eq!(token.expires_on.seconds(), 9);
}

#[test]
fn of_records_with_the_same_key_none_is_used_however_it_is_escaped() {
    for key in ["whole", r"whol\u0065"] {
        let record = r#"{"secret": "t", "environment": "e", "client_id": "c", "expires_on": "9"}"#;
        let text = stored(&beside_whole("AccessToken", key, record));
        let document = Document::parse(&text).expect("it is a document");
        assert_eq!(document.access_tokens(&Query::new()).count(), 0, "{key}");
        let defects: Vec<_> = document.faults().iter().map(|fault| fault.defect).collect();
        assert_eq!(defects, [Defect::RepeatedKey; 2], "{key}");
    }
}

#[test]
fn of_records_with_different_keys_each_is_used_beside_two_with_the_same() {
    let record = r#"{"secret": "t", "environment": "e", "client_id": "c", "expires_on": "9"}"#;
    let text =
        beside_whole("AccessToken", "twice", &format!(r#"{record}, "once": {record}, "twice": {record}"#));
    let text = stored(&text);
    let document = Document::parse(&text).expect("it is a document");
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["t", "s"]);
    let positions: Vec<_> = document.faults().iter().map(|fault| fault.position).collect();
    assert_eq!(positions, [Some(0), Some(2)]);
}

#[test]
fn a_key_that_is_no_text_hides_nothing() {
    let text = stored(&beside_whole("AccessToken", r"\udead", "{}"));
    let document = Document::parse(&text).expect("it is a document");
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["s"]);
    assert_eq!(document.len(Section::AccessToken), 2);
}

#[test]
fn keys_that_are_no_text_are_the_same_only_as_they_are_written() {
    let whole = r#"{"home_account_id": "u.t", "environment": "e"}"#;
    for (keys, damaged) in [
        ([r"\udead", r"\\udead"], 0),
        ([r"\udead", r"\udeae"], 0),
        ([r"\udead", r#"\"\\udead\""#], 0),
        ([r"\udead", r"\udead"], 2),
        ([r"\u0061", "a"], 2),
        (["a", "A"], 0),
    ] {
        let text = stored(&format!(r#"{{"Account": {{"{}": {whole}, "{}": {whole}}}}}"#, keys[0], keys[1]));
        let document = Document::parse(&text).expect("it is a document");
        assert_eq!(document.faults().len(), damaged, "{keys:?}");
    }
}

#[test]
fn a_section_that_is_none_hides_no_other_and_is_not_written_over() {
    let text = stored(&format!(
        r#"{{"RefreshToken": [1], "IdToken": null, {}"#,
        &beside_whole("AccessToken", "k", "[]")[1..]
    ));
    let mut document = Document::parse(&text).expect("it is a document");
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["s"]);
    let refused = document.upsert(&super::refresh_token("r", "c"));
    assert_eq!(refused, Err(ChangeError::Misshapen { section: Section::RefreshToken }));
    assert_eq!(document.to_bytes(), text);
    let message = refused.expect_err("it was refused").to_string();
    assert_eq!(
        message,
        "the section RefreshToken of the cache is not an object; discard the cache's faults to make room"
    );
}

#[test]
fn what_is_damaged_outlives_every_change_but_the_one_that_takes_its_key() {
    let text = stored(
        r#"{"AccessToken": {"damaged": [1, 2]}, "Later": {"b": 1, "a": 1e400}, "IdToken": 7, "Account":
        {"a-user.a-tenant-login.microsoftonline.com-a-tenant": "damaged too"}}"#,
    );
    let mut document = Document::parse(&text).expect("it is a document");
    document.upsert(&access_token("s")).expect("it is a section");
    document.remove::<AccessToken<'_>>(&Query::new().including_bound());
    document.remove_expired(super::HOUR + std::time::Duration::from_secs(1));
    let text = written(&document);
    for kept in ["\"damaged\": [1, 2]", r#""Later": {"b": 1, "a": 1e400}"#, "\"IdToken\": 7", "damaged too"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    document.upsert(&account()).expect("it is a section");
    assert!(!written(&document).contains("damaged too"));
    assert_eq!(document.accounts(&Query::new()).count(), 1);
}

#[test]
fn what_cannot_be_read_is_discarded_when_that_is_asked_for() {
    let text =
        stored(&beside_whole("AccessToken", "damaged", "[]").replace("{\"Acc", "{\"IdToken\": 7, \"Acc"));
    let mut document = Document::parse(&text).expect("it is a document");
    assert_eq!(document.discard_faults(), 2);
    assert_eq!(document.faults(), []);
    assert_eq!(meaning(&document)["AccessToken"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(document.discard_faults(), 0);
}

#[test]
fn a_section_that_is_none_is_gone_once_it_is_discarded() {
    let text = stored(r#"{ "IdToken" : 7 , "Later" : 1 }"#);
    let mut document = Document::parse(&text).expect("it is a document");
    assert_eq!(document.discard_faults(), 1);
    assert_eq!(meaning(&document), serde_json::json!({ "Later": 1 }));
}

#[test]
fn a_document_without_faults_is_written_as_it_was_read() {
    let text = stored(r#"{ "IdToken" : { } , "Later" : 1 }"#);
    let mut document = Document::parse(&text).expect("it is a document");
    assert_eq!(document.discard_faults(), 0);
    assert_eq!(document.to_bytes(), text);
}

#[test]
fn every_defect_is_told_in_a_sentence() {
    let field = Field::Realm;
    for (defect, said) in [
        (Defect::NotAnObject, "it is no object"),
        (Defect::RepeatedKey, "another one has the same key"),
        (Defect::RepeatedField { field }, "it has realm twice"),
        (Defect::TooDeep, "it is nested too deep"),
        (Defect::Missing { field }, "it has no realm"),
        (Defect::NotAString { field }, "its realm is no string"),
        (Defect::NotText { field }, "its realm is no text"),
        (Defect::NotATime { field }, "its realm is no time"),
    ] {
        assert_eq!(defect.to_string(), said);
        let fault = |position| Fault { section: Section::Account, position, defect }.to_string();
        assert_eq!(fault(Some(3)), format!("record 3 of Account cannot be read: {said}"));
        assert_eq!(fault(None), format!("the section Account cannot be read: {said}"));
    }
}

#[test]
fn nothing_that_was_stored_is_shown_in_debug() {
    let text = stored(&beside_whole("AccessToken", "key-hunter2", r#"{"secret": "hunter2"}"#));
    let document = Document::parse(&text).expect("it is a document");
    let shown = format!("{document:?} {:?}", document.faults());
    assert!(shown.contains("AccessToken: 2"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");

    let mut token = access_token("hunter2");
    token.unknown.set_text("later", "hunter2");
    let shown = format!("{token:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("unknown: Unknown([REDACTED; 1])") && shown.contains("origin: New"), "{shown}");
    let found = document.access_tokens(&Query::new()).next().expect("one is whole");
    assert!(format!("{found:?}").contains("origin: Found"), "{found:?}");
}
