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
//! | `definition` | [`Case`] and [`Check`] as one file holds them |
//! | `catalogue` | every case in this binary, and selection |

mod definition;
mod id;
mod predicate;
mod script;
mod world;

pub use definition::{Case, CaseError, Check, Requirement, RequirementLevel, Severity, Twin};
pub use id::{Area, CaseId, CheckId, IdError};
pub use predicate::{Predicate, Scope};
pub use script::{CanaryRole, End, Interaction, Partition, Place, Script, Session, Step, StepLabel};
pub use world::{Condition, Plant, PlantKind, Platform, WorldSpec};
