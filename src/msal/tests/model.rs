//! Documents against a model that knows the schema a second time, as plainly as it can: maps of `serde_json` values,
//! whole records decoded, and every rule spelled out on them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::stored;
use crate::msal::{AccessToken, Account, Document, Query, RefreshToken, SignOut, UnixTime};

type Model = Map<String, Value>;

#[derive(Clone, Debug)]
enum Operation {
    Upsert(Value),
    Remove {
        user: Option<String>,
        client: String,
        scope: Option<String>,
        tenant: String,
    },
    Expire(i64),
    SignOut {
        user: String,
    },
    Merge(Value),
    /// Writes the document, and goes on with what was read again.
    Reopen,
}

proptest! {
    #[test]
    fn a_document_does_what_the_model_does(
        start in document(),
        operations in prop::collection::vec(operation(), 1..12),
    ) {
        let mut model = start.as_object().expect("it is an object").clone();
        let mut text = stored(&start.to_string());
        for run in operations.split_inclusive(|operation| matches!(operation, Operation::Reopen)) {
            let mut document = Document::parse(&text).expect("it is a document");
            for operation in run {
                apply(operation, &mut document);
                apply_to_model(operation, &mut model);
                let written = document.to_bytes();
                let meaning: Value = serde_json::from_slice(written.expose()).expect("it is JSON");
                prop_assert_eq!(without_empty_sections(&meaning), without_empty_sections(&Value::Object(model.clone())));
                prop_assert_eq!(found(&document), found_in_model(&model), "after {:?}", operation);
            }
            let written = document.to_bytes();
            drop(document);
            text = written;
        }
    }

    /// What is put in comes out, to the last field, also after it was written and read again.
    #[test]
    fn a_record_that_was_stored_is_the_one_that_is_read(
        texts in prop::array::uniform8(any::<String>()),
        times in prop::array::uniform4(any::<i64>()),
        more in prop::collection::hash_map("[a-z\"\\\\é]{1,4}", any::<String>(), 0..3),
    ) {
        let [secret, user, environment, client, target, realm, kind, key] = &texts;
        let mut token = AccessToken::new(&**secret, environment.to_ascii_lowercase(), &**client, UnixTime::from_seconds(times[0]));
        token.home_account_id = Some(user.into());
        token.target = target.into();
        token.realm = Some(realm.into());
        token.token_type = kind.into();
        token.key_id = Some(key.into());
        token.cached_at = Some(UnixTime::from_seconds(times[1]));
        token.extended_expires_on = Some(UnixTime::from_seconds(times[2]));
        token.refresh_on = Some(UnixTime::from_seconds(times[3]));
        more.iter().for_each(|(name, value)| token.unknown.set_text(&format!("more {name}"), value));

        let mut document = Document::new();
        document.upsert(&token).expect("it is a section");
        let written = document.to_bytes();
        let document = Document::parse(&written).expect("it is a document");
        let found: Vec<_> = document.access_tokens(&Query::new().including_bound()).collect();
        prop_assert_eq!(&found, &[token]);
        prop_assert_eq!(document.faults(), []);
    }
}

fn apply(operation: &Operation, document: &mut Document<'_>) {
    match operation {
        Operation::Upsert(record) => {
            let text = |name: &str| record[name].as_str().expect("it is text").to_owned();
            let user = record["home_account_id"].as_str().map(str::to_owned);
            let put = match record["section"].as_str().expect("it is text") {
                "AccessToken" => {
                    let expires_on = UnixTime::parse(&text("expires_on")).expect("it is a time");
                    let mut token =
                        AccessToken::new(text("secret"), text("environment"), text("client_id"), expires_on);
                    token.home_account_id = user.map(Into::into);
                    token.realm = Some(text("realm").into());
                    token.set_scopes([text("target")]);
                    token.cached_at = UnixTime::parse(&text("cached_at"));
                    document.upsert(&token)
                }
                "RefreshToken" => {
                    let mut token = RefreshToken::new(text("secret"), text("environment"), text("client_id"));
                    token.home_account_id = user.map(Into::into);
                    document.upsert(&token)
                }
                _ => {
                    let mut account = Account::new(user.unwrap_or_default(), text("environment"));
                    account.realm = Some(text("realm").into());
                    document.upsert(&account)
                }
            };
            put.expect("the model has no section that is none");
        }
        Operation::Remove { user, client, scope, tenant } => {
            let query = Query::new().client(client).tenant(tenant).scopes(scope);
            let query = match user {
                Some(user) => query.account(user),
                None => query.without_account(),
            };
            document.remove::<AccessToken<'_>>(&query);
        }
        Operation::Expire(time) => {
            document.remove_expired(UnixTime::from_seconds(*time));
        }
        Operation::SignOut { user } => {
            document.remove_account(&Account::new(user, "e.example"), SignOut::Everywhere);
        }
        Operation::Merge(other) => {
            let other = stored(&other.to_string());
            let other = Document::parse(&other).expect("it is a document");
            document.merge(&other).expect("the model has no section that is none");
        }
        Operation::Reopen => {}
    }
}

