//! A home with a bus and a keyring on it.
//!
//! | file | holds |
//! |---|---|
//! | `bus` | what the bus means for a session: who is held at its calls, and which of them go wrong |
//! | `tap` | what crosses the bus, scanned |
//! | `foreign` | the secret of another item, for faults that give it |

mod bus;
mod foreign;
mod tap;

use std::{fs, io, path::PathBuf, sync::Arc};

use self::tap::ScannerTap;
use super::super::{beacon::BeaconError, meeting::Meetings, options::RunOptions, performance::Performance};
use crate::{
    canary::CanarySet,
    case::Condition,
    observation::{EvidenceLog, KeyringItem, Observer},
    observe::beacon::{Plan, planted_item},
    world::{
        bus::{BrokerKind, Bus, BusError, Gate, Guest, WireTap},
        condition::{self, ApplyError, Reach},
        providers::{Keyring, KeyringError, ProviderKind},
        sandbox::{Sandbox, SandboxError},
    },
};

pub(in super::super) use self::foreign::ForeignItemError;
pub(in super::super) use crate::world::bus::Door;

/// Observers that no world has here: none.
pub(in super::super) const UNWATCHED: [(Observer, &str); 0] = [];

/// A home, a bus and a keyring, in a condition.
pub struct Premises {
    // Whoever speaks on the bus goes before the bus, and all of them before the folder that holds their sockets.
    keyring: Keyring,
    /// Where sessions find the bus in the present condition.
    reach: Reach,
    bus: Bus,
    folder: PathBuf,
    sandbox: Sandbox,
}

impl Premises {
    /// Opens premises as the options of a run say; what crosses the bus is scanned for the canaries.
    ///
    /// # Errors
    ///
    /// As [`Premises::open`].
    pub(in super::super) fn furnish(
        options: &RunOptions,
        canaries: &CanarySet,
        log: &EvidenceLog,
    ) -> Result<Self, PremisesError> {
        let tap = Arc::new(ScannerTap::new(canaries, log, &options.without));
        Self::open(options.broker, options.provider, log, tap)
    }

    /// Opens premises with an empty, usable keyring.
    ///
    /// # Errors
    ///
    /// [`PremisesError`]: the folders, the bus or the provider cannot be had.
    pub fn open(
        broker: BrokerKind,
        provider: ProviderKind,
        log: &EvidenceLog,
        tap: Arc<dyn WireTap>,
    ) -> Result<Self, PremisesError> {
        let sandbox = Sandbox::create(&std::env::temp_dir())?;
        let folder = sandbox.root().join("bus");
        fs::create_dir(&folder).map_err(PremisesError::BusFolder)?;
        let bus = Bus::start(broker, &folder, log, tap)?;
        let keyring = Keyring::new(provider, &sandbox.root().join("keyring"));
        let mut premises = Self { keyring, reach: Reach::Nowhere, bus, folder, sandbox };
        premises.set(Condition::Usable)?;
        Ok(premises)
    }

    /// The folders.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The bus.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Brings the premises into a condition: the provider leaves, and comes back where the condition has one.
    ///
    /// So every session meets a provider that was started after the last one: what persists is the contents.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Condition`] if the provider cannot join the bus.
    pub fn set(&mut self, condition: Condition) -> Result<(), PremisesError> {
        self.reach = condition::apply(condition, &self.bus, &mut self.keyring, &self.folder)?;
        Ok(())
    }

