//! What a credential does with tokens and caches, in the places where it can be done wrong.

use std::{io, path::Path};

use token_cache::TokenCachePersistenceOptions;

use super::authority::Tokens;
use crate::{case::Partition, protocol::CredentialKind};

/// The conduct of a credential: each method as it is is right, and a mutant writes out the one that it gets wrong.
pub trait Habits: Send + Sync {
    /// The options of a cache: those that were given, and the default values where none were.
    fn options(
        &self,
        kind: CredentialKind,
        given: Option<TokenCachePersistenceOptions>,
    ) -> TokenCachePersistenceOptions {
        let _every_kind_alike = kind;
        given.unwrap_or_default()
    }

    /// The partition whose cache is used for a token of a partition.
    fn partition(&self, asked: Partition) -> Partition {
        asked
    }

    /// Whether the user is asked before the cache was opened.
    fn asks_first(&self) -> bool {
        false
    }

    /// Is told that a cache is about to be looked for, and where.
    fn before_opening(&self, kind: CredentialKind, folder: &Path) -> io::Result<()> {
        let _nothing_to_make = (kind, folder);
        Ok(())
    }

    /// What is kept of what was issued; the credential had this refresh token before.
    fn kept(&self, issued: Issued, before: Option<&str>, folder: &Path) -> io::Result<Issued> {
        let _all_that_is_needed = (before, folder);
        Ok(issued)
    }

    /// A refresh token that is not in the cache.
    fn remembered(&self, folder: &Path) -> Option<String> {
        let _nothing_beside_the_cache = folder;
        None
    }

    /// Is told what was issued, where the library logs everything.
    fn log(&self, issued: &Issued) -> io::Result<()> {
        let _not_a_word = issued;
        Ok(())
    }
}

/// The secrets that an authority issued; those that are absent were not, or are not kept.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The access token.
    pub access_token: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The id token.
    pub id_token: Option<String>,
}

/// The right conduct.
#[derive(Clone, Copy, Debug)]
pub struct Right;

impl Habits for Right {}

impl Issued {
    /// The secrets of tokens.
    pub(super) fn of(tokens: &Tokens) -> Self {
        let Tokens { access_token, refresh_token, id_token, .. } = tokens.clone();
        Self { access_token, refresh_token, id_token }
    }

    /// The tokens with these secrets.
    pub(super) fn into_tokens(self, tokens: &Tokens) -> Tokens {
        let Self { access_token, refresh_token, id_token } = self;
        Tokens { access_token, refresh_token, id_token, ..tokens.clone() }
    }
}
