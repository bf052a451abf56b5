//! Makes an adapter ready to run on this machine: its files, its packages, a look at what the system must have.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    catalogue::Adapter,
    command::{AdapterCommand, NotSetUp, Prepared, PreparedPackages, resolve},
    files::AdapterFiles,
    manifest::{Manifest, Places, SystemRequirement},
    process::{ProcessError, run},
};
use crate::case::Platform;

/// An adapter that is ready to run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ready {
    /// How its sessions are started.
    pub command: AdapterCommand,
    /// Whether anything had to be made; false for an adapter that was ready before.
    pub changed: bool,
}

/// Sets an adapter up below the state folder. Doing it again changes nothing.
///
/// Packages go into a virtual environment of the system's Python that sees the system's packages, because PyGObject
/// comes from there. `progress` is told each stage before it begins.
///
/// # Errors
///
/// [`SetupError`] says what is missing or failed, and what to install or do.
pub fn setup(adapter: &Adapter, state: &Path, progress: &mut dyn FnMut(&str)) -> Result<Ready, SetupError> {
    let Adapter::Packaged { manifest, files, folder } = adapter else {
        return Ok(Ready { command: resolve(adapter, Some(state))?, changed: false });
    };
    if !manifest.platforms.contains(&Platform::CURRENT) {
        return Err(NotSetUp::Platform { name: manifest.name.clone() }.into());
    }
    let prepared = Prepared::of(state, manifest, files)?;
    fs::create_dir_all(&prepared.base).map_err(|source| unwritable(&prepared.base, source))?;
    let _lock = lock(&prepared.base, &manifest.name)?;

    let mut changed = false;
    if folder.is_none() && !prepared.files.is_dir() {
        progress("writing the adapter's files");
        write_files(files, &prepared.files)?;
        changed = true;
    }
    let adapter_folder = folder.as_deref().unwrap_or(&prepared.files);
    let requirements = Requirements { manifest, adapter_folder, packages: prepared.packages.as_ref() };
    match &prepared.packages {
        Some(packages) => changed |= install(packages, &requirements, progress)?,
        None => {
            requirements.check_system(progress)?;
            requirements.check_own(progress)?;
        }
    }
    Ok(Ready { command: resolve(adapter, Some(state))?, changed })
}

/// One setup of an adapter at a time.
fn lock(base: &Path, name: &str) -> Result<File, SetupError> {
    let path = base.join("lock");
    let file = File::create(&path).map_err(|source| unwritable(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SetupError::Busy { name: name.into(), path }),
        Err(TryLockError::Error(source)) => Err(unwritable(&path, source)),
    }
}

/// Writes the files beside their place and then moves them there, so that the place is complete or absent.
fn write_files(files: &AdapterFiles, place: &Path) -> Result<(), SetupError> {
    let partial = place.with_extension("partial");
    remove_folder(&partial)?;
    fs::create_dir_all(&partial).map_err(|source| unwritable(&partial, source))?;
    files.write_below(&partial).map_err(|(path, source)| unwritable(&path, source))?;
    fs::rename(&partial, place).map_err(|source| unwritable(place, source))
}

/// Makes the virtual environment, unless a complete one is there. The stamp at its end is what makes it complete.
fn install(
    packages: &PreparedPackages,
    requirements: &Requirements<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<bool, SetupError> {
    if packages.stamp.is_file() && packages.python.exists() {
        requirements.check_system(progress)?;
        if requirements.check_own(progress).is_ok() {
            return Ok(false);
        }
        // As after an upgrade of the system's Python, which looks for packages under another path.
        progress("the packages do not work any more: installing them again");
    }
    let python = Path::new(SYSTEM_PYTHON);
    if !python.exists() {
        return Err(SetupError::NoPython);
    }
    remove_folder(&packages.folder)?;
    progress("making a virtual environment");
    let folder = packages.folder.to_string_lossy();
    run(python, &["-m", "venv", "--system-site-packages", &folder], MAKE)
        .map_err(|source| SetupError::VirtualEnvironment { source })?;
    // Before the download: what is missing in the system is found out in a second.
    requirements.check_system(progress)?;
    progress("installing the pinned packages");
    let list = requirements.manifest.packages.as_deref().expect("packages are prepared from a list");
    let list = requirements.adapter_folder.join(list);
    let mut arguments = PIP.to_vec();
    let list = list.to_string_lossy();
    arguments.push(&list);
    run(&packages.python, &arguments, INSTALL)
        .map_err(|source| SetupError::Packages { list: list.clone().into_owned(), source })?;
    requirements.check_own(progress)?;
    fs::write(&packages.stamp, "").map_err(|source| unwritable(&packages.stamp, source))?;
    Ok(true)
}

/// What the manifest wants to find in the system and in the packages.
struct Requirements<'a> {
    manifest: &'a Manifest,
    adapter_folder: &'a Path,
    packages: Option<&'a PreparedPackages>,
}