    /// Has the harness's own client find the condition, in the environment of a session with these variables, but through
    /// a door that is nobody's; gives how it was found.
    ///
    /// # Errors
    ///
    /// What was found instead.
    pub(in super::super) fn prove(
        &self,
        condition: Condition,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Result<String, String> {
        condition::prove(condition, &self.own_environment(extra))
    }

    /// Opens the door by which one session comes in; what goes wrong at its calls does so there, and there it is held.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Bus`]: there is no room for another socket.
    pub(in super::super) fn admit(
        &self,
        performance: &Performance<'_>,
        meetings: Option<&Arc<Meetings>>,
        foreign_item: Option<&str>,
    ) -> Result<Door, PremisesError> {
        self.open_door(Guest {
            gate: meetings.map(|meetings| Arc::clone(meetings) as Arc<dyn Gate>),
            faults: bus::faults(performance),
            foreign_item: foreign_item.map(str::to_owned),
            ..Guest::session(performance.index)
        })
    }

    /// Opens a door to the bus for the clients of a session.
    ///
    /// # Errors
    ///
    /// [`PremisesError::Bus`]: there is no room for another socket.
    pub fn open_door(&self, guest: Guest) -> Result<Door, PremisesError> {
        Ok(self.bus.open_door(guest)?)
    }

    /// The environment of a session in the present condition that has this door, with what its adapter adds.
    pub fn environment(
        &self,
        door_address: &str,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        self.sandbox.environment(extra.into_iter().chain(self.reach.environment(door_address)))
    }

    /// The environment of whoever comes in by a door.
    pub(in super::super) fn environment_behind(
        &self,
        door: &Door,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        self.environment(&door.client_address(), extra)
    }

    /// The environment of the harness's own programs, which come in by no session's door.
    pub(in super::super) fn own_environment(
        &self,
        extra: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<(String, String)> {
        self.environment(&self.bus.client_address(), extra)
    }

    /// Carries all files to another home, whose keyring is fresh.
    ///
    /// # Errors
    ///
    /// The first file that could not be copied.
    pub(in super::super) fn relocate(&self, to: &Self) -> io::Result<()> {
        self.sandbox.relocate_to(&to.sandbox)
    }

    /// Adds the leaks to bus and keyring to those that a beacon plants.
    pub(in super::super) fn plan_leaks(&self, plan: Plan, canaries: &CanarySet) -> Plan {
        plan.with_bus(canaries, self.bus.client_address())
    }

    /// Removes what a beacon says that it left in the keyring.
    ///
    /// # Errors
    ///
    /// [`BeaconError`]: it says nothing, or its item cannot be removed.
    pub(in super::super) fn tidy_leaks(&mut self, output: &[u8]) -> Result<(), BeaconError> {
        let item = planted_item(output).ok_or(BeaconError::NoItem)?;
        self.keyring.remove_item(&item).map_err(|error| BeaconError::TidyItem(error.into()))
    }

    /// Stores an item of somebody else, and gives its path.
    ///
    /// # Errors
    ///
    /// [`ForeignItemError`]: the keyring does not take it, as where it is locked.
    pub(in super::super) fn store_foreign(&self, canary: &str) -> Result<String, ForeignItemError> {
        foreign::store(self, canary)
    }

    /// Every item of the keyring with its secret.
    ///
    /// # Errors
    ///
    /// [`KeyringError`] if not all of them could be read.
    pub fn items(&self) -> Result<Vec<(KeyringItem, Vec<u8>)>, KeyringError> {
        self.keyring.items()
    }

    /// Shows that both ways of reading a keyring see the same.
    ///
    /// # Errors
    ///
    /// [`KeyringError`] with what they do not agree about.
    pub(in super::super) fn compare_readings(&self) -> Result<(), KeyringError> {
        self.keyring.compare_readings()
    }

    /// Ends the bus; the folders go when the sandbox that is given back is dropped.
    ///
    /// # Errors
    ///
    /// What the bus observer lost, beside the sandbox.
    pub fn close(self) -> (Sandbox, Result<(), String>) {
        drop(self.keyring);
        let finished = self.bus.finish();
        (self.sandbox, finished)
    }
}

/// Why premises could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PremisesError {
    /// The folders could not be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The folder of the bus could not be made.
    #[error("the folder of the bus could not be made")]
    BusFolder(#[source] io::Error),
    /// The bus did not start, or has no door to open.
    #[error("the bus could not be had")]
    Bus(#[from] BusError),
    /// The condition could not be brought about.
    #[error("the world could not be brought into its condition")]
    Condition(#[from] ApplyError),
}
