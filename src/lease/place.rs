//! The file of a lease.

use std::time::Duration;

use super::watch::{Found, Tenancy};
use crate::Error;
use crate::cache::Held;
use crate::fs::{Files, LockFile, PrivateDir, short_hash};

/// Where the lease on one subject of one cache is.
#[derive(Debug)]
pub(crate) struct Place {
    /// The cache's own file.
    cache: String,
    name: String,
}

impl Place {
    /// The place for a subject of the cache with this file.
    pub(crate) fn of(file: &str, subject: &str) -> Self {
        Self { cache: file.to_owned(), name: format!("{}{:016x}", prefix(file), short_hash(subject)) }
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Looks at what is there; the cache is held, so nobody else does anything about it.
    ///
    /// With an abandoned file comes the system's lock on it.
    pub(crate) fn find(&self, files: &dyn Files, held: &Held) -> Result<(Found, Option<LockFile>), Error> {
        let directory = &held.directory;
        let Some(left) = LockFile::open_existing(directory, &self.name)? else {
            return Ok((Found::Nothing, None));
        };
        if left.try_hold_readable()? {
            return Ok((Found::Abandoned, Some(left)));
        }
        let Some(state) = files.look(directory, &self.name)? else { return Ok((Found::Nothing, None)) };
        let by = Tenancy { identity: state.identity, made: state.modified };
        // Whatever else may lie there says nothing.
        let term = left.content().ok().and_then(|content| term_in(&content));
        Ok((Found::Held { by, term }, Some(left)))
    }

    /// Takes the lease in place of what was left; `None` where the system does not yet let go of that.
    pub(crate) fn take(
        &self,
        held: &Held,
        left: Option<LockFile>,
        term: Duration,
        program: &str,
    ) -> Result<Option<LockFile>, Error> {
        let directory = &held.directory;
        if let Some(left) = left {
            left.remove_in_use(directory, &self.name, &self.cache)?;
        }
        // What a person finds who looks for whoever holds a lease.
        let content = format!("{} {} {program}\n", term.as_millis(), std::process::id());
        let Some(file) = LockFile::create(directory, &self.name, &content)? else { return Ok(None) };
        Ok(file.try_hold_readable()?.then_some(file))
    }
}

/// Takes every lease on a cache away, for whoever removes the cache: no holder's result is for what comes after.
pub(crate) fn revoke_all(directory: &PrivateDir, file: &str) -> Result<(), Error> {
    let prefix = prefix(file);
    for name in directory.names()? {
        let Some(name) = name.to_str().filter(|name| name.starts_with(&prefix)) else { continue };
        if let Some(lease) = LockFile::open_existing(directory, name)? {
            lease.remove_in_use(directory, name, file)?;
        }
    }
    Ok(())
}

/// What the leases on one cache have in common; a name of any length would not leave room for more.
fn prefix(file: &str) -> String {
    format!(".lease-{:016x}-", short_hash(file))
}

/// The term that a lease says, in milliseconds.
fn term_in(content: &str) -> Option<Duration> {
    content.split_whitespace().next()?.parse().ok().map(Duration::from_millis)
}