impl Requirements<'_> {
    /// What the system's package manager installs. All that is missing is reported at once.
    fn check_system(&self, progress: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
        let mut missing: Vec<Missing> = Vec::new();
        for requirement in &self.manifest.system {
            let Some(debian) = &requirement.debian else { continue };
            progress(&format!("looking for {}", requirement.name));
            if let Err(source) = self.check(requirement) {
                let (name, debian) = (requirement.name.clone(), debian.clone());
                missing.push(Missing { name, debian, cause: source.to_string() });
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(SetupError::System { missing }) }
    }

    /// What the adapter's own packages have.
    fn check_own(&self, progress: &mut dyn FnMut(&str)) -> Result<(), SetupError> {
        for requirement in self.manifest.system.iter().filter(|requirement| requirement.debian.is_none()) {
            progress(&format!("looking for {}", requirement.name));
            self.check(requirement)
                .map_err(|source| SetupError::Own { name: requirement.name.clone(), source })?;
        }
        Ok(())
    }

    fn check(&self, requirement: &SystemRequirement) -> Result<(), ProcessError> {
        let python = self.packages.map(|packages| packages.python.as_path());
        let places = Places { python, adapter_folder: self.adapter_folder };
        let mut words = requirement.check.iter().map(|word| places.fill(word));
        let program = words.next().expect("a manifest with an empty check does not parse");
        run(Path::new(&program), &words.collect::<Vec<_>>(), CHECK)
    }
}

fn remove_folder(folder: &Path) -> Result<(), SetupError> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(unwritable(folder, source)),
    }
}

fn unwritable(path: &Path, source: io::Error) -> SetupError {
    SetupError::Unwritable { path: path.into(), source }
}

/// Something that the system does not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// What it is.
    pub name: String,
    /// The package that has it on Debian and Ubuntu.
    pub debian: String,
    /// What the check said.
    pub cause: String,
}

/// Why an adapter could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Another setup of the same adapter is at work.
    #[error("another setup of {name:?} holds {}: wait for it to end", path.display())]
    Busy {
        /// The adapter.
        name: String,
        /// The file that it holds.
        path: PathBuf,
    },
    /// No Python of the system's.
    #[error(
        "there is no {SYSTEM_PYTHON}: install Python, on Debian and Ubuntu with \"apt install python3 python3-venv\""
    )]
    NoPython,
    /// It can never run here, or this program's path is unknown.
    #[error(transparent)]
    NotSetUp(#[from] NotSetUp),
    /// What the adapter's own packages should have is not there.
    #[error("{name} does not work once it is installed: {source}")]
    Own {
        /// What.
        name: String,
        /// What the check said.
        source: ProcessError,
    },
    /// The packages could not be installed.
    #[error("the packages of {list} could not be installed; is the package index reachable? {source}")]
    Packages {
        /// The list.
        list: String,
        /// What pip said.
        source: ProcessError,
    },
    /// Something of the system's is missing.
    #[error("{} missing in the system: install on Debian and Ubuntu with \"apt install {}\"\n{}",
        names(missing), packages(missing), missing.first().map_or("", |missing| &missing.cause))]
    System {
        /// What.
        missing: Vec<Missing>,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}; --state FOLDER names another place", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The virtual environment could not be made.
    #[error(
        "cannot make a virtual environment; on Debian and Ubuntu that needs \"apt install python3-venv\": {source}"
    )]
    VirtualEnvironment {
        /// What Python said.
        source: ProcessError,
    },
}

fn names(missing: &[Missing]) -> String {
    let names: Vec<_> = missing.iter().map(|missing| missing.name.as_str()).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(" and "))
}

fn packages(missing: &[Missing]) -> String {
    let packages: Vec<_> = missing.iter().map(|missing| missing.debian.as_str()).collect();
    packages.join(" ")
}

