use std::time::Duration;

use super::{HOUR, access_token, account, refresh_token, secrets, stored};
use crate::msal::{AccessToken, AppMetadata, Document, IdToken, Query};

/// What one token, changed, answers to a query.
fn is_found(change: impl FnOnce(&mut AccessToken<'static>), query: Query) -> bool {
    let mut token = access_token("s");
    change(&mut token);
    let mut document = Document::new();
    document.upsert(&token).expect("it is a section");
    document.access_tokens(&query).count() == 1
}

fn as_it_is(_: &mut AccessToken<'static>) {}

#[test]
fn an_access_token_is_found_by_each_criterion_and_by_no_other_value_of_it() {
    let query = Query::new;
    for (right, wrong) in [
        (query().account("a-user.a-tenant"), query().account("A-USER.a-tenant")),
        (query().environment("login.windows.net"), query().environment("login.microsoftonline.us")),
        (
            query().environment_exactly("LOGIN.microsoftonline.com"),
            query().environment_exactly("login.windows.net"),
        ),
        (query().client("a-client"), query().client("A-client")),
        (query().tenant("A-TENANT"), query().tenant("another-tenant")),
        (query().scopes(["Mail.Read"]), query().scopes(["mail.read"])),
        (query().scopes(["User.Read", "Mail.Read"]), query().scopes(["User.Read", "Mail.Send"])),
        (query().valid_at(HOUR - Duration::from_secs(1)), query().valid_at(HOUR)),
        (query().token_type("bearer"), query().token_type("pop")),
        (query(), query().without_account()),
        (query(), query().key("a-key")),
        (query(), query().extension("a-hash")),
        (query(), query().claims("a-hash")),
        (query(), query().assertion("a-hash")),
    ] {
        assert!(is_found(as_it_is, right.clone()), "{right:?}");
        assert!(!is_found(as_it_is, wrong.clone()), "{wrong:?}");
    }
    // What does not apply to access tokens does not hide them.
    assert!(is_found(as_it_is, query().family("1")));
}

#[test]
fn a_scope_is_a_whole_word() {
    let of = |target: &'static str| move |token: &mut AccessToken<'static>| token.target = target.into();
    assert!(is_found(of("User.ReadWrite User.Read"), Query::new().scopes(["User.Read"])));
    assert!(!is_found(of("User.ReadWrite"), Query::new().scopes(["User.Read"])));
    assert!(!is_found(of(""), Query::new().scopes(["User.Read"])));
    assert!(is_found(of(""), Query::new().scopes(["", " "])));
}

#[test]
fn a_token_that_is_bound_answers_only_who_names_what_it_is_bound_to() {
    type Change = fn(&mut AccessToken<'static>);
    let changes: [(Change, Query, Query); 11] = [
        (
            |t| t.token_type = "pop".into(),
            Query::new().token_type("POP"),
            Query::new().token_type("ssh-cert"),
        ),
        (|t| t.key_id = Some("k".into()), Query::new().key("k"), Query::new().key("l")),
        (|t| t.unknown.set_text("kid", "k"), Query::new().key("k"), Query::new().key("l")),
        (|t| t.unknown.set_text("keyid", "k"), Query::new().key("k"), Query::new().key("l")),
        (|t| t.ext_cache_key = Some("h".into()), Query::new().extension("h"), Query::new().extension("i")),
        (|t| t.unknown.set_text("ext", "h"), Query::new().extension("h"), Query::new().extension("i")),
        (
            |t| t.unknown.set_text("requestedClaimsHash", "h"),
            Query::new().claims("h"),
            Query::new().claims("i"),
        ),
        (|t| t.unknown.set_text("requestedClaims", "h"), Query::new().claims("h"), Query::new().claims("i")),
        (
            |t| t.unknown.set_text("user_assertion_hash", "h"),
            Query::new().assertion("h"),
            Query::new().assertion("i"),
        ),
        (
            |t| t.unknown.set_text("userAssertionHash", "h"),
            Query::new().assertion("h"),
            Query::new().assertion("i"),
        ),
        (
            |t| t.unknown.set_text("additionalCacheKeyComponents", "h"),
            Query::new().extension("h"),
            Query::new().extension("i"),
        ),
    ];
    for (change, right, wrong) in changes {
        assert!(is_found(change, right.clone()), "{right:?}");
        assert!(!is_found(change, wrong.clone()), "{wrong:?}");
        assert!(!is_found(change, Query::new()), "{right:?}");
        assert!(is_found(change, Query::new().including_bound()), "{right:?}");
    }
}

#[test]
fn what_a_writer_leaves_empty_binds_nothing() {
    let text = r#"{"AccessToken": {"k": {"secret": "s", "environment": "e", "client_id": "c", "expires_on": "9",
        "key_id": "", "ext": {}, "ext_cache_key": null, "user_assertion_hash": "", "token_type": null}}}"#;
    let text = stored(text);
    let document = Document::parse(&text).expect("it is a document");
    assert_eq!(secrets(document.access_tokens(&Query::new())), ["s"]);
    assert_eq!(document.access_tokens(&Query::new().key("")).count(), 0);
}

#[test]
fn the_user_whose_name_was_lost_is_not_everybody() {
    let lose = |token: &mut AccessToken<'static>| token.home_account_id = Some("".into());
    assert!(!is_found(lose, Query::new().account("")));
    assert!(is_found(lose, Query::new().without_account()));
    assert!(is_found(lose, Query::new()));
}

