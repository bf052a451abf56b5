//! What a check asserts and when it applies, in plain words.

use super::script::{location, partition};
use crate::{
    case::{Partition, Predicate, Scope},
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
        Predicate::ValueOneOf { step, canaries, or_error } => {
            let canaries: Vec<_> = canaries.iter().map(|canary| format!("{{{canary}}}")).collect();
            let gives = format!("`{step}` gives exactly {}", canaries.join(" or "));
            let fails = if or_error.is_empty() {
                String::new()
            } else {
                format!(", or fails as {},", words(or_error, " or "))
            };
            format!("{gives}{fails} without asking the authority")
        }
        Predicate::SaveReported { save, confirm } => {
            format!("`{save}` fails, or `{confirm}` gives back what it stored")
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
        Predicate::ResidueGone { canary, besides: None } => format!("at the end {{{canary}}} is in no file"),
        Predicate::ResidueGone { canary, besides: Some(role) } => {
            format!("at the end {{{canary}}} is in no file but {}", location(*role))
        }
        Predicate::Erased { canary } => {
            format!("at the end {{{canary}}} is in no file and in no item of the keyring")
        }
        Predicate::Announced { canary } => {
            format!("every file in which {{{canary}}} is left was named on standard output or standard error")
        }
        Predicate::Kept { canary, control } => format!(
            "at the end {{{canary}}} is in a file or in an item of the keyring, as it was before, or {{{control}}} is \
             gone too"
        ),
        Predicate::ResidueReported { canary, step } => format!(
            "after the session of `{step}` {{{canary}}} is in no file, or `{step}` failed, or the file was named"
        ),
        Predicate::TemporaryGuarded { canary } => format!(
            "what held {{{canary}}} before it was renamed was made exclusively, privately, anew, and in the same folder"
        ),
        Predicate::FolderGuarded { location: role, canary } => {
            format!("{{{canary}}} is never below {} while others may write to that", location(*role))
        }
        Predicate::NotTakenForAbsent { step, canary } => {
            format!("`{step}` does not say that nothing is there, where {{{canary}}} is")
        }
        Predicate::NotPrompted { step } => {
            format!("in the session of `{step}` no prompt of the keyring is shown")
        }
        Predicate::Survived { step } => {
            format!("`{step}` is answered, with whatever, and its process does not die")
        }
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
        Predicate::RenewedSilently { step, canary } => format!(
            "`{step}` gets {{{canary}}} for a refresh token of an earlier process, and nobody is asked to sign in"
        ),
        Predicate::RefreshTokensReplaced {} => {
            "no refresh token is used after it was replaced, and one that replaced another is used".into()
        }
        Predicate::NotReturnedAfterRelocation { step, canary } => {
            format!("with copies of all files and a fresh keyring, `{step}` does not give {{{canary}}}")
        }
        Predicate::WithinDeadline { step, milliseconds } => {
            format!("`{step}` is answered, with whatever, within {milliseconds} ms")
        }
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
        Declaration::Credential(kind) => format!("it can open a credential of the kind {kind}"),
    }
}

fn policy_words(policy: OnProtectorRefusal) -> &'static str {
    match policy {
        OnProtectorRefusal::Refuse => "refuses",
        OnProtectorRefusal::FallBack => "writes plaintext",
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
