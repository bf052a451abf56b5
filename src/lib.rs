//! skeleton
pub mod location;
mod lock;
mod secret;
pub mod store;
pub use lock::LockGuard;
pub use secret::SecretBytes;
pub use store::{Deadline, Interaction};
