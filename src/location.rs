//! Where a cache is: what is read of the surroundings, and the paths that follow from it.
//!
//! Nothing here looks at a file: a location is a value that can be made for any platform on any platform.
//!
//! # Example
//!
//! ```
//! use token_cache::location::{Environment, Location};
//!
//! let location = Location::new(&Environment::system(), "my_application.nocae".to_owned())?;
//! println!("tokens are kept by way of {}", location.directory().display());
//! # Ok::<(), token_cache::Error>(())
//! ```
#![expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Error;

/// Everything that a cache reads of its surroundings, as values.
///
/// [`Environment::system`] reads them; the default is an environment in which nothing is set.
///
/// # Example
///
/// ```
/// use token_cache::{Environment, Platform};
///
/// let environment = Environment {
///     platform: Platform::Linux,
///     home: Some("/home/alex".into()),
///     ..Environment::default()
/// };
/// assert_eq!(environment.bus.address, None);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Environment {
    /// The operating system whose rules apply.
    pub platform: Platform,
    /// `HOME`, or the user database's entry where it is unset: the parent of the cache's folder on Linux and macOS.
    pub home: Option<PathBuf>,
    /// `LOCALAPPDATA`: the parent of the cache's folder on Windows.
    pub local_app_data: Option<PathBuf>,
    /// `DBUS_SESSION_BUS_ADDRESS` and `XDG_RUNTIME_DIR`: the way to the Secret Service.
    pub bus: BusAddress,
    /// The program's own name, for the lock file that other SDKs read.
    pub program: String,
}

impl Environment {
    /// The environment of this process.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::{Environment, Platform};
    ///
    /// let environment = Environment::system();
    /// assert_eq!(environment.platform, Platform::current());
    /// ```
    pub fn system() -> Self {
        Self::of(|variable| env::var_os(variable), env::home_dir(), env::args_os().next())
    }

    /// The environment in which the variables have these values; one without a value counts as unset.
    fn of(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
        program: Option<OsString>,
    ) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let program = program.unwrap_or_default();
        Self {
            platform: Platform::current(),
            home: home.filter(|home| !home.as_os_str().is_empty()),
            local_app_data: set("LOCALAPPDATA").map(PathBuf::from),
            bus: BusAddress {
                address: set("DBUS_SESSION_BUS_ADDRESS")
                    .map(|address| address.to_string_lossy().into_owned()),
                runtime_directory: set("XDG_RUNTIME_DIR").map(PathBuf::from),
            },
            program: Path::new(&program)
                .file_name()
                .map_or_else(|| UNNAMED.to_owned(), |name| name.to_string_lossy().into_owned()),
        }
    }
}

/// Where the session bus is, as the environment says it.
///
/// # Example
///
/// ```
/// use token_cache::{BusAddress, Environment};
///
/// // A keyring that only this test can see.
/// let bus = BusAddress { address: Some("unix:path=/tmp/test/bus".to_owned()), runtime_directory: None };
/// let environment = Environment { bus, ..Environment::system() };
/// assert_eq!(environment.bus.runtime_directory, None);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BusAddress {
    /// `DBUS_SESSION_BUS_ADDRESS`; an empty value counts as unset.
    pub address: Option<String>,
    /// `XDG_RUNTIME_DIR`; without an address, the bus is the socket `bus` in it.
    pub runtime_directory: Option<PathBuf>,
}

/// An operating system, as a value.
///
/// # Example: the plan for another machine
///
/// ```
/// use token_cache::{Environment, Platform, TokenCache, TokenCachePersistenceOptions};
///
/// let environment = Environment {
///     platform: Platform::MacOs,
///     home: Some("/Users/alex".into()),
///     ..Environment::default()
/// };
/// let options = TokenCachePersistenceOptions::new();
/// let plan = TokenCache::builder(&options).environment(environment).plan()?;
/// assert_eq!(plan.protector.name(), "keychain");
///
/// // The one that is left out is the one of the program.
/// assert_eq!(Platform::default(), Platform::current());
/// # Ok::<(), token_cache::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Platform {
    /// Linux: Secret Service.
    Linux,
    /// macOS: Keychain.
    MacOs,
    /// Windows: DPAPI.
    Windows,
    /// A system whose protector we do not know.
    Other(&'static str),
}

