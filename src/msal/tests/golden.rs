//! Caches that the real libraries wrote: see `ORIGIN.md` beside each of them.

use super::{secrets, stored, written};
use crate::msal::{
    AccessToken, Account, AppMetadata, Document, IdToken, Query, Record, RefreshToken, Section, UnixTime,
    Upserted,
};

const PYTHON: &str = include_str!("../../../fixtures/caches/python-msal-1.39.0/cache.json");
const NODE: &str = include_str!("../../../fixtures/caches/node-msal-7.2.3/cache.json");
const GO: &str = include_str!("../../../fixtures/caches/go-msal-1.10.1/cache.json");
const JAVA: &str = include_str!("../../../fixtures/caches/java-msal4j-1.26.1/cache.json");
const DOTNET: &str = include_str!("../../../fixtures/caches/dotnet-msal-4.76.0/cache.json");
const ALL: [(&str, &str); 5] =
    [("Python", PYTHON), ("Node", NODE), ("Go", GO), ("Java", JAVA), (".NET", DOTNET)];

/// What MSAL.NET keeps apart from it.
const DOTNET_APPLICATION: &str = include_str!("../../../fixtures/caches/dotnet-msal-4.76.0/application.json");

const TENANT: &str = "f645ad92-e38d-4d1a-b510-d1b09a74a8ca";
const USER: &str = "6fd0a3c7-1111-4222-8333-444455556666.f645ad92-e38d-4d1a-b510-d1b09a74a8ca";
const IN_A_FAMILY: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const SERVICE: &str = "11111111-2222-4333-8444-555566667777";

#[test]
fn every_record_of_every_library_can_be_read() {
    for (library, text) in ALL {
        let text = stored(text);
        let document = Document::parse(&text).expect(library);
        assert_eq!(document.faults(), [], "{library}");
        for section in Section::ALL {
            assert!(document.len(section) > 0, "{library} has a {section}");
        }
        assert_eq!(document.to_bytes(), text, "{library}");
    }
}

#[test]
fn the_users_token_is_found_in_every_librarys_cache_by_the_same_query() {
    let query = Query::new()
        .account(USER)
        .environment("login.microsoftonline.com")
        .client(IN_A_FAMILY)
        .tenant(TENANT)
        .scopes(["https://graph.microsoft.com/Mail.Read"])
        .valid_at(UnixTime::from_seconds(1_700_000_300));
    for (library, text) in ALL {
        let text = stored(text);
        let document = Document::parse(&text).expect(library);
        assert_eq!(secrets(document.access_tokens(&query)), ["access-token-of-a-user"], "{library}");
        let accounts: Vec<_> = document.accounts(&query).map(|account| account.username).collect();
        assert_eq!(accounts, ["alex@contoso.example"], "{library}");
        let ids: Vec<_> = document.id_tokens(&query).map(|token| token.client_id).collect();
        assert_eq!(ids, [IN_A_FAMILY], "{library}");
        let candidates = document.refresh_candidates(&query);
        assert_eq!(candidates[0].secret.expose(), "refresh-token-of-a-family", "{library}");
        assert_eq!(candidates[0].family_id.as_deref(), Some("1"), "{library}");
    }
}

#[test]
fn an_applications_own_token_is_found_in_every_librarys_cache_and_no_bound_one_with_it() {
    let query = Query::new().without_account().client(SERVICE).scopes(["https://vault.azure.net/.default"]);
    let (_dotnet, others) = ALL.split_last().expect("there are some");
    for (library, text) in others.iter().copied().chain([(".NET", DOTNET_APPLICATION)]) {
        let text = stored(text);
        let document = Document::parse(&text).expect(library);
        assert_eq!(secrets(document.access_tokens(&query)), ["access-token-of-an-application"], "{library}");
    }
}

#[test]
fn bound_tokens_of_the_libraries_are_found_by_what_they_are_bound_to() {
    let text = stored(PYTHON);
    let document = Document::parse(&text).expect("it is a document");
    let query = Query::new().extension("ha1ueiazii9dtlx_jko7lewokdojgqvpd068cfkmihy");
    assert_eq!(secrets(document.access_tokens(&query)), ["access-token-of-a-path"]);
    let query = Query::new().token_type("ssh-cert").key("a-key");
    assert_eq!(secrets(document.access_tokens(&query)), ["certificate-of-a-user"]);

    for (library, text) in [("Node", NODE), ("Java", JAVA), (".NET", DOTNET)] {
        let text = stored(text);
        let document = Document::parse(&text).expect(library);
        let query = Query::new().assertion("VJo4wUBUuPoViUXhKL0XNvbrFXbgNBdgPDanJNoZnR0");
        assert_eq!(secrets(document.access_tokens(&query)), ["access-token-on-behalf-of"], "{library}");
        let scopes =
            Query::new().account(USER).client(SERVICE).scopes(["https://graph.microsoft.com/User.Read"]);
        assert_eq!(document.access_tokens(&scopes).count(), 0, "{library}: it is for one assertion only");
    }
}

/// Puts every record of one kind into another document, as a program does that knows nothing of the first.
fn put_all<R: Record>(from: &Document<'_>, to: &mut Document<'_>)
where
    for<'d> R::Read<'d>: Record,
{
    for record in from.find::<R>(&Query::new().including_bound()) {
        to.upsert(&record).expect("it is a section");
    }
}

#[test]
fn what_is_put_in_one_by_one_is_byte_by_byte_what_msal_for_python_wrote() {
    let text = stored(PYTHON);
    let python = Document::parse(&text).expect("it is a document");
    let mut document = Document::new();
    put_all::<AccessToken<'_>>(&python, &mut document);
    put_all::<Account<'_>>(&python, &mut document);
    put_all::<IdToken<'_>>(&python, &mut document);
    put_all::<RefreshToken<'_>>(&python, &mut document);
    put_all::<AppMetadata<'_>>(&python, &mut document);
    assert_eq!(written(&document), PYTHON);
}

#[test]
fn a_rotated_refresh_token_replaces_the_one_that_its_library_wrote() {
    for (library, text) in ALL {
        let text = stored(text);
        let mut document = Document::parse(&text).expect(library);
        let before = document.len(Section::RefreshToken);
        let query = Query::new().client(IN_A_FAMILY);
        let mut token = document.refresh_tokens(&query).next().expect(library).into_owned();
        token.secret = "the next".into();
        assert_eq!(document.upsert(&token), Ok(Upserted::Replaced), "{library}");
        assert_eq!(document.len(Section::RefreshToken), before, "{library}");
        assert!(!written(&document).contains("refresh-token-of-a-family"), "{library}");
    }
}

#[test]
fn what_only_one_library_writes_outlives_a_change_of_its_record() {
    let text = stored(NODE);
    let mut document = Document::parse(&text).expect("it is a document");
    let mut account = document.accounts(&Query::new()).next().expect("it is there").into_owned();
    let profiles = account.unknown.json("tenantProfiles").map(str::to_owned);
    assert!(profiles.as_ref().is_some_and(|profiles| profiles.contains("isHomeTenant")), "{profiles:?}");
    account.username = "sam@contoso.example".into();
    assert_eq!(document.upsert(&account), Ok(Upserted::Replaced));
    let account = document.accounts(&Query::new()).next().expect("it is there");
    assert_eq!(account.unknown.json("tenantProfiles"), profiles.as_deref());
    assert_eq!(account.username, "sam@contoso.example");
}
