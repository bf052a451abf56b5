//! Puts into the world what an attacker or an accident left behind.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use std::io::Write as _;

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
/// [`PlantError`] names the path that could not be planted, or the case's mistake.
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
    let path = PathBuf::from(path);
    let failed = |cause| PlantError::Failed { path: path.clone(), cause };
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
    }
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
            (format!("a file of {} bytes with mode {mode:04o}", content.len()), canary.clone())
        }
        PlantKind::Symlink {} => {
            let target = home.join("elsewhere");
            std::os::unix::fs::symlink(&target, &path).map_err(failed)?;
            (format!("a symbolic link to {}", target.display()), None)
        }
        PlantKind::Directory { mode } => {
            let mode = octal(mode)?;
            match fs::create_dir(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
                Err(_) | Ok(()) => {}
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(failed)?;
            (format!("a folder with mode {mode:04o}"), None)
        }
    };
    Ok(Some(Planted { path, what, canary }))
}

fn file(path: &Path, content: &[u8], mode: u32, age_seconds: u64) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(content)?;
    // The mask of the harness must not decide what a case plants.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    if age_seconds > 0 {
        file.set_modified(SystemTime::now() - Duration::from_secs(age_seconds))?;
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
