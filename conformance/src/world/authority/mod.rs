//! A fake token authority over TLS on loopback, for credential-level adapters.
//!
//! A credential asks for a token and its library persists it, so the value that a store-level `put` would carry is
//! issued here. The harness arms the role of a `put` while it lasts: whoever asks for an unarmed role gets a decoy, so a
//! value that comes back equal to the canary came from the cache and not from here.
//!
//! Where a user signs in, the refresh token and the id token beside the access token are canaries of their own. Each use
//! of a refresh token replaces it; one that was replaced is refused, and that is recorded.
//!
//! It can also be reached as the public authority, through its port as a proxy: for libraries that go nowhere else.
//!
//! | file | holds |
//! |---|---|
//! | `server` | [`Authority`]: start, arm, finish |
//! | `certificate` | the throw-away CA and the server's certificate |
//! | `listener` | TCP, or a proxy's tunnel, to TLS, with a deadline for each handshake |
//! | `request` | reads requests within bounds and shows every part of them to the leak scan |
//! | `answer` | which path is answered by what, and how a refusal is said |
//! | `discovery` | aliases and endpoints |
//! | `sign_in` | device codes and the page of the browser |
//! | `token` | the token endpoint |
//! | `identity` | the only user, and the tokens that say who that is |
//! | `issuer` | who gets a canary and who a decoy; what is recorded |
//! | `ledger` | codes and refresh tokens that were given out |

mod answer;
mod certificate;
mod discovery;
mod identity;
mod issuer;
mod ledger;
mod listener;
mod request;
mod server;
mod sign_in;
mod token;

pub use issuer::{CLIENT_SECRET_ROLE, scope_of};
pub use request::RequestPart;
pub use server::{Authority, AuthorityError, AuthoritySettings, Face};