/// The system's Python, not the first on the search path: PyGObject is built for this one.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";
/// Nothing but what the list names, nothing built here.
const PIP: [&str; 8] = [
    "-m",
    "pip",
    "install",
    "--no-input",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
    "--requirement",
];
const MAKE: Duration = Duration::from_secs(120);
const INSTALL: Duration = Duration::from_secs(600);
const CHECK: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Level;

    #[test]
    fn an_adapter_without_packages_is_set_up_once() {
        let state = tempfile::tempdir().expect("a folder is made");
        let adapter = adapter("");
        assert!(matches!(resolve(&adapter, Some(state.path())), Err(NotSetUp::Missing { .. })));
        let mut stages = Vec::new();
        let ready = setup(&adapter, state.path(), &mut |stage| stages.push(stage.to_owned()));
        let ready = ready.expect("nothing is missing");
        assert!(ready.changed);
        assert_eq!(stages, ["writing the adapter's files"]);
        assert_eq!(resolve(&adapter, Some(state.path())).expect("it is set up"), ready.command);
        assert!(ready.command.program.is_file(), "{}", ready.command.program.display());

        let again = setup(&adapter, state.path(), &mut |stage| panic!("nothing is left to do: {stage}"));
        assert_eq!(again.expect("it is set up"), Ready { changed: false, ..ready });
    }

    #[test]
    fn everything_that_the_system_lacks_is_named_with_its_package() {
        let state = tempfile::tempdir().expect("a folder is made");
        let adapter = adapter(
            "system = [\
                { name = \"the shell\", check = [\"/bin/sh\", \"-c\", \"exit 0\"], debian = \"dash\" },\
                { name = \"One\", check = [\"/bin/sh\", \"-c\", \"echo no one; exit 1\"], debian = \"lib-one\" },\
                { name = \"Two\", check = [\"/nonexistent\"], debian = \"lib-two\" }]",
        );
        let error = setup(&adapter, state.path(), &mut |_| {}).expect_err("two are missing").to_string();
        let expected = "One and Two are missing in the system: install on Debian and Ubuntu with \"apt install lib-one lib-two\"";
        assert_eq!(error.lines().next(), Some(expected));
        assert_eq!(error.lines().last(), Some("no one"));
    }

    #[test]
    fn two_setups_do_not_meet() {
        let state = tempfile::tempdir().expect("a folder is made");
        let base = state.path().join("adapters/x-y");
        fs::create_dir_all(&base).expect("the folder is writable");
        let held = lock(&base, "x-y").expect("nobody holds it");
        assert!(matches!(setup(&adapter(""), state.path(), &mut |_| {}), Err(SetupError::Busy { .. })));
        drop(held);
        assert!(setup(&adapter(""), state.path(), &mut |_| {}).is_ok());
    }

    #[test]
    fn a_state_folder_that_is_a_file_is_named() {
        let state = tempfile::NamedTempFile::new().expect("a file is made");
        let error = setup(&adapter(""), state.path(), &mut |_| {}).expect_err("it is no folder").to_string();
        assert!(error.starts_with(&format!("cannot write {}", state.path().display())), "{error}");
    }

    #[test]
    fn the_reference_adapter_is_this_program_and_needs_no_setup() {
        let ready = setup(&Adapter::Reference(Level::Credential), Path::new("/nonexistent"), &mut |_| {})
            .expect("nothing to do");
        assert_eq!(ready.command.arguments, ["adapter-reference", "--level", "credential"]);
        assert_eq!(Some(ready.command.program), std::env::current_exe().ok());
        assert!(!ready.changed);
    }

    fn adapter(more: &str) -> Adapter {
        let manifest = format!(
            "name = \"x-y\"\nlanguage = \"X\"\nlibrary = \"y\"\nsummary = \"s\"\n\
             platforms = [\"linux\", \"macos\"]\nprogram = \"{{adapter_dir}}/run\"\n{more}\n"
        );
        let files = AdapterFiles::new([
            ("adapter.toml".to_owned(), manifest.into_bytes()),
            ("run".to_owned(), b"#!/bin/sh\n".to_vec()),
        ]);
        let manifest = Box::new(Manifest::parse("x-y", &files).expect("the manifest fits"));
        Adapter::Packaged { manifest, files, folder: None }
    }
}
