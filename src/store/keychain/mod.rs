//! Keychain store: macOS encrypts the item under the user's login password, for the programs that the item lists.
//!
//! The item is a generic password in the user's default keychain, which mostly is the login keychain: the one that is
//! a file, not the one of sandboxed applications, because only programs with an entitlement can use that.
//!
//! # Identity
//!
//! | part of the cache | where it is in the item |
//! |---|---|
//! | keychain | the default one of the user's domain, and no other of the search list |
//! | that it is an MSAL cache | service, always `Microsoft.Developer.IdentityService` |
//! | file name: name and partition, such as `my_application.nocae` | account; `MSALCache` stands for `msal.cache.nocae` |
//!
//! This is the item of azure-identity for Python since 1.27.0. Until 1.26.0 every name and both partitions had the
//! account `MSALCache` ([azure-sdk-for-python#49314]), so an item of that age may hold the tokens of any name.
//!
//! # Attributes
//!
//! Service and account are all that is written and all that is required: within one keychain they are the key of a
//! generic password, so there is no second match. All others are ignored. An item that is there keeps its list of
//! programs when its bytes are replaced.
//!
//! # What others see
//!
//! `security find-generic-password -s Microsoft.Developer.IdentityService -a MSALCache -w` prints the value, after it
//! asked the user, and Keychain Access lists the item under the name of the service. Unlike elsewhere, an item here
//! knows which programs may read it: the one that made it, and those that the user added with "Always Allow". A
//! program without a stable signature is another one after each build.
//!
//! # Failure model
//!
//! | what happens | obstacle | what the user can do |
//! |---|---|---|
//! | `errSecNoDefaultKeychain`, `errSecNoSuchKeychain` | [`Absence::NoKeychain`] | sign in once; `security default-keychain -s` |
//! | the keychain's status is not unlocked | [`Obstacle::Locked`] | sign in; `security unlock-keychain` |
//! | `errSecInteractionNotAllowed`, `errSecInteractionRequired` of an unlocked keychain: the item does not list this program | [`Obstacle::Refused`] | open the cache once with [`Interaction::Allow`], and choose "Always Allow" |
//! | the same two of one that was locked meanwhile | [`Obstacle::Locked`] | sign in; `security unlock-keychain` |
//! | `errSecUserCanceled`, `errSecAuthFailed`, `errSecNoAccessForItem`, `errSecReadOnly`, `errSecWrPerm`, `errSecInvalidOwnerEdit`, `errSecMissingEntitlement` | [`Obstacle::Refused`] | answer the dialogue; allow the program in Keychain Access |
//! | `errSecDuplicateItem` for a write: the item is there and this program may not read it | [`Obstacle::Refused`] | as above |
//! | `errSecDecode`; more than 16 MiB | [`Obstacle::Unreadable`] | clear the cache |
//! | `errSecDataTooLarge` for a write | [`Breakage::TooLarge`] | |
//! | the deadline | [`Breakage::TimedOut`]; for a change [`Breakage::OutcomeUnknown`] | try again |
//! | any other status, `errSecNotAvailable` and `errSecInvalidKeychain` among them | [`Breakage::Service`] with its name | |
//!
//! `errSecNotAvailable` is no absence: it is also said while the security server cannot be reached, and what passes
//! must not lead to plaintext.
//!
//! # Quirks
//!
//! - Whether a call may open a dialogue is a switch of the whole process, because no option of a single call works for
//!   a keychain that is a file; Chromium, which has reported it as FB16959400, [does the same]. A call with
//!   [`Interaction::Never`] turns the switch off while it lasts, and on again if it was on. Meanwhile a dialogue of
//!   another thread is refused too; our own calls take turns.
//! - The switch is no sure protection from the dialogue that unlocks a keychain, so the status is asked for first;
//!   that never opens anything.
//! - A rebuilt or unsigned program is not the one that made the item: a second run is refused or asks again
//!   ([azure-sdk-for-python#28003], [azure-sdk-for-python#23620]). Sign the program.
//! - A system call that hangs in a dialogue cannot be taken back. Its thread stays behind until it is answered; whoever
//!   asked has had [`Breakage::TimedOut`] at the deadline.
//! - Several keychains without a default one look like none at all.
//!
//! # Headless and containers
//!
//! Over SSH the login keychain is there and mostly locked: [`Obstacle::Locked`]; `security unlock-keychain` unlocks it
//! for that session. A daemon whose user never signed in has no keychain: [`Absence::NoKeychain`]. On a build machine
//! make one for the job with `security create-keychain`, make it the default, and put the old default back afterwards.
//!
//! # Example: a store is made everywhere, where it is built
//!
//! ```
//! use token_cache::store::keychain::KeychainStore;
//! use token_cache::store::{ItemIdentity, Obstacle};
//! use token_cache::Platform;
//!
//! match KeychainStore::new(ItemIdentity::CLIENT_ID, "my_application.nocae") {
//!     Ok(_store) => assert_eq!(Platform::current(), Platform::MacOs),
//!     Err(Obstacle::NotBuilt { protector }) => assert_eq!(protector, "keychain"),
//!     Err(obstacle) => panic!("making a store does nothing yet: {obstacle}"),
//! }
//! ```
//!
//! [azure-sdk-for-python#23620]: https://github.com/Azure/azure-sdk-for-python/issues/23620
//! [azure-sdk-for-python#28003]: https://github.com/Azure/azure-sdk-for-python/issues/28003
//! [azure-sdk-for-python#49314]: https://github.com/Azure/azure-sdk-for-python/pull/49314
//! [does the same]: https://chromium.googlesource.com/chromium/src/+/main/crypto/apple/scoped_keychain_user_interaction_allowed.cc
//!
//! [`Absence::NoKeychain`]: crate::store::Absence::NoKeychain
//! [`Breakage::OutcomeUnknown`]: crate::store::Breakage::OutcomeUnknown
//! [`Breakage::Service`]: crate::store::Breakage::Service
//! [`Breakage::TimedOut`]: crate::store::Breakage::TimedOut
//! [`Breakage::TooLarge`]: crate::store::Breakage::TooLarge
//! [`Interaction::Allow`]: crate::Interaction::Allow
//! [`Interaction::Never`]: crate::Interaction::Never
//! [`Obstacle::Locked`]: crate::store::Obstacle::Locked
//! [`Obstacle::Refused`]: crate::store::Obstacle::Refused
//! [`Obstacle::Unreadable`]: crate::store::Obstacle::Unreadable

#[cfg(target_os = "macos")]
#[path = "enabled.rs"]
mod backend;
#[cfg(not(target_os = "macos"))]
#[path = "disabled.rs"]
mod backend;

// What needs no keychain is tested on every platform.
#[cfg(any(target_os = "macos", test))]
mod error;
#[cfg(any(target_os = "macos", test))]
mod item;
#[cfg(any(target_os = "macos", test))]
mod progress;

pub use backend::KeychainStore;
