//! Adapters: where they are, how they are set up, and how a session is driven.
//!
//! | file | holds |
//! |---|---|
//! | `driver` | [`Driver`]: one request, one reply, a deadline for each |
//! | `readers` | the threads that read an adapter's output and write its input |
//! | `splitter` | tells protocol lines from the library's own output |
//! | `captured` | the library's own output, bounded, with its offsets |

mod captured;
mod driver;
mod readers;
mod splitter;

pub use captured::Captured;
pub use driver::{Driver, DriverError, Output};
pub use readers::{MAX_QUEUED_LINES, MAX_UNTAGGED_BYTES, Stream};
