use super::{HOUR, access_token, account, meaning, refresh_token, secrets, stored, written};
use crate::msal::{
    AccessToken, AppMetadata, ChangeError, Document, IdToken, Query, Record, RefreshToken, Section, SignOut,
    UnixTime, Unknown, Upserted,
};

fn upsert_all(document: &mut Document<'_>) {
    let mut id = IdToken::new("header.claims.signature", "login.windows.net", "a-client");
    id.home_account_id = Some("a-user.a-tenant".into());
    document.upsert(&access_token("a")).expect("it is a section");
    document.upsert(&refresh_token("r", "a-client")).expect("it is a section");
    document.upsert(&id).expect("it is a section");
    document.upsert(&account()).expect("it is a section");
    document.upsert(&AppMetadata::new("login.microsoftonline.com", "a-client")).expect("it is a section");
}

#[test]
fn a_document_that_was_not_changed_is_written_as_it_was_read() {
    let text = stored("\n{ \"AccessToken\" :{\"k\":\t[ ] } ,\"Later\":{\"b\":1,\"a\":1.0}}  ");
    let mut document = Document::parse(&text).expect("it is a document");
    assert_eq!(document.remove::<AccessToken<'_>>(&Query::new()), 0);
    assert_eq!(document.remove_expired(HOUR), 0);
    assert_eq!(document.merge(&Document::new()), Ok(0));
    assert_eq!(document.to_bytes(), text);
}

#[test]
fn a_new_document_is_what_msal_for_python_writes() {
    let mut document = Document::new();
    let mut token = access_token("a\u{E9}");
    token.cached_at = Some(UnixTime::from_seconds(0));
    token.extended_expires_on = Some(HOUR);
    token.refresh_on = Some(UnixTime::from_seconds(1_800));
    document.upsert(&token).expect("it is a section");
    assert_eq!(
        written(&document),
        r#"{
    "AccessToken": {
        "a-user.a-tenant-login.microsoftonline.com-accesstoken-a-client-a-tenant-mail.read user.read": {
            "credential_type": "AccessToken",
            "secret": "a\u00e9",
            "home_account_id": "a-user.a-tenant",
            "environment": "login.microsoftonline.com",
            "client_id": "a-client",
            "target": "Mail.Read User.Read",
            "realm": "a-tenant",
            "token_type": "Bearer",
            "cached_at": "0",
            "expires_on": "3600",
            "extended_expires_on": "3600",
            "refresh_on": "1800"
        }
    }
}"#
    );
}

#[test]
fn keys_are_those_of_msal_for_python() {
    let mut document = Document::new();
    upsert_all(&mut document);
    let mut extended = access_token("b");
    extended.ext_cache_key = Some("a-hash".into());
    document.upsert(&extended).expect("it is a section");
    let meaning = meaning(&document);
    let keys = |section: &str| -> Vec<String> {
        meaning[section].as_object().expect("it is a section").keys().cloned().collect()
    };
    let before = "a-user.a-tenant-login.microsoftonline.com";
    assert_eq!(
        keys("AccessToken"),
        [
            format!("{before}-accesstoken-a-client-a-tenant-mail.read user.read"),
            format!("{before}-atext-a-client-a-tenant-mail.read user.read-a-hash"),
        ]
    );
    assert_eq!(keys("RefreshToken"), [format!("{before}-refreshtoken-a-client--")]);
    assert_eq!(keys("IdToken"), ["a-user.a-tenant-login.windows.net-idtoken-a-client--"]);
    assert_eq!(keys("Account"), [format!("{before}-a-tenant")]);
    assert_eq!(keys("AppMetadata"), ["appmetadata-login.microsoftonline.com-a-client"]);
}

