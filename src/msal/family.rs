//! Families of applications: the members of one may redeem each other's refresh tokens.

use std::borrow::Cow;

use super::{Document, Query, RefreshToken};

impl Document<'_> {
    /// The refresh tokens that the query's application may try, the best first.
    ///
    /// - It is known to be of a family: the family's tokens, then its own.
    /// - It is known to be of none: its own.
    /// - It is not known: its own, then those of families. The issuer refuses these to an application that is not of
    ///   the family, and tells the application its family otherwise; that is how it becomes known.
    ///
    /// A query that names no application finds what [`refresh_tokens`](Self::refresh_tokens) finds.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AppMetadata, Document, Query, RefreshToken};
    ///
    /// let mut document = Document::new();
    /// let mut application = AppMetadata::new("login.example", "a-client");
    /// application.family_id = Some("1".into());
    /// document.upsert(&application)?;
    /// let mut sister = RefreshToken::new("a-family's", "login.example", "another-client");
    /// sister.family_id = Some("1".into());
    /// document.upsert(&RefreshToken::new("its own", "login.example", "a-client"))?;
    /// document.upsert(&sister)?;
    ///
    /// let found = document.refresh_candidates(&Query::new().client("a-client"));
    /// let secrets: Vec<_> = found.iter().map(|token| token.secret.expose()).collect();
    /// assert_eq!(secrets, ["a-family's", "its own"]);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn refresh_candidates<'d>(&'d self, query: &Query) -> Vec<RefreshToken<'d>> {
        let Some(client) = query.application() else { return self.refresh_tokens(query).collect() };
        let families = self.families(&query.of_application());
        let rank = |token: &RefreshToken<'_>| {
            let is_own = token.client_id == client;
            let family = token.family_id.as_deref().filter(|family| !family.is_empty());
            match (&families, family) {
                (Membership::Known(families), Some(family))
                    if families.iter().any(|known| known == family) =>
                {
                    Some(Rank::First)
                }
                (Membership::Known(_), _) => is_own.then_some(Rank::Second),
                (Membership::Unknown, _) if is_own => Some(Rank::First),
                (Membership::Unknown, family) => family.map(|_| Rank::Second),
            }
        };
        let query = query.of_any_application();
        let tokens = self.refresh_tokens(&query);
        let mut ranked: Vec<_> = tokens.filter_map(|token| rank(&token).map(|rank| (rank, token))).collect();
        // Stable: within a rank, the order of the document.
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, token)| token).collect()
    }

    /// The families of an application.
    pub(super) fn families(&self, application: &Query) -> Membership {
        let mut known = self.app_metadata(application).peekable();
        if known.peek().is_none() {
            return Membership::Unknown;
        }
        let families = known.filter_map(|application| application.family_id);
        Membership::Known(families.filter(|family| !family.is_empty()).map(Cow::into_owned).collect())
    }
}

/// How good a candidate is.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    First,
    Second,
}

/// What is known of an application.
pub(super) enum Membership {
    /// The families that it is of, if any.
    Known(Vec<String>),
    /// Nothing.
    Unknown,
}
