//! What is kept of a run: its results, and recordings of its cases.
//!
//! Results are one JSON object a line, written while the run goes on: header, results, mandatory footer. A file without a
//! footer was cut off and is refused: half of a run must never read as a whole one. Everything that a report shows is in
//! the file; nothing is looked up elsewhere.
//!
//! A recording is one JSON object: a case as it was played, everything that was seen of it, and what was decided. It is
//! enough to judge again without the implementation, and to play again with it.
//!
//! | file | holds |
//! |---|---|
//! | `results` | [`Header`], [`CheckResult`], [`Footer`]: the lines |
//! | `tally` | [`Tally`]: how many of each |
//! | `conformance` | [`Conformance`]: what may be said of a whole requirement set |
//! | `ending` | [`exit_of`]: how a run ends |
//! | `writer` | [`ResultsWriter`]: line by line, flushed |
//! | `reader` | [`read_results`]: refuses what is newer, cut off or contradicts itself |
//! | `merge/` | [`merge`]: shards become one run, runs stand beside each other |
//! | `recording/` | [`Recording`]: one case, to be judged or played again |
//! | `timestamp` | [`Timestamp`], UTC as RFC 3339 |
//! | `schema` | [`SchemaName`]: the JSON Schemas of every format |

mod conformance;
mod ending;
mod merge;
mod reader;
mod recording;
mod results;
mod schema;
mod tally;
mod timestamp;
mod writer;

pub use conformance::Conformance;
pub use ending::exit_of;
pub use merge::{Merge, MergeError, MergedRun, NamedResults, merge};
pub use reader::{ReadError, read_results};
pub use recording::{
    AdapterSource, Altered, Comparison, Contradiction, MAX_RECORDING_BYTES, MachinePaths, RecordedAdapter,
    RecordedCase, RecordedObservations, RecordedOptions, RecordedOutcome, Recording, RecordingError,
    RecordingFile, RecordingVersion, Repetition,
};
pub use results::{
    Advice, BaselineNote, BaselineUse, CheckResult, EvidenceLine, Footer, Header, Line, RequirementSet,
    Results, ResultsVersion, Selection, Timing,
};
pub use schema::{SchemaName, UnknownSchema};
pub use tally::Tally;
pub use timestamp::Timestamp;
pub use writer::ResultsWriter;

pub use crate::judge::{OutcomeKind, Verdict};