#[test]
fn a_record_under_another_librarys_key_is_replaced_where_it_is() {
    let text = stored(
        r#"{"AccessToken": {"another-key": {"secret": "a", "environment": "login.example", "client_id": "c",
        "expires_on": "9", "credential_type": "accesstoken", "later": 1}}}"#,
    );
    let mut document = Document::parse(&text).expect("it is a document");
    let mut token = document.access_tokens(&Query::new()).next().expect("it is there").into_owned();
    assert_eq!(document.upsert(&token), Ok(Upserted::Replaced), "it is laid out otherwise");
    assert_eq!(document.upsert(&token), Ok(Upserted::Same));
    token.secret = "b".into();
    assert_eq!(document.upsert(&token), Ok(Upserted::Replaced));
    let value = &meaning(&document)["AccessToken"]["another-key"];
    assert_eq!(value["secret"], "b");
    assert_eq!(value["later"], 1);
    assert_eq!(value["credential_type"], "accesstoken");

    // For other scopes it is another token.
    token.set_scopes(["User.Read"]);
    assert_eq!(document.upsert(&token), Ok(Upserted::Added));
    assert_eq!(document.len(Section::AccessToken), 2);
}

#[test]
fn every_kind_of_record_stays_under_the_key_where_it_was_found() {
    fn put_back<R: Record>(document: &mut Document<'_>, found: Option<R>) {
        let found = found.expect("it is there");
        assert_eq!(document.upsert(&found), Ok(Upserted::Replaced), "it is laid out otherwise");
    }
    let record = r#"{"another-key": {"secret": "a", "home_account_id": "u.t", "environment": "login.example",
        "client_id": "c", "expires_on": "9", "realm": "t"}}"#;
    let sections = ["AccessToken", "RefreshToken", "IdToken", "Account", "AppMetadata"];
    let text = sections.map(|section| format!("\"{section}\": {record}")).join(",");
    let text = stored(&format!("{{{text}}}"));
    let (read, all) = (Document::parse(&text).expect("it is a document"), Query::new());
    let mut document = Document::parse(&text).expect("it is a document");
    put_back(&mut document, read.access_tokens(&all).next());
    put_back(&mut document, read.refresh_tokens(&all).next());
    put_back(&mut document, read.id_tokens(&all).next());
    put_back(&mut document, read.accounts(&all).next());
    put_back(&mut document, read.app_metadata(&all).next());
    for section in sections {
        let sections = meaning(&document);
        let keys: Vec<_> = sections[section].as_object().expect("there are records").keys().collect();
        assert_eq!(keys, ["another-key"], "{section}");
    }
}

#[test]
fn scopes_are_sorted_words() {
    let mut token = access_token("a");
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["Mail.Read", "User.Read"]);
    token.set_scopes::<&str>([]);
    assert_eq!(token.scopes().count(), 0);
    let mut token = refresh_token("r", "a-client");
    token.set_scopes(["User.Read", "Mail.Read"]);
    assert_eq!(token.target, "Mail.Read User.Read");
}

#[test]
fn a_record_has_each_unknown_field_once() {
    let mut unknown = Unknown::default();
    assert!((unknown.len(), unknown.is_empty()) == (0, true));
    unknown.set_text("a", "1");
    unknown.set_text("b", "2");
    unknown.set_text("a", "3");
    assert!((unknown.len(), unknown.is_empty()) == (2, false));
    assert_eq!(
        [unknown.json("a"), unknown.json("b"), unknown.json("c")],
        [Some("\"3\""), Some("\"2\""), None]
    );
}

#[test]
fn a_record_that_was_removed_meanwhile_is_added_under_its_own_key() {
    let text = stored(
        r#"{"Account": {"another-key": {"home_account_id": "u.t", "environment": "login.example", "realm": "t"}}}"#,
    );
    let mut document = Document::parse(&text).expect("it is a document");
    let account = document.accounts(&Query::new()).next().expect("it is there").into_owned();
    document.remove_account(&account, SignOut::Everywhere);
    assert_eq!(document.upsert(&account), Ok(Upserted::Added));
    assert!(meaning(&document)["Account"]["u.t-login.example-t"].is_object());
}