#[test]
fn a_refresh_token_is_good_for_every_tenant_and_scope_and_an_account_for_every_application() {
    let mut document = Document::new();
    document.upsert(&refresh_token("r", "a-client")).expect("it is a section");
    document.upsert(&account()).expect("it is a section");
    let query = Query::new().account("a-user.a-tenant").scopes(["Mail.Send"]).valid_at(HOUR);
    assert_eq!(document.refresh_tokens(&query.clone().tenant("another-tenant")).count(), 1);
    assert_eq!(document.refresh_tokens(&query.clone().client("another-client")).count(), 0);
    assert_eq!(document.accounts(&query.clone().client("another-client")).count(), 1);
    assert_eq!(document.accounts(&query.clone().tenant("another-tenant")).count(), 0);
    assert_eq!(document.accounts(&query.account("another-user")).count(), 0);
}

#[test]
fn a_refresh_token_of_one_assertion_is_nobody_elses() {
    for field in ["user_assertion_hash", "userAssertionHash"] {
        let mut token = refresh_token("r", "a-client");
        token.unknown.set_text(field, "h");
        let mut document = Document::new();
        document.upsert(&token).expect("it is a section");
        let found = |query: Query| document.refresh_tokens(&query).count();
        assert_eq!(found(Query::new().assertion("h")), 1, "{field}");
        assert_eq!(found(Query::new().including_bound()), 1, "{field}");
        assert_eq!(found(Query::new()), 0, "{field}");
        assert_eq!(found(Query::new().assertion("i")), 0, "{field}");
        assert_eq!(document.refresh_candidates(&Query::new().client("a-client")), [], "{field}");
    }
}

#[test]
fn a_family_is_one_of_refresh_tokens_and_applications_only() {
    let mut document = Document::new();
    let mut token = refresh_token("r", "a-client");
    token.family_id = Some("1".into());
    document.upsert(&token).expect("it is a section");
    document.upsert(&access_token("a")).expect("it is a section");
    document.upsert(&AppMetadata::new("login.example", "a-client")).expect("it is a section");
    assert_eq!(document.refresh_tokens(&Query::new().family("1")).count(), 1);
    assert_eq!(document.refresh_tokens(&Query::new().family("2")).count(), 0);
    assert_eq!(document.app_metadata(&Query::new().family("1")).count(), 0);
    assert_eq!(document.access_tokens(&Query::new().family("2")).count(), 1);
}

#[test]
fn an_id_token_is_found_by_user_application_and_tenant() {
    let mut token = IdToken::new("i", "login.example", "a-client");
    token.home_account_id = Some("a-user.a-tenant".into());
    token.realm = Some("a-tenant".into());
    let mut document = Document::new();
    document.upsert(&token).expect("it is a section");
    let found = |query: Query| document.id_tokens(&query).count();
    assert_eq!(found(Query::new().account("a-user.a-tenant").tenant("a-tenant").client("a-client")), 1);
    assert_eq!(found(Query::new().account("b")), 0);
    assert_eq!(found(Query::new().tenant("b")), 0);
    assert_eq!(found(Query::new().client("b")), 0);
    assert_eq!(found(Query::new().environment("b")), 0);
}

#[test]
fn a_field_is_read_however_it_is_escaped() {
    let text = r#"{"AccessToken": {"k": {"s\u0065cret": "\u0073\ud83d\ude00\n", "environment": "LOGIN\u002eexample",
        "client_id": "\u0063", "expires_on": "9", "target": "a\u0020b"}}}"#;
    let text = stored(text);
    let document = Document::parse(&text).expect("it is a document");
    let query = Query::new().environment("login.example").client("c").scopes(["b"]);
    assert_eq!(secrets(document.access_tokens(&query)), ["s\u{1F600}\n"]);
}

fn candidates(document: &Document<'_>) -> Vec<String> {
    let found = document.refresh_candidates(&Query::new().account("a-user.a-tenant").client("a"));
    found.into_iter().map(|token| token.secret.expose().to_owned()).collect()
}

/// Tokens of `a`, which is none of a family's, and of `b` and `c`, which are.
fn family() -> Document<'static> {
    let mut document = Document::new();
    for (secret, client, family) in
        [("of b", "b", Some("1")), ("of a", "a", None), ("of c", "c", Some("2")), ("of d", "d", Some(""))]
    {
        let mut token = refresh_token(secret, client);
        token.family_id = family.map(Into::into);
        document.upsert(&token).expect("it is a section");
    }
    document
}

#[test]
fn an_application_that_is_not_known_tries_its_own_tokens_and_then_those_of_families() {
    assert_eq!(candidates(&family()), ["of a", "of b", "of c"]);
}

#[test]
fn an_application_that_is_known_tries_those_of_its_family_and_then_its_own() {
    let mut document = family();
    let mut application = AppMetadata::new("login.windows.net", "a");
    document.upsert(&application).expect("it is a section");
    assert_eq!(candidates(&document), ["of a"]);
    application.family_id = Some("1".into());
    document.upsert(&application).expect("it is a section");
    assert_eq!(candidates(&document), ["of b", "of a"]);
    // Another authority's family is none of ours.
    let query = Query::new().client("a").environment("login.microsoftonline.us");
    assert_eq!(document.refresh_candidates(&query), []);
    assert_eq!(document.refresh_candidates(&Query::new()).len(), 4);
}

#[test]
fn what_is_known_of_an_application_is_not_known_of_another_or_at_another_authority() {
    for (host, client) in [("login.windows.net", "d"), ("login.microsoftonline.us", "a")] {
        let mut document = family();
        let mut other = AppMetadata::new(host, client);
        other.family_id = Some("2".into());
        document.upsert(&other).expect("it is a section");
        let query = Query::new().client("a").environment("login.microsoftonline.com");
        let found = document.refresh_candidates(&query);
        let found: Vec<_> = found.iter().map(|token| token.secret.expose()).collect();
        assert_eq!(found, ["of a", "of b", "of c"], "{host} {client}");
    }
}
