//! Locks that hold the wrong processes up.

use std::sync::Arc;

use token_cache::{
    Deadline, Error, Location, LockGuard,
    seams::{Locking, PrivateDir, Seams, SystemLocking},
};

use super::{Mutant, Part};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[Mutant {
    name: "lock-file-never-broken",
    part: Part::Lock,
    defect: "A lock file counts as long as it is there, also when whoever made it is long dead.",
    killers: &["durability/stale-lock#recovered"],
    seams: || Seams { locking: Arc::new(NeverBroken), ..Seams::real() },
}];

#[derive(Debug)]
struct NeverBroken;

impl Locking for NeverBroken {
    fn acquire(
        &self,
        directory: &Arc<PrivateDir>,
        location: &Location,
        program: &str,
        deadline: Deadline,
    ) -> Result<LockGuard, Error> {
        let path = directory.path().join(location.courtesy_lock());
        if path.exists() {
            return Err(Error::Busy { path });
        }
        SystemLocking.acquire(directory, location, program, deadline)
    }
}
