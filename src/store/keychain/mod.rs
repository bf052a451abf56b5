//! The login keychain of macOS: a generic password of the service `Microsoft.Developer.IdentityService`.
//!
//! There is no backend in this build on any platform. That is an error whatever was allowed: encryption would not
//! have been tried (S17).

mod disabled;

pub use disabled::KeychainStore;
