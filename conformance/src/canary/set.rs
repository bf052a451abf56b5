//! The canaries of one world.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Scanner, WorldSeed};
use crate::{case::CanaryRole, observation::Observer};

/// The canaries of one world: one for each role of the case, one for the liveness of each observer.
///
/// It serialises with the canaries in clear, to be handed to the processes of the harness that search for them; it
/// belongs in no recording. `Debug` names roles only.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct CanarySet {
    roles: BTreeMap<CanaryRole, String>,
    liveness: BTreeMap<Observer, String>,
}

impl CanarySet {
    /// The canaries of a world: equal for equal seeds, and otherwise like no others.
    pub fn of(world: &WorldSeed, roles: impl IntoIterator<Item = CanaryRole>) -> Self {
        let of_role = |role: CanaryRole| {
            let text = canary(world, "role", &role.0);
            (role, text)
        };
        let of_watcher = |observer: Observer| (observer, canary(world, "observer", observer.as_str()));
        Self {
            roles: roles.into_iter().map(of_role).collect(),
            liveness: WATCHERS.into_iter().map(of_watcher).collect(),
        }
    }

    /// A set of fresh canaries.
    pub fn generate(roles: impl IntoIterator<Item = CanaryRole>) -> Self {
        Self::of(&WorldSeed::fresh(), roles)
    }

    /// The canary of a role.
    pub fn text(&self, role: &CanaryRole) -> Option<&str> {
        self.roles.get(role).map(String::as_str)
    }

    /// The canary that is planted for an observer.
    pub fn liveness(&self, observer: Observer) -> &str {
        self.liveness.get(&observer).expect("every set has a canary for every observer")
    }

    /// The roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &CanaryRole> {
        self.roles.keys()
    }

    /// A scanner for every canary of this set.
    pub fn scanner(&self) -> Scanner {
        Scanner::new(self)
    }

    pub(super) fn liveness_entries(&self) -> impl Iterator<Item = (Observer, &str)> {
        self.liveness.iter().map(|(observer, text)| (*observer, text.as_str()))
    }

    pub(super) fn role_entries(&self) -> impl Iterator<Item = (&CanaryRole, &str)> {
        self.roles.iter().map(|(role, text)| (role, text.as_str()))
    }
}

impl fmt::Debug for CanarySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.roles.keys().map(|role| &role.0)).finish()
    }
}

/// A canary that no world has.
pub fn fresh_canary() -> String {
    canary(&WorldSeed::fresh(), "alone", "")
}

/// A canary: `sc` and 40 characters of base62 that nobody can foresee who does not know the seed.
///
/// The alphabet needs no escape in JSON, URLs, HTTP headers, arguments, environments and file names, so a canary that
/// is found in another form was put into that form by somebody.
fn canary(world: &WorldSeed, purpose: &str, name: &str) -> String {
    let mut text = String::with_capacity(LENGTH);
    text.push_str(PREFIX);
    for number in 0.. {
        let block: [u8; LENGTH] = world.block(purpose, name, number);
        // 248 is the largest multiple of 62 in a byte: what lies above it would make the first letters likelier.
        let characters =
            block.into_iter().filter(|byte| *byte < 248).map(|byte| ALPHABET[usize::from(byte) % 62]);
        text.extend(characters.take(LENGTH - text.len()).map(char::from));
        if text.len() == LENGTH {
            break;
        }
    }
    text
}

/// The set as it travels; checked on arrival.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    roles: BTreeMap<CanaryRole, String>,
    liveness: BTreeMap<Observer, String>,
}

impl TryFrom<Parts> for CanarySet {
    type Error = CanaryError;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        let Parts { roles, liveness } = parts;
        for (role, text) in &roles {
            if !is_canary(text) {
                return Err(CanaryError::Shape { whose: format!("role {role}") });
            }
        }
        for observer in WATCHERS {
            match liveness.get(&observer) {
                None => return Err(CanaryError::NoLiveness { observer }),
                Some(text) if !is_canary(text) => {
                    return Err(CanaryError::Shape { whose: format!("observer {observer}") });
                }
                Some(_) => {}
            }
        }
        Ok(Self { roles, liveness })
    }
}

