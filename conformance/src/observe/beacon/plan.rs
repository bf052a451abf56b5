//! Which leaks the beacon plants, and where to.

use serde::{Deserialize, Serialize};

use crate::{canary::CanarySet, observation::Observer};

/// What the beacon is to plant. It travels in the environment variable [`Plan::VARIABLE`] as JSON, canaries in clear.
///
/// An absent member is not planted: a world without a bus has no leak for it, and then nothing about the bus can be
/// concluded from silence. The leak of an observer that is disabled is planted all the same.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// The address of the session bus, through the interposer; for the leaks to bus and keyring.
    pub bus_address: Option<String>,
    /// A canary for a call on the bus.
    pub bus: Option<String>,
    /// A canary for a file that stays in the home.
    pub files: Option<String>,
    /// A canary for an item in the default collection.
    pub keyring: Option<String>,
    /// A canary for a request to the authority.
    pub network: Option<NetworkLeak>,
    /// A canary for standard output.
    pub output: Option<String>,
    /// A canary for a file that is to be carried to another home.
    pub relocation: Option<String>,
    /// A canary for a file that is unlinked while it is open.
    pub system_calls: Option<String>,
}

/// A leak to the token authority.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkLeak {
    /// The canary.
    pub canary: String,
    /// `https://localhost:PORT`.
    pub url: String,
    /// The authority's throw-away CA, PEM.
    pub ca_file: String,
}

impl Plan {
    /// The environment variable that holds the plan.
    pub const VARIABLE: &'static str = "SEALCHECK_BEACON";

    /// A plan for the leaks that need nothing but a home.
    pub fn local(set: &CanarySet) -> Self {
        Self {
            files: Some(set.liveness(Observer::Files).into()),
            output: Some(set.liveness(Observer::Output).into()),
            relocation: Some(set.liveness(Observer::Relocation).into()),
            system_calls: Some(set.liveness(Observer::SystemCalls).into()),
            ..Self::default()
        }
    }

    /// Adds the leaks to bus and keyring.
    #[must_use]
    pub fn with_bus(self, set: &CanarySet, address: impl Into<String>) -> Self {
        Self {
            bus_address: Some(address.into()),
            bus: Some(set.liveness(Observer::Bus).into()),
            keyring: Some(set.liveness(Observer::Keyring).into()),
            ..self
        }
    }

    /// Adds the leak to the authority.
    #[must_use]
    pub fn with_authority(self, set: &CanarySet, url: impl Into<String>, ca_file: impl Into<String>) -> Self {
        let canary = set.liveness(Observer::Network).into();
        Self { network: Some(NetworkLeak { canary, url: url.into(), ca_file: ca_file.into() }), ..self }
    }

    /// The value of [`VARIABLE`](Self::VARIABLE).
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan is plain data")
    }

    /// The arguments of the beacon that plants; the last one is the leak for the observer of processes.
    pub fn arguments(set: &CanarySet) -> [String; 2] {
        ["beacon".into(), set.liveness(Observer::Processes).into()]
    }

    /// The arguments of the beacon in the home to which the files were carried.
    pub fn relocated_arguments() -> [String; 2] {
        ["beacon".into(), Self::RELOCATED.into()]
    }

    pub(super) const RELOCATED: &'static str = "--relocated";
}
