//! Where sessions are held so that they meet.

use crate::{case::BusClass, observation::SessionIndex};

/// Hears of every call of a session to `org.freedesktop.secrets`, once for each class that the call belongs to: a
/// `SearchItems` is both `any` and `search`.
///
/// An implementation is called from many threads.
pub trait Gate: Send + Sync {
    /// A call has arrived and was not passed on yet: it is, once this returns.
    ///
    /// Only the connection on which the call came waits meanwhile. An implementation that blocks has a deadline of its
    /// own, shorter than the 15 s that a bus waits for its connections to end.
    ///
    /// - `nth` counts the calls of this class in this session over all its connections, from 1.
    fn before(&self, session: SessionIndex, call: BusClass, nth: u32);

    /// The client was sent the answer of a call, or the call was passed on and wants none.
    ///
    /// A call that is never answered never gets here.
    fn after(&self, session: SessionIndex, call: BusClass, nth: u32);
}
