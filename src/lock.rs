//! Holding a cache against other processes (D12). Skeleton: the guard only.

/// Proof that the cache is held; every write asks for one.
#[derive(Debug)]
pub struct LockGuard(());
