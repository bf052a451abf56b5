//! Holding a cache against other processes (D12). Skeleton: the guard only.

/// Proof that the cache is held; every write asks for one.
#[derive(Debug)]
pub struct LockGuard(());

#[cfg(feature = "seams")]
impl LockGuard {
    /// A guard that guards nothing, for tests of a single store and for mutants that forget the lock.
    pub fn without_lock() -> Self {
        Self(())
    }
}
