//! What listens to every message.

use crate::observation::SessionIndex;

/// Gets the bytes of every message that crosses the interposer, in either direction, before they are passed on.
///
/// The scanner for canaries is one. An implementation is called from many threads, and a message waits for it.
pub trait WireTap: Send + Sync {
    /// One message.
    ///
    /// - `session` is the one during which the client connected; `None` is the world itself.
    /// - `member` is what was called, signalled or answered.
    /// - `data` is the whole message, header and body.
    fn bytes(&self, session: Option<SessionIndex>, member: &str, data: &[u8]);
}
