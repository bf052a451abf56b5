//! Cases: a script of sessions in a world, and the checks that judge it.
//!
//! A case is prose and data in `cases/<area>/<behaviour>.toml`; its path is its id. What an adapter gets to see is the
//! [`Script`] alone: it has no field for an expectation, so none can leak.
//!
//! | file | holds |
//! |---|---|
//! | `id` | [`CaseId`], [`CheckId`], [`Area`] |
//! | `world` | [`WorldSpec`], [`Condition`], [`Plant`] |
//! | `corrupt` | [`CorruptFile`]: what can be planted as a cache and is none |
//! | `script` | [`Script`], its sessions and steps |
//! | `fault` | [`Fault`]: what goes wrong during a session |
//! | `rendezvous` | [`Rendezvous`]: where sessions that overlap meet |
//! | `predicate` | [`Predicate`], the closed set of things that can be judged |
//! | `beyond` | what a case needs that worlds on a platform have not |
//! | `definition` | [`Case`] and [`Check`] |
//! | `file` | [`CaseFile`]: the shape of a case's file |
//! | `load` | from a file's text, or a kept definition, to a [`Case`] |
//! | `validate` | the search for contradictions |
//! | `schedule` | the same among faults, overlapping sessions and rendezvous |
//! | `problem` | [`Problem`]: how a case can contradict itself |
//! | `shard` | [`Shard`]: one part of a selection, by the hash of ids |
//! | `pattern` | [`Pattern`]: ids with `*` |
//! | `catalogue` | every case in this binary, and selection |

mod beyond;
pub mod catalogue;
mod corrupt;
mod definition;
mod fault;
mod file;
mod id;
mod load;
mod pattern;
mod predicate;
mod problem;
mod rendezvous;
mod schedule;
mod script;
mod shard;
mod validate;
mod world;

pub use catalogue::{Catalogue, Selection, SelectionError};
pub use corrupt::CorruptFile;
pub use definition::{Case, CaseError, Check, Requirement, RequirementLevel, Severity, Twin};
pub use fault::{BusClass, BusEffect, CallClass, CallEffect, Fault, FaultKind, Repeat};
pub use file::{CaseFile, CheckFile};
pub use id::{Area, CaseId, CheckId, IdError};
pub use load::{from_definition, load};
pub use pattern::Pattern;
pub use predicate::{Predicate, Scope};
pub use problem::Problem;
pub use rendezvous::{Meeting, Once, Point, Rendezvous};
pub use script::{CanaryRole, End, Interaction, Options, Partition, Place, Script, Session, Step, StepLabel};
pub use shard::{Shard, ShardError};
pub use world::{Condition, Plant, PlantKind, Platform, WorldSpec};
