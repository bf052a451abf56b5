//! Recordings of a run: which cases are kept, and in which files.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{Failure, RunArguments};
use crate::{
    adapter::Adapter,
    case::Case,
    judge::OutcomeKind,
    record::{AdapterSource, MachinePaths, RecordedAdapter, RecordedOptions, Recording},
    run::{Observations, RunOptions},
    world::{BrokerKind, ProviderKind},
};

/// Keeps the cases of a run.
pub(super) struct Recorder {
    folder: PathBuf,
    keep: Keep,
    adapter: RecordedAdapter,
    options: RecordedOptions,
    machine: MachinePaths,
}

/// Which cases are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Keep {
    /// Those of which a check that was asked for went wrong.
    Troubled,
    /// All.
    Every,
}

impl Recorder {
    /// The recorder that a run asks for, if it does; its folder is made before the run, so that a bad path costs none.
    ///
    /// # Errors
    ///
    /// Bad input for a folder that cannot be made.
    pub(super) fn of(
        arguments: &RunArguments,
        adapter: &Adapter,
        options: &RunOptions,
    ) -> Result<Option<Self>, Failure> {
        let Some(folder) = &arguments.record else { return Ok(None) };
        fs::create_dir_all(folder)
            .map_err(|cause| Failure::bad_input(RecorderError::Folder { path: folder.clone(), cause }))?;
        let state = arguments.state.clone().or_else(crate::adapter::state_folder);
        Ok(Some(Self {
            folder: folder.clone(),
            keep: if arguments.record_all { Keep::Every } else { Keep::Troubled },
            adapter: recorded_adapter(adapter),
            options: RecordedOptions {
                provider: options.provider.as_str().into(),
                broker: options.broker.as_str().into(),
                without_observers: options.without.iter().copied().collect(),
                seed: Some(options.seed),
            },
            machine: MachinePaths::of(&options.harness, arguments.adapter_dir.as_deref(), state.as_deref()),
        }))
    }

    /// Keeps a case if it is one to keep, by what came of the checks that were asked for; gives the file. One that is
    /// not is forgotten.
    ///
    /// # Errors
    ///
    /// A failure of the harness where the file cannot be written or removed.
    pub(super) fn keep(
        &self,
        case: &Case,
        observed: &Observations,
        outcomes: impl IntoIterator<Item = OutcomeKind>,
    ) -> Result<Option<PathBuf>, Failure> {
        let troubled = outcomes.into_iter().any(OutcomeKind::is_trouble);
        if !troubled && self.keep == Keep::Troubled {
            return self.forget(case).map(|()| None);
        }
        let seen = (&observed.case, &observed.twin);
        let recording = Recording::of(self.adapter.clone(), self.options.clone(), case, seen, &self.machine)
            .map_err(Failure::harness)?;
        let path = self.path(case);
        write(&path, &recording.text())
            .map_err(|cause| Failure::harness(RecorderError::File { path: path.clone(), cause }))?;
        Ok(Some(path))
    }

    /// Removes what an earlier run kept of a case, so that it does not pass for this run's.
    ///
    /// # Errors
    ///
    /// A failure of the harness where the file cannot be removed.
    pub(super) fn forget(&self, case: &Case) -> Result<(), Failure> {
        let path = self.path(case);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(Failure::harness(RecorderError::Earlier { path, cause }))
            }
            _gone => Ok(()),
        }
    }

    fn path(&self, case: &Case) -> PathBuf {
        self.folder.join(file_name(&self.adapter.name, &self.options, case))
    }
}

/// What a recording says of the adapter that played.
pub(super) fn recorded_adapter(adapter: &Adapter) -> RecordedAdapter {
    let source = match adapter {
        Adapter::Reference(_) => AdapterSource::BuiltIn,
        Adapter::Packaged { folder: None, .. } => AdapterSource::Embedded,
        Adapter::Packaged { folder: Some(_), .. } => AdapterSource::Folder,
    };
    RecordedAdapter { name: adapter.name().into(), source, files: adapter.digest() }
}

/// A name for each case of each adapter in each kind of world; the usual kind is not named.
fn file_name(adapter: &str, options: &RecordedOptions, case: &Case) -> String {
    let mut name = format!("{adapter}--{}", case.id.as_str().replace('/', "--"));
    let usual = [ProviderKind::default().as_str(), BrokerKind::default().as_str()];
    for (word, usual) in [&options.provider, &options.broker].into_iter().zip(usual) {
        if word != usual {
            name.push_str(&format!("--{word}"));
        }
    }
    name + ".rec.json"
}

/// Writes a whole file or none: a run that is ended leaves no half of a recording.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().expect("a file in a folder has a parent");
    let mut file = tempfile::Builder::new().prefix(".recording-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Why recordings cannot be kept.
#[derive(Debug, thiserror::Error)]
enum RecorderError {
    #[error("the folder for recordings {} cannot be made; check that it is yours to write", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the earlier recording {} cannot be removed; check that its folder is yours to write", path.display())]
    Earlier {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the recording {} cannot be written; check that the disk has room", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}
