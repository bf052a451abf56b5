//! A fake token authority over TLS on loopback, for credential-level adapters.
//!
//! A credential asks for a token and its library persists it, so the value that a store-level `put` would carry is
//! issued here. The harness arms one role before a `put` and withholds before every other step: whoever asks for an
//! unarmed role gets a decoy, so a value that comes back equal to the canary came from the cache and not from here.
//!
//! | file | holds |
//! |---|---|
//! | `server` | [`Authority`]: start, arm, finish |
//! | `certificate` | the throw-away CA and the server's certificate |
//! | `listener` | TCP to TLS, with a deadline for each handshake |
//! | `request` | reads requests within bounds and shows every part of them to the leak scan |
//! | `answer` | discovery and tokens |
//! | `issuer` | who gets a canary and who a decoy; what is recorded |

mod answer;
mod certificate;
mod issuer;
mod listener;
mod request;
mod server;

pub use issuer::{CLIENT_SECRET_ROLE, scope_of};
pub use request::RequestPart;
pub use server::{Authority, AuthorityError, AuthoritySettings};
