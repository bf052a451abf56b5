//! Doing something slow once: who may, until when, and how the others wait.
//!
//! The cache's lock is held for moments, so it cannot be held across a network. But a refresh token that is rotated may
//! be redeemed once: whoever redeems it a second time may lose the user's session. So one process takes a *lease* on a
//! subject, redeems, stores, and gives the lease back; whoever waited for the lease finds the new token stored.
//!
//! A lease is a file of its own, `.lease-<cache>-<subject>` with two hashes, so that no other SDK meets it: nothing of
//! what is shared has another form because of it. It is made, judged and removed only while the cache is held. Its holder
//! keeps the system's lock on it, which ends with the holder however that ends, on whatever pid.
//!
//! ```text
//!                        the file                 what a waiter does
//!  nobody                is not there             takes the lease: makes the file, locks it
//!  the holder is dead    can be locked            removes it, and takes the lease at once
//!  the holder lives      cannot be locked         waits; once it has watched the very same file for a whole term, removes
//!                                                 it and takes the lease
//! ```
//!
//! The term is measured by the waiter, on its own clock that never goes back, from when it first saw the file: no two
//! clocks are compared, and setting a clock changes nothing. So a holder that stands still is replaced after one term at
//! the earliest and two at the latest. It learns of that when it stores, and what it obtained is stored all the same:
//! after a rotation it may be the only token that still works.
//!
//! One loss remains that no lease prevents: a holder that dies after the service has answered and before the answer is
//! stored takes the only good token with it, and the user signs in again. That gap is as short as a store.
//!
//! | file | holds |
//! |---|---|
//! | `watch.rs` | the judgement, as a state machine over values |
//! | `place.rs` | the file |

mod place;
mod watch;

pub(crate) use place::{Place, revoke_all};
pub(crate) use watch::{LONGEST_TERM, Verdict, Watch};
