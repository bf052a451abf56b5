//! Who is told where a session has come, and may hold it there.

use std::sync::Arc;

use crate::case::CallClass;

/// Whoever other sessions wait for, and is held itself, at the points of a [`SessionSpec`](super::SessionSpec).
///
/// The supervisor serves all other calls of the session meanwhile.
pub trait CallGate: Send + Sync {
    /// The session is about to make the n-th call of a class; it is made when this returns.
    fn before(&self, call: CallClass, nth: u32);

    /// The call was let go, or ended by a fault.
    fn after(&self, call: CallClass, nth: u32);
}

/// A gate that holds nobody.
#[derive(Clone, Copy, Debug)]
pub struct OpenGate;

impl OpenGate {
    /// The gate of a session that nobody waits for.
    pub fn shared() -> Arc<dyn CallGate> {
        Arc::new(Self)
    }
}

impl CallGate for OpenGate {
    fn before(&self, _: CallClass, _: u32) {}

    fn after(&self, _: CallClass, _: u32) {}
}
