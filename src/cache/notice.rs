//! What the user of a cache should know about its protection.

use std::path::PathBuf;

/// How a cache is protected, and why so.
///
/// # Example
///
/// ```
/// use token_cache::Protection;
///
/// fn badge(protection: &Protection) -> String {
///     match protection {
///         Protection::Encrypted { protector } => format!("encrypted by {protector}"),
///         Protection::Plaintext { path, reason } => format!("in clear in {}: {reason}", path.display()),
///         _ => "see the documentation".to_owned(),
///     }
/// }
///
/// assert_eq!(badge(&Protection::Encrypted { protector: "dpapi" }), "encrypted by dpapi");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Protection {
    /// By the platform's user data protection.
    Encrypted {
        /// Which one, such as `secret-service`.
        protector: &'static str,
    },
    /// Not at all: the application allowed it, and encryption was tried.
    Plaintext {
        /// The file.
        path: PathBuf,
        /// What stood in the way of encryption.
        reason: String,
    },
}

/// Something about the protection of a cache that happened or was found; announced once per open cache.
///
/// Each is kept in [`TokenCache::notices`](crate::TokenCache::notices) and sent as a `tracing` event.
///
/// # Example: a command line program says it
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// # let options = token_cache::TokenCachePersistenceOptions::new().allow_unencrypted_storage(true);
/// # let cache = token_cache::TokenCache::builder(&options).environment(environment).open()?;
/// use token_cache::Notice;
///
/// for notice in cache.notices() {
///     eprintln!("warning: {notice}");
/// }
/// assert!(matches!(cache.notices()[..], [Notice::PlaintextFallback { .. }]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// A cache that was encrypted before is plaintext now; it starts empty.
    #[error(
        "the token cache was encrypted before and starts again, unencrypted and empty, in {path:?}: {reason}"
    )]
    Demoted {
        /// The file.
        path: PathBuf,
        /// What stands in the way of encryption.
        reason: String,
    },
    /// Plaintext was read, stored encrypted, and emptied. The disk may still hold the old bytes.
    #[error(
        "the plaintext in {path:?} was imported and emptied; emptying is not erasure, so consider new sign-ins"
    )]
    Imported {
        /// The file.
        path: PathBuf,
    },
    /// The cache will be written in the clear.
    #[error("the token cache is stored unencrypted in {path:?}: {reason}")]
    PlaintextFallback {
        /// The file.
        path: PathBuf,
        /// What stands in the way of encryption.
        reason: String,
    },
    /// Plaintext lies beside the encrypted cache; it is neither read nor removed.
    #[error("plaintext that is not used lies in {path:?}; purge_plaintext() removes it")]
    PlaintextResidue {
        /// The file.
        path: PathBuf,
    },
    /// Plaintext lay beside the encrypted cache and was emptied unread.
    #[error(
        "the plaintext in {path:?} lay beside the encrypted cache and was emptied unread; emptying is not erasure"
    )]
    ResidueEmptied {
        /// The file.
        path: PathBuf,
    },
}

impl Notice {
    /// Sends the notice to whoever listens.
    pub(crate) fn announce(&self) {
        tracing::warn!(target: "token_cache", "{self}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    use super::*;

    #[test]
    fn whoever_listens_to_warnings_of_the_library_is_told() {
        let heard = Listener::default();
        let notice = Notice::PlaintextResidue { path: "/home/alex/cache".into() };
        tracing::subscriber::with_default(heard.clone(), || notice.announce());
        assert_eq!(*heard.0.lock().expect("not poisoned"), [notice.to_string()]);
    }

    /// The messages of the library's warnings.
    #[derive(Clone, Default)]
    struct Listener(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Listener {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "token_cache" && *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    impl Visit for Listener {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            assert_eq!(field.name(), "message");
            self.0.lock().expect("not poisoned").push(format!("{value:?}"));
        }
    }

    #[test]
    fn of_plaintext_that_nobody_read_it_is_not_said_how_old_it_was() {
        let notice = Notice::ResidueEmptied { path: "/home/alex/cache".into() };
        let said = notice.to_string();
        assert!(said.contains("unread") && !said.contains("older"), "{said}");
    }
}
