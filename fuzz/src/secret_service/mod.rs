//! A Secret Service that says anything: what is reported is so, in time, and secrets stay where they belong.
//!
//! | file | what it is |
//! |---|---|
//! | `bus` | the socket behind which the service is |
//! | `cache` | what must hold of a whole cache |
//! | `keyring` | a sound keyring in memory |
//! | `lies` | answers that could be, and are not so |
//! | `message` | messages on the bus |
//! | `property` | what must hold, and of what |
//! | `record` | what was said |
//! | `script` | the bytes of a search as decisions |
//! | `service` | the keyring on the bus, sound but for what the script says |
//! | `session` | the service's side of the encryption |
//! | `store` | what must hold of the store alone |
//! | `wire` | values in a message |

mod bus;
mod cache;
mod keyring;
mod lies;
mod message;
mod property;
mod record;
mod script;
mod service;
mod session;
mod store;
mod wire;

pub use property::{check, seeds};
