//! What a check asserts and what witnesses it, in plain words.

use super::script::{location, partition};
use crate::{
    case::{Partition, Predicate, Scope},
    observation::Observer,
    protocol::{Declaration, Level, OnProtectorRefusal},
};

/// The assertion.
pub(super) fn asserted(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Refused { step, categories, canary, confirm } => format!(
            "`{step}` is refused as {}, {{{canary}}} is persisted nowhere, and `{confirm}` does not find it",
            words(categories, " or ")
        ),
        Predicate::ValueEquals { step, canary } => {
            format!("`{step}` gives exactly {{{canary}}} without asking the authority")
        }
        Predicate::ValueAbsent { step, canary, or_error } if or_error.is_empty() => {
            format!("`{step}` does not give {{{canary}}}")
        }
        Predicate::ValueAbsent { step, canary, or_error } => {
            format!("`{step}` does not give {{{canary}}}, or fails as {}", words(or_error, " or "))
        }
        Predicate::CanaryAbsent { canary, scopes } => {
            format!("{{{canary}}} is seen in none of: {}", in_scopes(scopes))
        }
        Predicate::CanaryPresent { canary, scopes } => {
            format!("{{{canary}}} is seen in each of: {}", in_scopes(scopes))
        }
        Predicate::ResidueGone { canary } => format!("at the end {{{canary}}} is in no file"),
        Predicate::NothingCreated { step } => {
            format!("nothing is created in the session of `{step}`, not even an empty file")
        }
        Predicate::StaysInside { location: role } => {
            format!("nothing is created or changed outside {}", location(*role))
        }
        Predicate::PathPrivate { location: role, name, partition: half, at_most } => format!(
            "{} of {} belongs to the user and has at most mode {at_most}",
            location(*role),
            cache(name.as_deref(), *half)
        ),
        Predicate::PathExists { location: role, name, partition: half } => {
            format!("{} of {} exists where it is declared", location(*role), cache(name.as_deref(), *half))
        }
        Predicate::BornPrivate { canary } => {
            format!(
                "no file with {{{canary}}} in it ever had group or other bits, from its first system call on"
            )
        }
        Predicate::StorageDistinct { first, second } => {
            format!("{{{first}}} and {{{second}}} lie in different files or items")
        }
        Predicate::ItemAttributes { canary, name, partition: half } => format!(
            "the item with {{{canary}}} has exactly the declared attributes of {}",
            cache(name.as_deref(), *half)
        ),
        Predicate::ProtectorTriedFirst { canary, step } => {
            format!(
                "in the session of `{step}` the Secret Service is asked before {{{canary}}} is written anywhere"
            )
        }
        Predicate::AuthorityRequestsAtMost { step, requests } => {
            format!("in the session of `{step}` the authority issues at most {requests} tokens")
        }
        Predicate::NotReturnedAfterRelocation { step, canary } => {
            format!("with copies of all files and a fresh keyring, `{step}` does not give {{{canary}}}")
        }
        Predicate::WithinDeadline { step, milliseconds } => {
            format!("`{step}` is answered, with whatever, within {milliseconds} ms")
        }
    }
}

/// The observers without which the outcome is inconclusive, most telling first.
pub(super) fn witnesses(predicate: &Predicate) -> Vec<Observer> {
    match predicate {
        Predicate::Refused { .. } => {
            vec![
                Observer::Harness,
                Observer::Files,
                Observer::SystemCalls,
                Observer::Keyring,
                Observer::Network,
            ]
        }
        Predicate::ValueEquals { .. } => vec![Observer::Harness, Observer::Network],
        Predicate::ValueAbsent { .. } | Predicate::WithinDeadline { .. } => vec![Observer::Harness],
        Predicate::CanaryAbsent { scopes, .. } | Predicate::CanaryPresent { scopes, .. } => {
            let mut observers: Vec<_> = scopes.iter().map(|scope| observer(*scope)).collect();
            observers.dedup();
            observers
        }
        Predicate::ResidueGone { .. } | Predicate::PathExists { .. } => vec![Observer::Files],
        Predicate::NothingCreated { .. } | Predicate::StaysInside { .. } | Predicate::PathPrivate { .. } => {
            vec![Observer::Files, Observer::SystemCalls]
        }
        Predicate::BornPrivate { .. } => vec![Observer::SystemCalls, Observer::Files],
        Predicate::StorageDistinct { .. } => vec![Observer::Keyring, Observer::Files],
        Predicate::ItemAttributes { .. } => vec![Observer::Keyring],
        Predicate::ProtectorTriedFirst { .. } => vec![Observer::Bus, Observer::SystemCalls],
        Predicate::AuthorityRequestsAtMost { .. } => vec![Observer::Network],
        Predicate::NotReturnedAfterRelocation { .. } => vec![Observer::Relocation, Observer::Harness],
    }
}

/// A declaration without which a check does not apply.
pub(super) fn declared(declaration: &Declaration) -> String {
    match declaration {
        Declaration::Protector(protector) => {
            let word = serde_json::to_value(protector).expect("a protector is a word");
            format!("it uses the protector {}", word.as_str().unwrap_or_default())
        }
        Declaration::Partition(Partition::Nocae) => "it has the partition nocae".into(),
        Declaration::Partition(Partition::Cae) => "it has the partition cae".into(),
        Declaration::Level(Level::Store) => "its adapter hands over values".into(),
        Declaration::Level(Level::Credential) => "its adapter asks a credential for tokens".into(),
        Declaration::OnLocked(policy) => {
            format!("where the protector is locked it {}", policy_words(*policy))
        }
        Declaration::OnDismissed(policy) => {
            format!("where the prompt is dismissed it {}", policy_words(*policy))
        }
        Declaration::Location(role) => format!("it declares {}", location(*role)),
        Declaration::Item => "it declares an item in the protector".into(),
    }
}

fn policy_words(policy: OnProtectorRefusal) -> &'static str {
    match policy {
        OnProtectorRefusal::Refuse => "refuses",
        OnProtectorRefusal::FallBack => "writes plaintext",
    }
}

fn observer(scope: Scope) -> Observer {
    match scope {
        Scope::Files => Observer::Files,
        Scope::Writes => Observer::SystemCalls,
        Scope::Output => Observer::Output,
        Scope::Errors => Observer::Harness,
        Scope::Arguments | Scope::Environment => Observer::Processes,
        Scope::Bus => Observer::Bus,
        Scope::KeyringSecrets | Scope::KeyringAttributes => Observer::Keyring,
        Scope::Network => Observer::Network,
    }
}

fn in_scopes(scopes: &[Scope]) -> String {
    let words: Vec<_> = scopes.iter().map(|scope| scope_words(*scope)).collect();
    words.join(", ")
}

fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Files => "files",
        Scope::Writes => "writes",
        Scope::Output => "output",
        Scope::Errors => "errors and rendered texts",
        Scope::Arguments => "arguments",
        Scope::Environment => "environment",
        Scope::Bus => "bus",
        Scope::KeyringSecrets => "secrets of keyring items",
        Scope::KeyringAttributes => "labels and attributes of keyring items",
        Scope::Network => "requests to the authority",
    }
}

fn cache(name: Option<&str>, half: Partition) -> String {
    let name = name.map_or_else(|| "the default cache".into(), |name| format!("the cache {name:?}"));
    format!("{name}{}", partition(half))
}

fn words<T: std::fmt::Display>(items: &[T], between: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
