//! Puts into the world what an attacker or an accident left behind.

//!
//! | file | holds |
//! |---|---|
//! | `unix` | files, folders and links with the modes that a case wants |
//! | `windows` | files and folders; neither modes nor links |

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::{
    fs,
    io::{self, Write as _},
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};

use self::system::mode_text;
use crate::{
    canary::{CanarySet, cache_document},
    case::{CanaryRole, Plant, PlantKind},
    protocol::Statement,
};

/// What was planted, for the evidence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Planted {
    /// Where.
    pub path: PathBuf,
    /// What, in a few words.
    pub what: String,
    /// The canary in it.
    pub canary: Option<CanaryRole>,
}

/// Plants at the location that the implementation declares, or returns `None` if it declares none of that role.
///
/// # Errors
///
/// [`PlantError::Outside`] if the declared location is not below the home; else [`PlantError`] names the path that could
/// not be planted, or the case's mistake.
pub(super) fn plant(
    plant: &Plant,
    statement: &Statement,
    home: &Path,
    canaries: &CanarySet,
) -> Result<Option<Planted>, PlantError> {
    let home_text = home.to_string_lossy();
    let Some(path) = statement.path(plant.location, &home_text, plant.name.as_deref(), plant.partition)
    else {
        return Ok(None);
    };
    let path = below(home, Path::new(&path))?;
    let failed = |cause| PlantError::Failed { path: path.clone(), cause };
    let (what, canary) = match &plant.kind {
        PlantKind::File { mode, text, canary, age_seconds } => {
            let mode = octal(mode)?;
            let content = match canary {
                Some(role) => {
                    let value = canaries.text(role).ok_or_else(|| PlantError::UnknownCanary(role.clone()))?;
                    cache_document(value, 0)
                }
                None => text.clone().unwrap_or_default().into_bytes(),
            };
            file(&path, &content, mode, *age_seconds).map_err(failed)?;
            (format!("a file of {} bytes{}", content.len(), mode_text(mode)), canary.clone())
        }
        PlantKind::Corrupt { mode, file: corrupt } => {
            let mode = octal(mode)?;
            file(&path, corrupt.content(), mode, 0).map_err(failed)?;
            (format!("the corrupt cache {corrupt}{}", mode_text(mode)), None)
        }
        PlantKind::Symlink {} => {
            let target = home.join("elsewhere");
            system::link(&target, &path).map_err(failed)?;
            (format!("a symbolic link to {}", target.display()), None)
        }
        PlantKind::Absence {} => match fs::remove_file(&path) {
            Ok(()) => ("nothing, where a file was removed".into(), None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                ("nothing, where nothing was".into(), None)
            }
            Err(error) => return Err(failed(error)),
        },
        PlantKind::Directory { mode } => {
            let mode = octal(mode)?;
            folder(&path)?;
            system::set_mode(&path, mode).map_err(failed)?;
            (format!("a folder{}", mode_text(mode)), None)
        }
    };
    Ok(Some(Planted { path, what, canary }))
}

/// The path, once it is below the home and its folders are there.
///
/// The path is what an adapter declares, and an earlier session may have left links in its way: neither leads a plant
/// out of the home.
fn below(home: &Path, path: &Path) -> Result<PathBuf, PlantError> {
    let outside = || PlantError::Outside { path: path.to_owned() };
    let relative = path.strip_prefix(home).map_err(|_elsewhere| outside())?;
    let mut at = home.to_owned();
    let mut names = relative.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else { return Err(outside()) };
        if name.as_encoded_bytes().contains(&0) {
            return Err(outside());
        }
        at.push(name);
        if names.peek().is_none() {
            return Ok(at);
        }
        folder(&at)?;
    }
    // The home itself is not a place to plant at.
    Err(outside())
}

/// Makes a folder unless it is there; a link is not a folder.
fn folder(path: &Path) -> Result<(), PlantError> {
    let failed = |cause| PlantError::Failed { path: path.to_owned(), cause };
    match system::make_folder(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(failed)?;
            if found.is_dir() { Ok(()) } else { Err(PlantError::Outside { path: path.to_owned() }) }
        }
        Err(error) => Err(failed(error)),
    }
}

