//! From observations to verdicts: pure, without I/O.
//!
//! [`judge`] takes a check, the observation of its case and that of its twin, and gives an [`Outcome`]. A pass needs a
//! [`Witness`], a proved condition and a twin that round-trips, and cannot be built without them; a failure needs a
//! witness; everything else says by its name that nothing was decided.
//!
//! ```text
//! Case + Observation ─ Scene ─ predicate ─► Finding ┐
//!                        └──── Trouble ─────────────┼─► Outcome ─ Baseline ─► Verdict ─► Exit
//! Case + Observation of the twin ─ RoundTrip ───────┘
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `decide` | [`judge`]: the order in which everything is asked |
//! | `outcome` | [`Outcome`], [`OutcomeKind`] and their order, [`Pass`], [`Fail`], [`Inconclusive`] |
//! | `witness` | [`Witness`]: a sentence and the evidence for it |
//! | `evidence` | [`EvidenceKind`]: what the witness of a predicate is made of |
//! | `searched` | [`Searched`]: what makes absence evidence |
//! | `condition` | [`ConditionProved`] |
//! | `twin` | [`RoundTrip`] |
//! | `scene` | look-ups in an observation |
//! | `trouble` | what went wrong before a step |
//! | `predicate/` | one file per family of predicates |
//! | `baseline` | [`Baseline`]: the strict list of known failures |
//! | `verdict` | [`Verdict`]: an outcome compared with the baseline |
//! | `exit` | [`Exit`]: the exit codes |

mod baseline;
mod condition;
mod decide;
mod evidence;
mod exit;
mod finding;
mod outcome;
mod predicate;
mod scene;
mod searched;
#[cfg(test)]
mod stage;
mod trouble;
mod twin;
mod verdict;
mod witness;

pub use baseline::{Baseline, BaselineError, BaselineFile, Known, ResultKey};
pub use condition::ConditionProved;
pub use decide::{beyond, judge, judge_case};
pub use evidence::{EvidenceKind, evidence_kinds, witnesses};
pub use exit::Exit;
pub use outcome::{Fail, Inconclusive, Outcome, OutcomeKind, Pass};
pub use searched::Searched;
pub use twin::RoundTrip;
pub use verdict::Verdict;
pub use witness::Witness;
