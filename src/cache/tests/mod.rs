//! Caches in temporary homes, over a protector whose state a test chooses.

#![expect(clippy::disallowed_methods, reason = "tests plant and inspect files")]
#![expect(clippy::disallowed_types, reason = "tests plant and inspect files")]

mod changes;
mod clearing;
mod leasing;
mod model;
mod opening;
mod transitions;
mod world;