fn apply_to_model(operation: &Operation, model: &mut Model) {
    match operation {
        Operation::Upsert(record) => {
            let section = record["section"].as_str().expect("it is text");
            let (key, value) = record_of_model(section, record);
            section_of(model, section).insert(key, value);
        }
        Operation::Remove { user, client, scope, tenant } => {
            section_of(model, "AccessToken").retain(|_, record| {
                !(is_access_token(record)
                    && record["home_account_id"].as_str() == user.as_deref()
                    && record["client_id"] == **client
                    && record["realm"] == **tenant
                    && scope.iter().all(|scope| words(&record["target"]).contains(&scope.as_str())))
            });
        }
        Operation::Expire(time) => {
            section_of(model, "AccessToken")
                .retain(|_, record| !is_access_token(record) || seconds(&record["expires_on"]) > Some(*time));
        }
        Operation::SignOut { user } => {
            let is_theirs =
                |record: &Value| record["home_account_id"] == **user && record["environment"] == "e.example";
            section_of(model, "AccessToken")
                .retain(|_, record| !(is_access_token(record) && is_theirs(record)));
            for section in ["RefreshToken", "Account"] {
                section_of(model, section).retain(|_, record| !is_theirs(record));
            }
        }
        Operation::Merge(other) => merge_into_model(model, other.as_object().expect("it is an object")),
        Operation::Reopen => {}
    }
}

fn merge_into_model(model: &mut Model, other: &Model) {
    for (name, value) in other {
        if !["AccessToken", "RefreshToken", "Account"].contains(&name.as_str()) {
            model.entry(name).or_insert_with(|| value.clone());
            continue;
        }
        let here = section_of(model, name);
        for (key, record) in value.as_object().expect("it is a section") {
            let newer = here.get(key).is_none_or(|known| {
                let is_whole = name != "AccessToken" || is_access_token(record);
                let stored = |record: &Value| {
                    Some(record)
                        .filter(|_| is_access_token(record) && name == "AccessToken")
                        .and_then(|record| seconds(&record["cached_at"]))
                };
                is_whole && stored(known) <= stored(record)
            });
            if newer {
                here.insert(key.clone(), record.clone());
            }
        }
    }
}

fn record_of_model(section: &str, record: &Value) -> (String, Value) {
    let user = record["home_account_id"].as_str().unwrap_or_default();
    let text = |name: &str| record[name].as_str().expect("it is text");
    let (environment, client, realm) = (text("environment"), text("client_id"), text("realm"));
    match section {
        "AccessToken" => {
            let mut scopes = words(&record["target"]);
            scopes.sort_unstable();
            let target = scopes.join(" ");
            let value = json!({
                "credential_type": "AccessToken", "secret": record["secret"],
                "home_account_id": record["home_account_id"], "environment": environment, "client_id": client,
                "target": target, "realm": realm, "token_type": "Bearer", "expires_on": record["expires_on"],
                "cached_at": record["cached_at"],
            });
            (format!("{user}-{environment}-accesstoken-{client}-{realm}-{target}").to_lowercase(), value)
        }
        "RefreshToken" => {
            let value = json!({
                "credential_type": "RefreshToken", "secret": record["secret"],
                "home_account_id": record["home_account_id"], "environment": environment, "client_id": client,
                "target": "",
            });
            (format!("{user}-{environment}-refreshtoken-{client}--").to_lowercase(), value)
        }
        _ => {
            let value = json!({
                "home_account_id": user, "environment": environment, "realm": realm, "local_account_id": null,
                "username": "", "authority_type": "MSSTS",
            });
            (format!("{user}-{environment}-{realm}").to_lowercase(), value)
        }
    }
}

/// What the document finds, as text that can be compared.
fn found(document: &Document<'_>) -> Vec<String> {
    let everything = Query::new().including_bound();
    let mut found: Vec<String> = document
        .access_tokens(&everything)
        .map(|token| {
            format!(
                "{} {:?} {} {}",
                token.secret.expose(),
                token.home_account_id,
                token.target,
                token.expires_on
            )
        })
        .collect();
    found.sort_unstable();
    found
}

