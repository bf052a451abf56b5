//! The manual: who can get at the tokens, why the defaults are what they are, the formats byte by byte, who else reads
//! them, and how other caches failed.
//!
//! It is for whoever uses this library, reviews it, or writes another one, in whatever language. What it says of this
//! library is what the code does. Where an example can show it, one does, and the tests run it.
//!
//! | page | answers |
//! |---|---|
//! | [`threats`] | who can read or change the tokens, who cannot, and what only the application can do about it |
//! | [`defaults`] | what happens unless something else is asked for, and why |
//! | [`formats`] | every byte that is written: files, items, locks |
//! | [`interop`] | which other programs have the same caches, and what to mind beside them |
//! | [`failures`] | how other caches lost, leaked or mixed up tokens, and why this one does not |
//!
//! # Example: the three things that a program should tell its user
//!
//! ```
//! # let home = tempfile::tempdir()?;
//! # let environment = token_cache::Environment {
//! #     platform: token_cache::Platform::Other("an example"),
//! #     home: Some(home.path().into()),
//! #     ..Default::default()
//! # };
//! use token_cache::{TokenCache, TokenCachePersistenceOptions};
//!
//! let options = TokenCachePersistenceOptions::new().name("my_application").allow_unencrypted_storage(true);
//! match TokenCache::builder(&options).environment(environment).open() {
//!     Ok(cache) => {
//!         println!("{:?}", cache.protection());
//!         cache.notices().iter().for_each(|notice| eprintln!("warning: {notice}"));
//!     }
//!     Err(error) => eprintln!("tokens are not kept: {error}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("failures.md")]
pub mod failures {}

#[doc = include_str!("formats.md")]
pub mod formats {}

#[doc = include_str!("interop.md")]
pub mod interop {}

#[doc = include_str!("threats.md")]
pub mod threats {}