fn file(path: &Path, content: &[u8], mode: u32, age_seconds: u64) -> io::Result<()> {
    let mut file = system::create(path, mode)?;
    file.write_all(content)?;
    if age_seconds > 0 {
        let then = SystemTime::now().checked_sub(Duration::from_secs(age_seconds));
        file.set_modified(then.ok_or(io::ErrorKind::InvalidInput)?)?;
    }
    Ok(())
}

/// Reads an octal mode of a case file.
///
/// # Errors
///
/// [`PlantError::Mode`] if the text is no octal number of at most four digits.
pub(super) fn octal(text: &str) -> Result<u32, PlantError> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| PlantError::Mode { text: text.to_owned() })
}

/// Why something could not be planted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlantError {
    /// The operating system refused.
    #[error("cannot plant at {path:?}")]
    Failed {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The declared location is not below the home, or a link stands in its way.
    #[error("the statement puts a location at {path:?}, which is not a path below the home without links")]
    Outside {
        /// The path.
        path: PathBuf,
    },
    /// A plant names a canary that the world has not.
    #[error("the plant names the canary {0}, which the world does not have")]
    UnknownCanary(CanaryRole),
    /// A mode is not octal.
    #[error("{text:?} is not an octal file mode such as 0644")]
    Mode {
        /// The text.
        text: String,
    },
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;
    use crate::{
        case::{CorruptFile, Partition},
        protocol::{Location, LocationRole},
    };

    #[test]
    fn a_file_is_planted_with_its_text_mode_and_age() {
        let home = Home::new();
        let kind =
            PlantKind::File { mode: "0664".into(), text: Some("x".into()), canary: None, age_seconds: 3600 };
        let planted = home.plant(kind, "{home}/.cache/{name}{suffix}").expect("it is below the home");
        let path = home.path().join(".cache/name.nocae");
        let what = "a file of 1 bytes with mode 0664".into();
        assert_eq!(planted, Some(Planted { path: path.clone(), what, canary: None }));
        let metadata = fs::metadata(&path).expect("it is there");
        assert_eq!(metadata.mode() & 0o7777, 0o664);
        let age = metadata.modified().expect("files have times").elapsed().expect("it lies in the past");
        assert!((3600..3660).contains(&age.as_secs()), "{age:?}");
        assert_eq!(fs::read(&path).expect("it can be read"), b"x");
        let parent = fs::metadata(home.path().join(".cache")).expect("it is there");
        assert_eq!(parent.mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_corrupt_cache_is_planted_byte_for_byte() {
        let home = Home::new();
        let file = CorruptFile::find("utf-16.json").expect("the file is there");
        let kind = PlantKind::Corrupt { mode: "0600".into(), file };
        let planted = home.plant(kind, "{home}/cache").expect("it is below the home");
        let path = home.path().join("cache");
        let what = "the corrupt cache utf-16.json with mode 0600".into();
        assert_eq!(planted, Some(Planted { path: path.clone(), what, canary: None }));
        assert_eq!(fs::read(&path).expect("it can be read"), file.content());
    }

    #[test]
    fn a_canary_is_planted_as_a_cache_document() {
        let home = Home::new();
        let role = CanaryRole("planted".into());
        let kind =
            PlantKind::File { mode: "0600".into(), text: None, canary: Some(role.clone()), age_seconds: 0 };
        let planted = home.plant(kind, "{home}/file").expect("it is below the home").expect("it is declared");
        assert_eq!(planted.canary, Some(role.clone()));
        let text = home.canaries.text(&role).expect("the role is known");
        assert_eq!(fs::read(&planted.path).expect("it is there"), cache_document(text, 0));
    }

    #[test]
    fn a_link_and_a_folder_are_planted() {
        let home = Home::new();
        home.plant(PlantKind::Symlink {}, "{home}/link").expect("it is below the home");
        let target = fs::read_link(home.path().join("link")).expect("it is a link");
        assert_eq!(target, home.path().join("elsewhere"));
        for mode in ["0777", "0500"] {
            let kind = PlantKind::Directory { mode: mode.into() };
            home.plant(kind, "{home}/folder").expect("it is below the home");
            let found = fs::metadata(home.path().join("folder")).expect("it is there");
            assert_eq!(format!("{:04o}", found.mode() & 0o7777), mode);
        }
    }

    #[test]
    fn what_is_to_be_absent_is_removed_and_need_not_have_been_there() {
        let home = Home::new();
        let file = home.path().join("file");
        fs::write(&file, "x").expect("it is written");
        for what in ["nothing, where a file was removed", "nothing, where nothing was"] {
            let planted = home.plant(PlantKind::Absence {}, "{home}/file").expect("it is below the home");
            assert_eq!(planted.expect("it is declared").what, what);
            assert!(!file.exists());
        }
    }

    #[test]
    fn a_location_that_is_not_declared_is_not_planted() {
        let home = Home::new();
        let plan = wanted(PlantKind::Symlink {});
        let mut statement = declaring("{home}/x");
        statement.locations.clear();
        let planted = plant(&plan, &statement, &home.path(), &home.canaries).expect("nothing is wrong");
        assert_eq!(planted, None);
    }

    #[test]
    fn a_location_outside_the_home_is_refused_and_nothing_is_made_there() {
        let home = Home::new();
        let elsewhere = home.folder.path().join("elsewhere");
        let absolute = elsewhere.join("x").to_string_lossy().into_owned();
        let hostile = [
            absolute.as_str(),
            "{home}/../elsewhere/x",
            "{home}/a/../../elsewhere/x",
            "{home}x/y",
            "{home}",
            "x",
            "",
            "{home}/a\0b",
        ];
        for path in hostile {
            for kind in kinds() {
                let error = home.plant(kind, path).expect_err("it is outside");
                assert!(matches!(error, PlantError::Outside { .. }), "{path}: {error}");
            }
        }
        assert!(!elsewhere.exists());
        assert!(!home.folder.path().join("homex").exists());
    }

    #[test]
    fn a_link_that_an_earlier_session_left_is_not_followed() {
        let home = Home::new();
        let elsewhere = home.folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("there is room");
        fs::write(elsewhere.join("file"), "precious").expect("there is room");
        symlink(&elsewhere, home.path().join("link")).expect("there is room");
        symlink(elsewhere.join("file"), home.path().join("file")).expect("there is room");
        for kind in kinds() {
            let error = home.plant(kind, "{home}/link/x").expect_err("a link is in the way");
            assert!(matches!(error, PlantError::Outside { .. }), "{error}");
        }
        for (kind, path) in kinds().into_iter().zip(["{home}/file", "{home}/file", "{home}/link"]) {
            home.plant(kind, path).expect_err("a link is there");
        }
        assert_eq!(fs::read(elsewhere.join("file")).expect("it is still there"), b"precious");
        assert!(!elsewhere.join("x").exists());
    }

    #[test]
    fn an_age_before_all_time_and_a_mode_that_is_none_are_errors() {
        let home = Home::new();
        let kind = PlantKind::File { mode: "0600".into(), text: None, canary: None, age_seconds: u64::MAX };
        assert!(matches!(home.plant(kind, "{home}/x"), Err(PlantError::Failed { .. })));
        for text in ["0888", "", "-1", "17777"] {
            assert!(matches!(octal(text), Err(PlantError::Mode { .. })), "{text}");
        }
        assert!(matches!(octal("1777"), Ok(0o1777)));
    }

    /// A home in a folder of its own.
    struct Home {
        folder: tempfile::TempDir,
        canaries: CanarySet,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder can be made");
            fs::create_dir(folder.path().join("home")).expect("there is room");
            Self { folder, canaries: CanarySet::generate([CanaryRole("planted".into())]) }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("home")
        }

        fn plant(&self, kind: PlantKind, path: &str) -> Result<Option<Planted>, PlantError> {
            plant(&wanted(kind), &declaring(path), &self.path(), &self.canaries)
        }
    }

    fn kinds() -> [PlantKind; 3] {
        let file = PlantKind::File { mode: "0600".into(), text: None, canary: None, age_seconds: 0 };
        [file, PlantKind::Symlink {}, PlantKind::Directory { mode: "0777".into() }]
    }

    fn wanted(kind: PlantKind) -> Plant {
        Plant {
            before_session: 0,
            location: LocationRole::Lock,
            name: Some("name".into()),
            partition: Partition::Nocae,
            kind,
        }
    }

    fn declaring(path: &str) -> Statement {
        let text = include_str!("../../adapter/reference/statement.json");
        let mut statement: Statement = serde_json::from_str(text).expect("the reference declares itself");
        statement.locations = vec![Location { role: LocationRole::Lock, path: path.into() }];
        statement
    }
}
