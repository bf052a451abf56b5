//! The program, arguments and environment of an adapter that is ready to run.

use std::{
    collections::BTreeMap,
    env, io,
    path::{self, Path, PathBuf},
    time::Duration,
};

use super::{
    catalogue::Adapter,
    files::{AdapterFiles, digest},
    manifest::{Manifest, Places},
    system::{self, STATE_VARIABLES},
};
use crate::case::Platform;

/// How a session of an adapter is started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdapterCommand {
    /// The adapter's name.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables beside those of the world.
    pub environment: BTreeMap<String, String>,
    /// How long the answer to `hello` may take.
    pub startup: Duration,
    /// How long any other answer may take.
    pub operation: Duration,
}

/// The command of an adapter, if it can run here and is set up below the state folder.
///
/// The reference needs no such folder, so that it runs where neither `HOME` nor `XDG_STATE_HOME` is set.
///
/// # Errors
///
/// [`NotSetUp`] says what is missing and what to do.
pub fn resolve(adapter: &Adapter, state: Option<&Path>) -> Result<AdapterCommand, NotSetUp> {
    let (manifest, files, folder) = match adapter {
        Adapter::Reference(level) => {
            let program = env::current_exe().map_err(|source| NotSetUp::OwnProgram { source })?;
            return Ok(AdapterCommand {
                name: adapter.name().into(),
                program,
                arguments: vec![REFERENCE_SUBCOMMAND.into(), "--level".into(), level.as_str().into()],
                environment: BTreeMap::new(),
                startup: Duration::from_secs(30),
                operation: Duration::from_secs(10),
            });
        }
        Adapter::Packaged { manifest, files, folder } => (manifest, files, folder),
    };
    if !manifest.platforms.contains(&Platform::CURRENT) {
        return Err(NotSetUp::Platform { name: manifest.name.clone() });
    }
    let state = state.ok_or_else(|| NotSetUp::NoStateFolder { name: manifest.name.clone() })?;
    let prepared = Prepared::of(state, manifest, files)?;
    let missing = |path: &Path| NotSetUp::Missing { name: manifest.name.clone(), path: path.into() };
    let adapter_folder = match folder {
        Some(folder) => folder.as_path(),
        None if prepared.files.is_dir() => prepared.files.as_path(),
        None => return Err(missing(&prepared.files)),
    };
    if let Some(packages) = &prepared.packages
        && !(packages.stamp.is_file() && packages.python.exists())
    {
        return Err(missing(&packages.folder));
    }
    let python = prepared.packages.as_ref().map(|packages| packages.python.as_path());
    let places = Places { python, adapter_folder };
    Ok(AdapterCommand {
        name: manifest.name.clone(),
        program: places.fill(&manifest.program).into(),
        arguments: manifest.arguments.iter().map(|argument| places.fill(argument)).collect(),
        environment: manifest
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), places.fill(value)))
            .collect(),
        startup: manifest.startup(),
        operation: manifest.operation(),
    })
}

/// Where adapters are set up if nobody says otherwise: `$XDG_STATE_HOME/sealcheck`, else `~/.local/state/sealcheck`; on
/// Windows `%LOCALAPPDATA%\sealcheck`.
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    system::states(absolute).map(|states| states.join("sealcheck"))
}

/// Where the parts of an adapter are once it is set up.
///
/// Files and packages are kept apart, each under the digest of what it was made from: a changed program does not cost a
/// new installation, and a changed list of packages cannot meet an old one.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// The folder of all that is kept of the adapter.
    pub(super) base: PathBuf,
    /// Its files.
    pub(super) files: PathBuf,
    /// Its packages, where it has any.
    pub(super) packages: Option<PreparedPackages>,
}

/// A virtual environment.
#[derive(Clone, Debug)]
pub(super) struct PreparedPackages {
    pub(super) folder: PathBuf,
    pub(super) python: PathBuf,
    /// Written last: where it is, the installation is complete.
    pub(super) stamp: PathBuf,
}

impl Prepared {
    /// The places below a state folder. A session begins in its world, so none of them may depend on where we are.
    ///
    /// # Errors
    ///
    /// [`NotSetUp::StateFolder`] for a folder that cannot be told from here.
    pub(super) fn of(state: &Path, manifest: &Manifest, files: &AdapterFiles) -> Result<Self, NotSetUp> {
        let state =
            path::absolute(state).map_err(|source| NotSetUp::StateFolder { path: state.into(), source })?;
        let base = state.join("adapters").join(&manifest.folder);
        let packages = manifest.packages.as_ref().map(|list| {
            let list = files.bytes(list).expect("a manifest with a list that is missing does not parse");
            let folder = base.join(format!("packages-{}", digest([list])));
            let (python, stamp) = (folder.join("bin/python"), folder.join("sealcheck-complete"));
            PreparedPackages { folder, python, stamp }
        });
        Ok(Self { files: base.join(format!("files-{}", files.digest())), base, packages })
    }
}

/// Why an adapter cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSetUp {
    /// It is not set up, or was set up from other files.
    #[error("adapter {name:?} is not set up ({} is missing or incomplete): run \"sealcheck setup {name}\"",
        path.display())]
    Missing {
        /// The adapter.
        name: String,
        /// What is missing.
        path: PathBuf,
    },
    /// Nothing says where it would be set up.
    #[error("there is no folder in which adapter {name:?} could be set up: set {STATE_VARIABLES}")]
    NoStateFolder {
        /// The adapter.
        name: String,
    },
    /// It does not run on this platform.
    #[error("adapter {name:?} does not run on {}", Platform::CURRENT)]
    Platform {
        /// The adapter.
        name: String,
    },
    /// The folder is relative to one that is gone, or has no name.
    #[error("{path:?} is no folder in which adapters can be set up: {source}")]
    StateFolder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The reference adapter is this program, and its path is unknown.
    #[error("cannot find this program's own path, which runs the reference adapter: {source}")]
    OwnProgram {
        /// Why.
        source: io::Error,
    },
}

/// The hidden subcommand of this program that is the reference adapter.
const REFERENCE_SUBCOMMAND: &str = "adapter-reference";
