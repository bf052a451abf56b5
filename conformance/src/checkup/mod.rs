//! The check of an adapter: does it keep to the protocol, whatever its library does?
//!
//! Run before an implementation is judged, it tells "the adapter is wrong" from "the library is wrong". Every point is
//! one sentence of `PROTOCOL.md`; what is sent is as odd as the protocol allows, and odder than any case.
//!
//! | file | holds |
//! |---|---|
//! | `point` | [`Point`]: what an adapter must keep to, sentence by sentence |
//! | `finding` | [`Checkup`], [`Finding`]: what was found, point by point |
//! | `interview` | one session, every line of which is ours to choose |
//! | `examination` | [`examine`]: the sessions, in order, and what they have in common |
//! | `greeting` | `hello`, versions and the statement |
//! | `lines` | `seq`, and what an adapter does not know |
//! | `values` | what is put comes back as it was |
//! | `endings` | `bye`, the end of the input, a kill |
//! | `surroundings` | what the observers saw meanwhile |

mod endings;
mod examination;
mod finding;
mod greeting;
mod interview;
mod lines;
mod point;
mod surroundings;
mod values;

pub use examination::examine;
pub use finding::{Checkup, Finding};
pub use point::Point;
