//! What a search found, by role and never by value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    case::CanaryRole,
    observation::{Encoding, Fact, Observer, SightingPlace},
};

/// Whose canary it is.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needle {
    /// The canary of a role of the case.
    Canary(CanaryRole),
    /// The canary that was planted for an observer.
    Liveness(Observer),
}

impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canary(role) => role.fmt(f),
            Self::Liveness(observer) => write!(f, "beacon:{observer}"),
        }
    }
}

/// A canary that was found.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Hit {
    /// Whose canary it is.
    pub needle: Needle,
    /// How it was written down; where forms are nested, the outermost.
    pub encoding: Encoding,
    /// Where the form begins in the bytes that were searched.
    pub offset: u64,
}

impl Hit {
    /// The fact that an observer states by this hit, or `None` if it says nothing.
    ///
    /// The leak that was planted for one observer says nothing when another one finds it: it proves neither that the
    /// first watches nor that the implementation leaks.
    pub fn fact(&self, seen_by: Observer, place: SightingPlace) -> Option<Fact> {
        match &self.needle {
            Needle::Canary(role) => {
                Some(Fact::CanarySeen { role: role.clone(), encoding: self.encoding, place })
            }
            Needle::Liveness(observer) => {
                (*observer == seen_by).then_some(Fact::LivenessSeen { observer: seen_by, place })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leak_of_one_observer_says_nothing_to_another() {
        let hit = Hit { needle: Needle::Liveness(Observer::Bus), encoding: Encoding::Raw, offset: 3 };
        let place = SightingPlace::StandardOutput { offset: 3 };
        assert_eq!(hit.fact(Observer::Output, place.clone()), None);
        assert_eq!(
            hit.fact(Observer::Bus, place.clone()),
            Some(Fact::LivenessSeen { observer: Observer::Bus, place })
        );
    }

    #[test]
    fn the_canary_of_a_role_is_a_sighting_whoever_finds_it() {
        let role = CanaryRole("alice".into());
        let hit = Hit { needle: Needle::Canary(role.clone()), encoding: Encoding::Hex, offset: 0 };
        let place = SightingPlace::StandardError { offset: 0 };
        assert_eq!(
            hit.fact(Observer::Output, place.clone()),
            Some(Fact::CanarySeen { role, encoding: Encoding::Hex, place })
        );
    }
}
