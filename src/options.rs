//! What an application says about its cache; nothing happens until the cache is opened.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::CacheName;

/// Options for persistent token caching (S1).
///
/// The default values share the cache of Microsoft developer tools and refuse to store anything where encryption is
/// not available. The options are inert: no file, no variable and no bus is touched before [`TokenCache::open`], and
/// a name is checked there.
///
/// The cache contains authentication secrets. If it is not encrypted, protecting it is the application's
/// responsibility: a breach of its contents fully compromises accounts (S7, S8).
///
/// In a configuration file an unknown key is an error, because a misspelt option that is dropped in silence is how a
/// cache ends up shared or in the clear.
///
/// # Example: the cache that developer tools share
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// use token_cache::{ErrorKind, Partition, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::default();
/// assert_eq!(options.cache_name(), "msal.cache");
///
/// // `TokenCache::open(&options, Partition::NoCae)` is the short form, with the system's environment.
/// let opened = TokenCache::builder(&options).environment(environment).partition(Partition::NoCae).open();
///
/// // There is no keyring in this example's environment, so nothing is stored.
/// assert_eq!(opened.unwrap_err().kind(), ErrorKind::EncryptionUnavailable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Example: a name isolates the cache from other applications
///
/// ```
/// use token_cache::TokenCachePersistenceOptions;
///
/// let options = TokenCachePersistenceOptions::new().name("my_application");
/// assert_eq!(options.cache_name(), "my_application");
/// ```
///
/// # Example: unencrypted storage where encryption is not available
///
/// ```
/// # let home = tempfile::tempdir()?;
/// # let environment = token_cache::Environment {
/// #     platform: token_cache::Platform::Other("an example"),
/// #     home: Some(home.path().into()),
/// #     ..Default::default()
/// # };
/// use token_cache::{Protection, SecretBytes, TokenCache, TokenCachePersistenceOptions};
///
/// let options = TokenCachePersistenceOptions::new().allow_unencrypted_storage(true);
/// assert!(options.allows_unencrypted_storage());
/// let cache = TokenCache::builder(&options).environment(environment).open()?;
///
/// // Encryption was tried first; the state says why it is not used (S16, S17).
/// assert!(matches!(cache.protection(), Protection::Plaintext { .. }));
/// cache.write(SecretBytes::from(b"{}".to_vec()))?;
/// assert_eq!(cache.read()?, Some(SecretBytes::from(b"{}".to_vec())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`TokenCache::open`]: crate::TokenCache::open
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TokenCachePersistenceOptions {
    name: String,
    allow_unencrypted_storage: bool,
}

impl TokenCachePersistenceOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Isolates the cache's data from other applications by a name of its own (S4, S10).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether to fall back to plain text when encryption is not possible; no by default (S6, S14, S15).
    ///
    /// Allowing it does not disable encryption: the cache will always try to encrypt its data (S16, S17).
    pub fn allow_unencrypted_storage(mut self, allow: bool) -> Self {
        self.allow_unencrypted_storage = allow;
        self
    }

    /// The name that was given, or the default one; unchecked.
    pub fn cache_name(&self) -> &str {
        &self.name
    }

    /// Whether plain text was allowed.
    pub fn allows_unencrypted_storage(&self) -> bool {
        self.allow_unencrypted_storage
    }
}

impl Default for TokenCachePersistenceOptions {
    fn default() -> Self {
        Self { name: CacheName::DEFAULT.to_owned(), allow_unencrypted_storage: false }
    }
}

impl<'de> Deserialize<'de> for TokenCachePersistenceOptions {
    /// Reads named members only: in a list, `["my_application", true]`, nobody would see that `true` is consent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedMembers)
    }
}

struct NamedMembers;

impl<'de> Visitor<'de> for NamedMembers {
    type Value = TokenCachePersistenceOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of options")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let members = Members::deserialize(MapAccessDeserializer::new(members))?;
        Ok(TokenCachePersistenceOptions::new()
            .name(members.name)
            .allow_unencrypted_storage(members.allow_unencrypted_storage))
    }
}

/// The options as members of an object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(default = "default_name")]
    name: String,
    #[serde(default)]
    allow_unencrypted_storage: bool,
}

fn default_name() -> String {
    CacheName::DEFAULT.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Result<TokenCachePersistenceOptions, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_object_is_the_default() {
        assert_eq!(parsed("{}"), Ok(TokenCachePersistenceOptions::new()));
    }

    #[test]
    fn a_misspelt_option_is_an_error() {
        let error = parsed(r#"{"allow_unencrypted": true}"#).expect_err("refused");
        assert!(error.starts_with("unknown field `allow_unencrypted`"), "{error}");
        let spelt = parsed(r#"{"allow_unencrypted_storage": true}"#).expect("accepted");
        assert!(spelt.allows_unencrypted_storage());
    }

    #[test]
    fn a_list_is_no_object() {
        let error = parsed(r#"["my_application", true]"#).expect_err("refused");
        assert!(error.starts_with("invalid type: sequence, expected an object of options"), "{error}");
    }

    #[test]
    fn consent_is_a_boolean_and_nothing_that_looks_like_one() {
        for value in ["\"yes\"", "1", "null"] {
            let error = parsed(&format!(r#"{{"allow_unencrypted_storage": {value}}}"#)).expect_err("refused");
            assert!(error.starts_with("invalid type"), "{error}");
        }
    }
}
