//! Cases: a script of sessions in a world, and the checks that judge it.
//!
//! A case is prose and data in `cases/<area>/<behaviour>.toml`; its path is its id. What an adapter gets to see is the
//! [`Script`] alone: it has no field for an expectation, so none can leak.
//!
//! | file | holds |
//! |---|---|
//! | `id` | [`CaseId`], [`CheckId`], [`Area`] |
//! | `world` | [`WorldSpec`], [`Condition`], [`Plant`] |
//! | `script` | [`Script`], its sessions and steps |
//! | `predicate` | [`Predicate`], the closed set of things that can be judged |
//! | `definition` | [`Case`] and [`Check`] |
//! | `file` | [`CaseFile`]: the shape of a case's file |
//! | `load` | from a file's text to a [`Case`] |
//! | `validate` | the search for contradictions |
//! | `problem` | [`Problem`]: how a case can contradict itself |
//! | `pattern` | [`Pattern`]: ids with `*` |
//! | `catalogue` | every case in this binary, and selection |

pub mod catalogue;
mod definition;
mod file;
mod id;
mod load;
mod pattern;
mod predicate;
mod problem;
mod script;
mod validate;
mod world;

pub use catalogue::{Catalogue, Selection, SelectionError};
pub use definition::{Case, CaseError, Check, Requirement, RequirementLevel, Severity, Twin};
pub use file::{CaseFile, CheckFile};
pub use id::{Area, CaseId, CheckId, IdError};
pub use load::load;
pub use pattern::Pattern;
pub use predicate::{Predicate, Scope};
pub use problem::Problem;
pub use script::{CanaryRole, End, Interaction, Partition, Place, Script, Session, Step, StepLabel};
pub use world::{Condition, Plant, PlantKind, Platform, WorldSpec};