fn found_in_model(model: &Model) -> Vec<String> {
    let records = model.get("AccessToken").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let mut found: Vec<String> = records
        .filter(|record| is_access_token(record))
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap_or_default();
            let user = record["home_account_id"].as_str();
            format!("{} {user:?} {} {}", text("secret"), text("target"), text("expires_on"))
        })
        .collect();
    found.sort_unstable();
    found
}

fn is_access_token(record: &Value) -> bool {
    ["secret", "environment", "client_id"].iter().all(|name| record[name].is_string())
        && seconds(&record["expires_on"]).is_some()
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_str()?.parse().ok()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_str().unwrap_or_default().split(' ').filter(|word| !word.is_empty()).collect()
}

fn section_of<'m>(model: &'m mut Model, section: &str) -> &'m mut Map<String, Value> {
    let section = model.entry(section).or_insert_with(|| json!({}));
    section.as_object_mut().expect("the model has no section that is none")
}

fn without_empty_sections(document: &Value) -> Value {
    let members = document.as_object().expect("it is an object").iter();
    let filled = members.filter(|(_, value)| value.as_object().is_none_or(|section| !section.is_empty()));
    Value::Object(filled.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (prop_oneof![Just("AccessToken"), Just("RefreshToken"), Just("Account")], record()).prop_map(
            |(section, mut record)| {
                record["section"] = section.into();
                if section == "Account" && record["home_account_id"].is_null() {
                    record["home_account_id"] = "u1".into();
                }
                Operation::Upsert(record)
            }
        ),
        2 => (prop::option::of(user()), client(), prop::option::of(scope()), tenant())
            .prop_map(|(user, client, scope, tenant)| Operation::Remove { user, client, scope, tenant }),
        1 => (0_i64..5).prop_map(Operation::Expire),
        1 => user().prop_map(|user| Operation::SignOut { user }),
        1 => document().prop_map(Operation::Merge),
        1 => Just(Operation::Reopen),
    ]
}

/// A document with whole records, damaged ones, and what nobody knows.
fn document() -> impl Strategy<Value = Value> {
    let damaged =
        prop_oneof![Just(json!(null)), Just(json!([1, "a\"}"])), Just(json!({"secret": 7})), Just(json!({}))];
    let records = prop::collection::vec((record(), prop::option::of(extra())), 0..4);
    let damaged = prop::collection::hash_map("[a-c]", damaged, 0..3);
    let later = prop::option::of(extra());
    (records, damaged, later).prop_map(|(records, damaged, later)| {
        let mut model = Model::new();
        for (record, extra) in records {
            let (key, mut value) = record_of_model("AccessToken", &record);
            if let Some(extra) = extra {
                value["later"] = extra;
            }
            section_of(&mut model, "AccessToken").insert(key, value);
        }
        for (key, value) in damaged {
            section_of(&mut model, "AccessToken").insert(key, value);
        }
        if let Some(later) = later {
            model.insert("Later".to_owned(), json!({ "a": later }));
        }
        Value::Object(model)
    })
}

fn record() -> impl Strategy<Value = Value> {
    let times = (0_i64..5, 0_i64..3);
    (any::<u8>(), prop::option::of(user()), client(), prop::collection::vec(scope(), 0..3), tenant(), times)
        .prop_map(|(secret, user, client, scopes, tenant, (expires_on, cached_at))| {
            json!({
                "secret": format!("s\"{secret}\\"), "home_account_id": user, "environment": "e.example",
                "client_id": client, "target": scopes.join(" "), "realm": tenant,
                "expires_on": expires_on.to_string(), "cached_at": cached_at.to_string(),
            })
        })
}

fn extra() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(1)),
        Just(json!("é\u{1F600}\"")),
        Just(json!([{"a": [null]}])),
        Just(json!({"b": {"c": -1}}))
    ]
}

fn user() -> impl Strategy<Value = String> {
    prop_oneof![Just("u1".to_owned()), Just("u2".to_owned())]
}

fn client() -> impl Strategy<Value = String> {
    prop_oneof![Just("c1".to_owned()), Just("c\"2".to_owned())]
}

fn scope() -> impl Strategy<Value = String> {
    prop_oneof![Just("A".to_owned()), Just("B".to_owned()), Just("é".to_owned())]
}

fn tenant() -> impl Strategy<Value = String> {
    prop_oneof![Just("t1".to_owned()), Just("t2".to_owned())]
}
