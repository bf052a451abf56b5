//! Which kinds of evidence a predicate's witness is made of.

use std::fmt;

use super::searched::observer_of;
use crate::{
    case::{Predicate, Scope},
    observation::Observer,
};

/// A kind of evidence: what is looked at, and by which observer it was recorded.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EvidenceKind {
    /// What crossed the bus, call by call.
    BusCalls,
    /// How processes ended.
    Ends,
    /// Labels, attributes and content types of keyring items.
    Items,
    /// Paths in what was printed.
    PrintedPaths,
    /// What a process answered that has the files and nothing else.
    Relocation,
    /// What the adapter answered, and when.
    Replies,
    /// Where a canary was seen, or that it was not although it could have been.
    Sightings(Scope),
    /// What processes attempted.
    SystemCalls,
    /// What the authority was asked for.
    TokenRequests,
    /// What there is in the file tree.
    Tree,
}

impl EvidenceKind {
    /// The witness that records it.
    pub fn observer(self) -> Observer {
        match self {
            Self::BusCalls => Observer::Bus,
            Self::Items => Observer::Keyring,
            Self::PrintedPaths => Observer::Output,
            Self::Relocation => Observer::Relocation,
            Self::Ends | Self::Replies => Observer::Harness,
            Self::Sightings(scope) => observer_of(scope),
            Self::SystemCalls => Observer::SystemCalls,
            Self::TokenRequests => Observer::Network,
            Self::Tree => Observer::Files,
        }
    }
}

impl fmt::Display for EvidenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BusCalls => f.pad("bus calls"),
            Self::Ends => f.pad("ends of processes"),
            Self::Items => f.pad("keyring items"),
            Self::PrintedPaths => f.pad("printed paths"),
            Self::Relocation => f.pad("relocation"),
            Self::Replies => f.pad("replies"),
            Self::Sightings(scope) => f.pad(&format!("canaries in {}", scope.as_str().replace('_', " "))),
            Self::SystemCalls => f.pad("system calls"),
            Self::TokenRequests => f.pad("token requests"),
            Self::Tree => f.pad("file tree"),
        }
    }
}

/// The kinds of evidence without which a predicate is inconclusive, the most telling first.
pub fn evidence_kinds(predicate: &Predicate) -> Vec<EvidenceKind> {
    use EvidenceKind::{
        BusCalls, Ends, Items, PrintedPaths, Relocation, Replies, Sightings, SystemCalls, TokenRequests, Tree,
    };

    match predicate {
        Predicate::Refused { .. } => vec![
            Replies,
            Sightings(Scope::Files),
            Sightings(Scope::Writes),
            Sightings(Scope::KeyringSecrets),
            TokenRequests,
        ],
        Predicate::ValueEquals { .. } | Predicate::ValueOneOf { .. } | Predicate::SaveReported { .. } => {
            vec![Replies, TokenRequests]
        }
        Predicate::ValueAbsent { .. }
        | Predicate::NotTakenForAbsent { .. }
        | Predicate::WithinDeadline { .. } => vec![Replies],
        Predicate::CanaryAbsent { scopes, .. } | Predicate::CanaryPresent { scopes, .. } => {
            scopes.iter().map(|scope| Sightings(*scope)).collect()
        }
        Predicate::ResidueGone { .. } => vec![Sightings(Scope::Files)],
        Predicate::Erased { .. } => {
            vec![Sightings(Scope::Files), Sightings(Scope::KeyringSecrets), Tree, Items]
        }
        Predicate::Announced { .. } => vec![PrintedPaths, Sightings(Scope::Files)],
        Predicate::Kept { .. } => vec![Sightings(Scope::Files), Sightings(Scope::KeyringSecrets)],
        Predicate::ResidueReported { .. } => vec![Sightings(Scope::Files), Replies, PrintedPaths],
        Predicate::TemporaryGuarded { .. } => vec![SystemCalls, Sightings(Scope::Writes)],
        Predicate::FolderGuarded { .. } => vec![Tree, Sightings(Scope::Files)],
        Predicate::NotPrompted { .. } => vec![BusCalls],
        Predicate::PathExists { .. } => vec![Tree],
        Predicate::Survived { .. } => vec![Replies, Ends],
        Predicate::NothingCreated { .. } => vec![Tree, SystemCalls],
        Predicate::StaysInside { .. } => {
            vec![Tree, SystemCalls, Sightings(Scope::Files), Sightings(Scope::Writes)]
        }
        Predicate::PathPrivate { .. } => vec![Tree, Sightings(Scope::Files)],
        Predicate::BornPrivate { .. } => {
            vec![SystemCalls, Sightings(Scope::Writes), Sightings(Scope::Files), Tree]
        }
        Predicate::StorageDistinct { .. } => {
            vec![Sightings(Scope::KeyringSecrets), Sightings(Scope::Files)]
        }
        Predicate::ItemAttributes { .. } => vec![Items, Sightings(Scope::KeyringSecrets)],
        Predicate::ProtectorTriedFirst { .. } => vec![BusCalls, Sightings(Scope::Writes)],
        Predicate::AuthorityRequestsAtMost { .. } | Predicate::RefreshTokensReplaced {} => {
            vec![TokenRequests]
        }
        Predicate::RenewedSilently { .. } => vec![TokenRequests, Replies],
        Predicate::NotReturnedAfterRelocation { .. } => vec![Relocation, Replies],
    }
}

/// The observers without which a predicate is inconclusive, each once, the most telling first.
pub fn witnesses(predicate: &Predicate) -> Vec<Observer> {
    let mut observers = Vec::new();
    for kind in evidence_kinds(predicate) {
        let observer = kind.observer();
        if !observers.contains(&observer) {
            observers.push(observer);
        }
    }
    observers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CanaryRole;

    fn absent(scopes: &[Scope]) -> Predicate {
        Predicate::CanaryAbsent { canary: CanaryRole("token".into()), scopes: scopes.to_vec() }
    }

    #[test]
    fn a_search_of_two_scopes_of_one_observer_has_two_kinds_and_one_witness() {
        let predicate = absent(&[Scope::Arguments, Scope::Files, Scope::Environment]);
        assert_eq!(
            evidence_kinds(&predicate),
            [
                EvidenceKind::Sightings(Scope::Arguments),
                EvidenceKind::Sightings(Scope::Files),
                EvidenceKind::Sightings(Scope::Environment)
            ]
        );
        assert_eq!(witnesses(&predicate), [Observer::Processes, Observer::Files]);
    }

    #[test]
    fn a_search_of_nothing_has_no_evidence() {
        assert_eq!(evidence_kinds(&absent(&[])), []);
    }

    #[test]
    fn errors_are_witnessed_by_the_observer_that_the_judge_asks() {
        assert_eq!(witnesses(&absent(&[Scope::Errors])), [Observer::Output]);
    }
}