#[test]
fn records_with_the_same_key_make_room_for_the_one_that_is_put_in() {
    let text = stored(r#"{"Account": {"u.t-e-": {"a": 1}, "b": {}, "u.t\u002de-": {"c": 1}}}"#);
    let mut document = Document::parse(&text).expect("it is a document");
    let account = crate::msal::Account::new("u.t", "e");
    assert_eq!(document.upsert(&account), Ok(Upserted::Replaced));
    assert_eq!(document.len(Section::Account), 2);
    assert_eq!(document.accounts(&Query::new()).next(), Some(account));
}

#[test]
fn removing_takes_what_finding_finds_and_no_more() {
    let mut document = Document::new();
    upsert_all(&mut document);
    assert_eq!(document.remove::<RefreshToken<'_>>(&Query::new().client("another-client")), 0);
    assert_eq!(document.remove::<RefreshToken<'_>>(&Query::new().client("a-client")), 1);
    assert_eq!(document.len(Section::RefreshToken), 0);
    for section in [Section::AccessToken, Section::IdToken, Section::Account, Section::AppMetadata] {
        assert_eq!(document.len(section), 1, "{section}");
    }
}

#[test]
fn signing_out_of_one_application_leaves_the_refresh_tokens_of_others_and_takes_the_familys() {
    let with_family = |family: Option<&'static str>| {
        let mut document = Document::new();
        upsert_all(&mut document);
        let mut application = AppMetadata::new("login.microsoftonline.com", "a-client");
        application.family_id = family.map(Into::into);
        document.upsert(&application).expect("it is a section");
        let mut sister = refresh_token("of a sister", "b-client");
        sister.family_id = Some("1".into());
        document.upsert(&sister).expect("it is a section");
        document.upsert(&refresh_token("of a stranger", "c-client")).expect("it is a section");
        let mut others = access_token("of another user");
        others.home_account_id = Some("another-user.a-tenant".into());
        document.upsert(&others).expect("it is a section");
        document
    };
    let left = |document: &Document<'_>| -> Vec<String> {
        document.refresh_tokens(&Query::new()).map(|token| token.secret.expose().to_owned()).collect()
    };

    let mut document = with_family(None);
    assert_eq!(document.remove_account(&account(), SignOut::Client("a-client")), 4);
    assert_eq!(left(&document), ["of a sister", "of a stranger"]);
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["of another user"]);
    assert_eq!((document.len(Section::IdToken), document.len(Section::Account)), (0, 0));
    assert_eq!(document.len(Section::AppMetadata), 1);

    let mut document = with_family(Some("1"));
    assert_eq!(document.remove_account(&account(), SignOut::Client("a-client")), 5);
    assert_eq!(left(&document), ["of a stranger"]);

    let mut document = with_family(None);
    assert_eq!(document.remove_account(&account(), SignOut::Everywhere), 6);
    assert_eq!(left(&document), [""; 0]);
}

#[test]
fn bound_tokens_of_a_user_go_with_the_user() {
    let mut document = Document::new();
    let mut token = access_token("a");
    token.key_id = Some("a-key".into());
    document.upsert(&token).expect("it is a section");
    assert_eq!(document.remove_account(&account(), SignOut::Client("a-client")), 1);
}

#[test]
fn what_another_document_has_later_or_alone_is_taken_over() {
    let token = |secret, seconds: Option<i64>| {
        let mut token = access_token(secret);
        token.cached_at = seconds.map(UnixTime::from_seconds);
        token
    };
    let merged = |here: AccessToken<'_>, other: AccessToken<'_>| {
        let (mut document, mut others) = (Document::new(), Document::new());
        document.upsert(&here).expect("it is a section");
        others.upsert(&other).expect("it is a section");
        let taken = document.merge(&others).expect("it has its shape");
        (taken, secrets(document.access_tokens(&Query::new())))
    };
    assert_eq!(merged(token("a", Some(1)), token("b", Some(2))), (1, vec!["b".to_owned()]));
    assert_eq!(merged(token("a", Some(2)), token("b", Some(1))), (0, vec!["a".to_owned()]));
    assert_eq!(merged(token("a", Some(1)), token("b", Some(1))), (1, vec!["b".to_owned()]));
    assert_eq!(merged(token("a", None), token("b", None)), (1, vec!["b".to_owned()]));
    assert_eq!(merged(token("a", Some(1)), token("b", None)), (0, vec!["a".to_owned()]));
    assert_eq!(merged(token("a", None), token("b", Some(1))), (1, vec!["b".to_owned()]));
    assert_eq!(merged(token("a", Some(1)), token("a", Some(1))), (0, vec!["a".to_owned()]));
}