impl Platform {
    /// The platform that this program was built for.
    pub fn current() -> Self {
        match env::consts::OS {
            "linux" => Self::Linux,
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            other => Self::Other(other),
        }
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self::current()
    }
}

/// The paths of one cache.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use token_cache::{Environment, Location, Platform};
///
/// let environment =
///     Environment { platform: Platform::Linux, home: Some("/home/alex".into()), ..Environment::default() };
/// let location = Location::new(&environment, "msal.cache.nocae".to_owned())?;
/// assert_eq!(location.directory(), Path::new("/home/alex").join(".IdentityService"));
/// assert_eq!(location.file(), "msal.cache.nocae");
/// assert_eq!(location.lock(), "msal.cache.nocae.lock");
/// assert_eq!(location.courtesy_lock(), "msal.cache.nocae.lockfile");
///
/// // On Linux the empty file that signals changes becomes the one of plaintext, if that is allowed.
/// assert!(location.shares_one_file());
/// assert_eq!(location.plaintext(), location.file());
/// assert_eq!(location.plaintext_path(), location.directory().join("msal.cache.nocae"));
/// # Ok::<(), token_cache::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Location {
    directory: PathBuf,
    file: String,
    plaintext: String,
}

impl Location {
    /// The paths of the cache with this file name.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] if the folder's parent is unknown or relative: a relative one would put tokens into whatever
    /// folder the program happens to run in.
    pub fn new(environment: &Environment, file_name: String) -> Result<Self, Error> {
        let (variable, parent) = match environment.platform {
            Platform::Windows => ("LOCALAPPDATA", &environment.local_app_data),
            Platform::Linux | Platform::MacOs | Platform::Other(_) => ("HOME", &environment.home),
        };
        let parent = match parent {
            Some(parent) if is_absolute(parent, environment.platform) => parent,
            Some(_) | None => return Err(Error::NoHome { variable }),
        };
        let plaintext = match environment.platform {
            // As Python does (S3): one path for the signal and for plaintext, told apart by content.
            Platform::Linux | Platform::Other(_) => file_name.clone(),
            Platform::MacOs | Platform::Windows => format!("{file_name}.plaintext"),
        };
        Ok(Self { directory: parent.join(DIRECTORY), file: file_name, plaintext })
    }

    /// The folder that every cache of the user shares.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The files that have content, each once: they are replaced by new ones, whose temporaries a killed writer may
    /// leave behind, and must not be another cache's where the file system folds names.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = &str> {
        let plaintext = (!self.shares_one_file()).then_some(self.plaintext.as_str());
        std::iter::once(self.file.as_str()).chain(plaintext)
    }

    /// The cache's file: the empty signal file beside a keyring, the encrypted file where there is no keyring.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file of opted-in plaintext.
    pub fn plaintext(&self) -> &str {
        &self.plaintext
    }

    /// Our own lock.
    pub fn lock(&self) -> String {
        format!("{}.lock", self.file)
    }

    /// The lock that other SDKs look at.
    pub fn courtesy_lock(&self) -> String {
        format!("{}.lockfile", self.file)
    }

    /// Whether the signal and the plaintext are one file.
    pub fn shares_one_file(&self) -> bool {
        self.file == self.plaintext
    }

    /// The whole path of the plaintext.
    pub fn plaintext_path(&self) -> PathBuf {
        self.directory.join(&self.plaintext)
    }
}

/// [`Path::is_absolute`] asks about the system that runs; the location may be of another one.
fn is_absolute(path: &Path, platform: Platform) -> bool {
    if platform == Platform::current() {
        return path.is_absolute();
    }
    !path.as_os_str().is_empty()
}

const DIRECTORY: &str = ".IdentityService";

