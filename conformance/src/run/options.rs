//! How a run is to be carried out.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    adapter::AdapterCommand,
    canary::Seed,
    interruption::Interruption,
    observation::Observer,
    world::{BrokerKind, ProviderKind},
};

/// Everything that the runs of one invocation have in common.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The program of this harness: it also serves as supervisor and beacon.
    pub harness: PathBuf,
    /// The adapter that every session runs.
    pub adapter: AdapterCommand,
    /// Which broker stands behind the interposer.
    pub broker: BrokerKind,
    /// Who plays the keyring.
    pub provider: ProviderKind,
    /// Observers that are kept from reporting, to show what depends on them.
    pub without: BTreeSet<Observer>,
    /// What decides every canary.
    pub seed: Seed,
    /// How many cases run at a time.
    pub jobs: usize,
    /// Whether all of it is to end early.
    pub interruption: Interruption,
}
