//! The modes with which wrong implementations make their files, where the system has modes.
//!
//! | file | holds |
//! |---|---|
//! | `unix` | those of the standard library |
//! | `windows` | modes that change nothing: what is made there is as private as the folder it is made in |

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub(crate) use self::system::{DirBuilderMode, OpenOptionsMode, identity, set_mode};
