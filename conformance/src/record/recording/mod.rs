//! A case as it was played: everything that is needed to judge it again, and to play it again.
//!
//! One JSON object a file. It holds the case itself, because the catalogue of a later build may have another one of that
//! name; both observations, because [`judge`](crate::judge::judge) needs nothing else; and what was decided of them. So a
//! recording is judged again where neither the adapter nor a sandbox is, and played again where both are.
//!
//! Evidence names canaries by role, and the folders of the machine are taken out of it: a recording can be handed on.
//!
//! | file | holds |
//! |---|---|
//! | `shape` | [`RecordingFile`]: what the file holds, and its version |
//! | `consistent` | [`Recording`]: a file that was found to be consistent |
//! | `reading` | from bytes to a [`Recording`], and [`RecordingError`]: why not |
//! | `contradiction` | [`Contradiction`]: how a recording can contradict itself |
//! | `machine` | [`MachinePaths`]: the folders of this machine, which no recording names |
//! | `comparison` | [`Comparison`]: what was recorded of a check beside what came of it again |

mod comparison;
mod consistent;
mod contradiction;
mod machine;
mod reading;
mod shape;

pub use comparison::{Comparison, Repetition};
pub use consistent::{Altered, Recording};
pub use contradiction::Contradiction;
pub use machine::MachinePaths;
pub use reading::{MAX_RECORDING_BYTES, RecordingError};
pub use shape::{
    AdapterSource, RecordedAdapter, RecordedCase, RecordedObservations, RecordedOptions, RecordedOutcome,
    RecordingFile, RecordingVersion,
};
