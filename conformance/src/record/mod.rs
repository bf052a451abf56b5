//! Results of a run as a file: header, results, mandatory footer.
//!
//! One JSON object a line, written while the run goes on. A file without a footer was cut off and is refused: half of a
//! run must never read as a whole one. Everything that a report shows is in the file; nothing is looked up elsewhere.
//!
//! | file | holds |
//! |---|---|
//! | `results` | [`Header`], [`CheckResult`], [`Footer`]: the lines |
//! | `tally` | [`Tally`]: how many of each |
//! | `conformance` | [`Conformance`]: what may be said of a whole requirement set |
//! | `writer` | [`ResultsWriter`]: line by line, flushed |
//! | `reader` | [`read_results`]: refuses what is newer, cut off or contradicts itself |
//! | `timestamp` | [`Timestamp`], UTC as RFC 3339 |
//! | `schema` | [`SchemaName`]: the JSON Schemas of every format |

mod conformance;
mod reader;
mod results;
mod schema;
mod tally;
mod timestamp;
mod writer;

pub use conformance::Conformance;
pub use reader::{ReadError, read_results};
pub use results::{
    Advice, BaselineNote, BaselineUse, CheckResult, EvidenceLine, Footer, Header, Line, RequirementSet,
    Results, ResultsVersion, Selection,
};
pub use schema::{SchemaName, UnknownSchema};
pub use tally::Tally;
pub use timestamp::Timestamp;
pub use writer::ResultsWriter;

pub use crate::judge::{OutcomeKind, Verdict};