#[test]
fn an_older_refresh_token_of_another_document_is_not_taken_over() {
    let document = |secret, seconds| {
        let mut token = refresh_token(secret, "a-client");
        token.last_modification_time = Some(UnixTime::from_seconds(seconds));
        let mut document = Document::new();
        document.upsert(&token).expect("it is a section");
        document
    };
    let (mut older, mut newer) = (document("older", 0), document("newer", 1));
    assert_eq!(newer.merge(&older), Ok(0));
    assert_eq!(older.merge(&newer), Ok(1));
    assert_eq!(meaning(&older), meaning(&newer));
}

#[test]
fn merging_keeps_what_is_damaged_as_damaged_as_it_was() {
    let other = stored(
        r#"{"AccessToken": {"k": {"a": 1}, "k": {"b": 1}, "l": []}, "IdToken": 7, "Later": {"a": 1}, "Here": 2}"#,
    );
    let other = Document::parse(&other).expect("it is a document");
    let here = stored(
        r#"{"AccessToken": {"l": {"secret": "s", "environment": "e", "client_id": "c",
        "expires_on": "9"}}, "H\u0065re": 1}"#,
    );
    let mut document = Document::parse(&here).expect("it is a document");
    assert_eq!(document.merge(&other), Ok(4));
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["s"]);
    assert_eq!(document.faults().len(), 3);
    assert_eq!(document.merge(&other), Ok(0));
    let text = written(&document);
    assert!(text.contains(r#""H\u0065re": 1"#) && !text.contains("\"Here\""), "{text}");
    assert!(text.contains("\"IdToken\": 7") && text.contains(r#""Later": {"a": 1}"#), "{text}");
}

#[test]
fn a_whole_record_of_another_document_replaces_every_damaged_one_with_its_key() {
    let mut other = Document::new();
    other.upsert(&account()).expect("it is a section");
    let key = "a-user.a-tenant-login.microsoftonline.com-a-tenant";
    let here = stored(&format!(r#"{{"Account": {{"{key}": 1, "other": {{}}, "{key}": 2}}}}"#));
    let mut document = Document::parse(&here).expect("it is a document");
    assert_eq!(document.merge(&other), Ok(1));
    assert_eq!(document.accounts(&Query::new()).next(), Some(account()));
    assert_eq!(document.len(Section::Account), 2);
    assert_eq!(meaning(&document)["Account"]["other"], serde_json::json!({}));
}

#[test]
fn a_section_without_records_needs_no_room() {
    let (here, other) = (stored(r#"{ "IdToken" : 7 }"#), stored(r#"{"IdToken": {}, "Account": {}}"#));
    let mut document = Document::parse(&here).expect("it is a document");
    assert_eq!(document.merge(&Document::parse(&other).expect("it is a document")), Ok(0));
    assert_eq!(document.to_bytes(), here);
}

#[test]
fn a_merge_that_has_no_room_changes_nothing() {
    let mut other = Document::new();
    upsert_all(&mut other);
    let here = stored(r#"{"AppMetadata": "none"}"#);
    let mut document = Document::parse(&here).expect("it is a document");
    assert_eq!(document.merge(&other), Err(ChangeError::Misshapen { section: Section::AppMetadata }));
    assert_eq!(document.to_bytes(), here);
    document.discard_faults();
    assert_eq!(document.merge(&other), Ok(5));
    assert_eq!(meaning(&document), meaning(&other));
}
