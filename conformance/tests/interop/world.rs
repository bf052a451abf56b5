//! One world in which several implementations play, one after the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use sealcheck::{
    adapter::{AdapterCommand, Catalogue, resolve, state_folder},
    canary::Seed,
    case::{CanaryRole, Condition, Interaction, Options, Partition, Step},
    interruption::Interruption,
    observation::{Evidence, Fact, KeyringItem, ReplyFact, SessionEnd, SessionIndex, SystemCall, ValueFact},
    run::{Performance, RunOptions, Stage},
    world::{bus::BrokerKind, providers::ProviderKind},
};

/// A test of this binary: it is handed the Python adapter.
pub(crate) type Test = (String, Box<dyn Fn(&AdapterCommand) + Send>);

/// Where a cache of a world keeps its secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protection {
    Keyring,
    Plaintext,
}

impl Protection {
    pub(crate) const ALL: [Self; 2] = [Self::Keyring, Self::Plaintext];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Plaintext => "plaintext",
        }
    }

    pub(crate) fn condition(self) -> Condition {
        match self {
            Self::Keyring => Condition::Usable,
            Self::Plaintext => Condition::NoBus,
        }
    }

    /// The opt-in; absent where it is not needed.
    pub(crate) fn consent(self) -> Option<bool> {
        match self {
            Self::Keyring => None,
            Self::Plaintext => Some(true),
        }
    }
}

/// A world, and who can play in it beside Python.
pub(crate) struct World {
    pub(crate) reference: AdapterCommand,
    pub(crate) courier: AdapterCommand,
    stage: Stage,
    sessions: usize,
}

impl World {
    pub(crate) fn build() -> Self {
        let harness = PathBuf::from(env!("CARGO_BIN_EXE_sealcheck"));
        let own = std::env::current_exe().expect("a test knows its own program");
        let reference = command("reference", harness.clone(), "adapter-reference");
        let options = RunOptions {
            harness,
            adapter: reference.clone(),
            broker: BrokerKind::Busd,
            provider: ProviderKind::Scripted,
            without: BTreeSet::new(),
            seed: Seed::fresh(),
            jobs: 1,
            interruption: Interruption::default(),
        };
        let seed = options.seed.world(&["interop"]);
        let stage = Stage::build(Arc::new(options), &seed, [FIRST, SECOND].map(role), 0o022)
            .expect("this machine can set up a world");
        Self { reference, courier: command("courier", own, COURIER), stage, sessions: 0 }
    }

    /// Has an adapter play a session of its own and gives what it answered.
    pub(crate) fn play(&mut self, adapter: &AdapterCommand, condition: Condition, steps: &[Step]) -> Played {
        let index = SessionIndex(self.sessions);
        self.sessions += 1;
        let performance = Performance { condition, ..Performance::new(index, adapter, steps) };
        self.stage.play(&performance).expect("the world can play a session");
        let evidence = self.stage.log().entries();
        let played = Played(evidence.into_iter().filter(|entry| entry.session == Some(index)).collect());
        played.assert_healthy(&adapter.name);
        played
    }

    /// The folder of the world, in which home, temporary and runtime folder lie.
    pub(crate) fn root(&self) -> &Path {
        self.stage.home().sandbox().root()
    }

    /// The only item whose schema is this file name.
    pub(crate) fn item(&self, file_name: &str) -> KeyringItem {
        let all = self.stage.home().items().expect("the keyring can be read");
        let mut items: Vec<_> = all.into_iter().map(|(item, _)| item).collect();
        items.retain(|item| item.attributes.get("xdg:schema").map(String::as_str) == Some(file_name));
        assert_eq!(items.len(), 1, "items of {file_name}: {items:#?}");
        items.remove(0)
    }

    pub(crate) fn count_items(&self) -> usize {
        self.stage.home().items().expect("the keyring can be read").len()
    }

    /// What lies in the folder of the caches: names, with size and mode.
    pub(crate) fn files(&self) -> BTreeMap<String, File> {
        let folder = self.stage.home().sandbox().home().join(".IdentityService");
        let entries = fs::read_dir(&folder).expect("whoever stored something made the folder");
        entries
            .map(|entry| {
                let entry = entry.expect("the folder can be read");
                let metadata = entry.metadata().expect("nobody removes files between sessions");
                let file = File { bytes: metadata.len(), mode: metadata.permissions().mode() & 0o7777 };
                (entry.file_name().into_string().expect("the names are text"), file)
            })
            .collect()
    }
}