/// What the lock file says if a program does not know its own name.
const UNNAMED: &str = "token-cache";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], home: &str, program: &str) -> Environment {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Environment::of(variable, Some(home.into()), Some(program.into()))
    }

    #[test]
    fn every_variable_is_read_into_its_own_place() {
        let variables = [
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/bus"),
            ("LOCALAPPDATA", "/local"),
            ("XDG_RUNTIME_DIR", "/run"),
        ];
        let expected = Environment {
            platform: Platform::current(),
            home: Some("/home/alex".into()),
            local_app_data: Some("/local".into()),
            bus: BusAddress {
                address: Some("unix:path=/bus".to_owned()),
                runtime_directory: Some("/run".into()),
            },
            program: "program".to_owned(),
        };
        assert_eq!(of(&variables, "/home/alex", "/usr/bin/program"), expected);
    }

    #[test]
    fn what_is_empty_counts_as_unset() {
        let empty = ["DBUS_SESSION_BUS_ADDRESS", "LOCALAPPDATA", "XDG_RUNTIME_DIR"].map(|name| (name, ""));
        let unset = Environment { program: UNNAMED.to_owned(), ..Environment::default() };
        assert_eq!(of(&empty, "", ""), unset);
        assert_eq!(Environment::of(|_| None, None, None), unset);
    }

    #[test]
    fn the_environment_of_the_system_is_that_of_this_process() {
        let environment = Environment::system();
        assert_eq!(environment.home, env::home_dir());
        let program = env::current_exe().expect("it is known");
        assert_eq!(Some(environment.program.as_ref()), program.file_name());
    }

    /// Absolute on the system that runs, as a location of that system has to be.
    const LOCAL: &str = if cfg!(windows) { r"C:\Users\alex\AppData\Local" } else { "/local" };

    fn location(platform: Platform) -> Location {
        let environment = Environment {
            platform,
            home: Some("/home/alex".into()),
            local_app_data: Some(LOCAL.into()),
            ..Environment::default()
        };
        Location::new(&environment, "msal.cache.nocae".to_owned()).expect("both parents are known")
    }

    #[test]
    fn on_linux_the_signal_and_the_plaintext_are_one_file_in_the_home() {
        let location = location(Platform::Linux);
        assert_eq!(location.directory(), Path::new("/home/alex/.IdentityService"));
        assert_eq!((location.file(), location.plaintext()), ("msal.cache.nocae", "msal.cache.nocae"));
        assert!(location.shares_one_file());
        assert_eq!(location.replaced().collect::<Vec<_>>(), ["msal.cache.nocae"]);
        assert_eq!(location.lock(), "msal.cache.nocae.lock");
        assert_eq!(location.courtesy_lock(), "msal.cache.nocae.lockfile");
    }

    #[test]
    fn on_macos_the_plaintext_has_a_file_of_its_own() {
        let location = location(Platform::MacOs);
        assert_eq!(location.directory(), Path::new("/home/alex/.IdentityService"));
        assert_eq!(
            (location.file(), location.plaintext()),
            ("msal.cache.nocae", "msal.cache.nocae.plaintext")
        );
    }

    #[test]
    fn on_windows_the_folder_is_in_the_local_application_data() {
        let location = location(Platform::Windows);
        assert_eq!(location.directory(), Path::new(LOCAL).join(".IdentityService"));
        assert_eq!(
            location.replaced().collect::<Vec<_>>(),
            ["msal.cache.nocae", "msal.cache.nocae.plaintext"]
        );
        assert_eq!(
            (location.file(), location.plaintext()),
            ("msal.cache.nocae", "msal.cache.nocae.plaintext")
        );
    }

    #[test]
    fn without_a_home_there_is_no_location() {
        let environment = Environment::default();
        let error = Location::new(&environment, "a.nocae".to_owned()).expect_err("refused");
        assert!(matches!(error, Error::NoHome { .. }), "{error:?}");
    }

    #[test]
    fn a_relative_home_is_refused() {
        let environment = Environment { home: Some("here".into()), ..Environment::default() };
        let error = Location::new(&environment, "a.nocae".to_owned()).expect_err("refused");
        assert!(matches!(error, Error::NoHome { .. }), "{error:?}");
    }
}