impl From<CanarySet> for Parts {
    fn from(set: CanarySet) -> Self {
        Self { roles: set.roles, liveness: set.liveness }
    }
}

fn is_canary(text: &str) -> bool {
    text.len() == LENGTH && text.starts_with(PREFIX) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Why a set that was received is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CanaryError {
    /// An observer has no canary, so nothing could show that it watched.
    #[error("the set of canaries has none for the observer {observer}: generate a whole set")]
    NoLiveness {
        /// The observer.
        observer: Observer,
    },
    /// A text does not have the shape of a canary, so finding it would prove nothing.
    #[error(
        "the text for {whose} is not \"sc\" and 40 letters or digits: generate it instead of choosing it"
    )]
    Shape {
        /// Whose text it is.
        whose: String,
    },
}

/// Every observer, the harness included: it has a canary so that the lookup is total, although none is planted.
const WATCHERS: [Observer; 9] = [
    Observer::Harness,
    Observer::Files,
    Observer::SystemCalls,
    Observer::Processes,
    Observer::Output,
    Observer::Bus,
    Observer::Keyring,
    Observer::Network,
    Observer::Relocation,
];

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "sc";
pub(super) const LENGTH: usize = 42;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::canary::Seed;

    fn role(name: &str) -> CanaryRole {
        CanaryRole(name.into())
    }

    #[test]
    fn a_canary_is_sc_and_forty_letters_or_digits() {
        for _ in 0..64 {
            assert!(is_canary(&fresh_canary()));
        }
    }

    #[test]
    fn every_role_and_every_observer_gets_another_canary() {
        let set = CanarySet::generate([role("a"), role("b")]);
        let mut texts: Vec<&str> = set.role_entries().map(|(_, text)| text).collect();
        texts.extend(Observer::ALL.into_iter().map(|observer| set.liveness(observer)));
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 2 + Observer::ALL.len());
        assert_eq!(set.text(&role("c")), None);
    }

    #[test]
    fn the_canaries_of_a_world_are_those_of_its_seed() {
        let of = |seed: &str, name: &str| {
            let seed: Seed = seed.parse().expect("seeds in tests are well formed");
            CanarySet::of(&seed.world(&[name]), [role("a"), role("b")])
        };
        assert_eq!(of("1", "x"), of("1", "x"));
        let texts = |set: &CanarySet| -> BTreeSet<String> {
            let of_roles = set.role_entries().map(|(_, text)| text.to_owned());
            of_roles.chain(set.liveness_entries().map(|(_, text)| text.to_owned())).collect()
        };
        for other in [of("2", "x"), of("1", "y")] {
            assert!(
                texts(&of("1", "x")).is_disjoint(&texts(&other)),
                "every canary depends on seed and world"
            );
        }
        let alone = CanarySet::of(&"1".parse::<Seed>().expect("a seed").world(&["x"]), [role("b")]);
        assert_eq!(alone.text(&role("b")), of("1", "x").text(&role("b")), "a role does not depend on others");
    }

    #[test]
    fn debug_names_roles_and_no_canary() {
        let set = CanarySet::generate([role("alice")]);
        assert_eq!(format!("{set:?}"), r#"{"alice"}"#);
    }

    #[test]
    fn a_set_survives_the_way_to_another_process() {
        let set = CanarySet::generate([role("alice")]);
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<CanarySet>(&text).unwrap(), set);
    }

    #[test]
    fn a_chosen_text_is_no_canary() {
        let mut parts = Parts::from(CanarySet::generate([role("alice")]));
        parts.roles.insert(role("alice"), "hunter2".into());
        assert_eq!(CanarySet::try_from(parts), Err(CanaryError::Shape { whose: "role alice".into() }),);
    }

    #[test]
    fn a_set_without_a_canary_for_an_observer_is_refused() {
        let mut parts = Parts::from(CanarySet::generate([]));
        parts.liveness.remove(&Observer::Bus);
        assert_eq!(CanarySet::try_from(parts), Err(CanaryError::NoLiveness { observer: Observer::Bus }));
    }
}