/// What is seen of a file from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct File {
    pub(crate) bytes: u64,
    pub(crate) mode: u32,
}

/// The evidence of one session.
pub(crate) struct Played(Vec<Evidence>);

impl Played {
    /// The canaries that the answer to the last `get` held.
    pub(crate) fn canaries(&self) -> BTreeSet<CanaryRole> {
        match self.value() {
            ValueFact::Null => BTreeSet::new(),
            ValueFact::Some { canaries, .. } => canaries.iter().cloned().collect(),
        }
    }

    /// The canary that was all of the answer to the last `get`, or its document's only token.
    pub(crate) fn exactly(&self) -> Option<CanaryRole> {
        match self.value() {
            ValueFact::Null => None,
            ValueFact::Some { exactly, .. } => exactly.clone(),
        }
    }

    /// How many tokens the authority was asked for.
    pub(crate) fn token_requests(&self) -> usize {
        self.0.iter().filter(|entry| matches!(entry.fact, Fact::TokenRequest(_))).count()
    }

    /// What its processes attempted.
    pub(crate) fn system_calls(&self) -> impl Iterator<Item = &SystemCall> {
        self.0.iter().filter_map(|entry| match &entry.fact {
            Fact::SystemCall(call) => Some(call),
            _ => None,
        })
    }

    fn value(&self) -> &ValueFact {
        let mut values = self.0.iter().filter_map(|entry| match &entry.fact {
            Fact::Replied { reply: ReplyFact::Ok { value, .. }, .. } => value.as_ref(),
            _ => None,
        });
        values.next_back().expect("a get was answered")
    }

    /// A session that did not go as it should proves nothing about what the next one finds.
    fn assert_healthy(&self, who: &str) {
        for entry in &self.0 {
            match &entry.fact {
                Fact::Replied { reply: ReplyFact::Ok { .. }, .. } => {}
                Fact::SessionEnded { how, .. } => {
                    assert_eq!(*how, SessionEnd::Exited { code: 0 }, "the end of {who}");
                }
                failed
                @ (Fact::Replied { .. } | Fact::AdapterFailed { .. } | Fact::DeadlinePassed { .. }) => {
                    panic!("{who}: {failed:#?}")
                }
                _ => {}
            }
        }
    }
}

/// The adapter of azure-identity, or why it cannot run here.
pub(crate) fn python() -> Result<AdapterCommand, String> {
    let catalogue = Catalogue::embedded().map_err(|error| error.to_string())?;
    let adapter = catalogue.find("python-azure-identity").map_err(|error| error.to_string())?;
    let command = resolve(adapter, state_folder().as_deref()).map_err(|error| error.to_string())?;
    if runs(&command.program, "import gi; gi.require_version('Secret', '1')") {
        Ok(command)
    } else {
        Err("PyGObject or the Secret typelib is missing: apt install python3-gi gir1.2-secret-1".into())
    }
}

pub(crate) fn open(store: &str, name: &str, consent: Option<bool>) -> Step {
    Step::Open {
        label: None,
        store: store.into(),
        name: Some(name.into()),
        allow_unencrypted_storage: consent,
        interaction: Interaction::Never,
        credential: None,
        options: Options::Given,
    }
}

pub(crate) fn put(store: &str, partition: Partition, canary: &str) -> Step {
    Step::Put { label: None, store: store.into(), partition, canary: role(canary), padding: 0 }
}

pub(crate) fn get(store: &str, partition: Partition, canary: &str) -> Step {
    Step::Get { label: None, store: store.into(), partition, canary: role(canary) }
}

pub(crate) fn role(name: &str) -> CanaryRole {
    CanaryRole(name.into())
}

pub(crate) fn suffix(partition: Partition) -> &'static str {
    match partition {
        Partition::Nocae => "nocae",
        Partition::Cae => "cae",
    }
}

fn command(name: &str, program: PathBuf, argument: &str) -> AdapterCommand {
    AdapterCommand {
        name: name.into(),
        program,
        arguments: vec![argument.into()],
        environment: BTreeMap::new(),
        startup: Duration::from_secs(30),
        operation: Duration::from_secs(10),
    }
}

fn runs(python: &Path, program: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", program]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The first argument that makes this binary the courier.
pub(crate) const COURIER: &str = "courier";

/// The two secrets of a world.
pub(crate) const FIRST: &str = "first";
pub(crate) const SECOND: &str = "second";
