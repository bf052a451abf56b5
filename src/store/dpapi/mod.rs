//! The data protection of Windows, for the current user, without entropy and without a dialogue.
//!
//! There is no backend in this build on any platform. That is an error whatever was allowed: encryption would not
//! have been tried (S17).

mod disabled;

pub use disabled::DpapiStore;
