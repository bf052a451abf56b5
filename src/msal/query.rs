//! What is looked for.

use super::{UnixTime, aliases};

/// What the records that are looked for have in common; without criteria, everything that is not bound.
///
/// | criterion | applies to |
/// |---|---|
/// | [`account`](Self::account), [`without_account`](Self::without_account) | everything but the metadata of applications |
/// | [`environment`](Self::environment), [`environment_exactly`](Self::environment_exactly) | everything |
/// | [`client`](Self::client) | everything but accounts |
/// | [`tenant`](Self::tenant) | access tokens, ID tokens, accounts; a refresh token is good for every tenant of its user |
/// | [`scopes`](Self::scopes), [`valid_at`](Self::valid_at) | access tokens; a refresh token is good for every scope |
/// | [`family`](Self::family) | refresh tokens and the metadata of applications |
/// | [`token_type`](Self::token_type), [`key`](Self::key), [`extension`](Self::extension), [`claims`](Self::claims) | access tokens |
/// | [`assertion`](Self::assertion) | access tokens and refresh tokens |
///
/// The last two lines are about what a token is **bound** to. A bound token answers only a query that names what it is
/// bound to, and an unbound one only a query that names nothing; MSAL for Python would return a token for a key, or
/// for another user's assertion, to a query that knows of neither. As text is compared, capitals count, except for
/// hosts, tenants and token types.
///
/// # Example
///
/// ```
/// use token_cache::SecretBytes;
/// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
///
/// let mut document = Document::new();
/// let mut token = AccessToken::new("a-token", "login.windows.net", "a-client", UnixTime::from_seconds(2_000));
/// token.realm = Some("a-tenant".into());
/// token.set_scopes(["User.Read", "Mail.Read"]);
/// document.upsert(&token)?;
///
/// let query = Query::new()
///     .without_account()
///     .environment("login.microsoftonline.com")
///     .tenant("a-tenant")
///     .client("a-client")
///     .scopes(["Mail.Read"]);
/// let find = |query: Query| document.access_tokens(&query).count();
/// assert_eq!(find(query.clone().valid_at(UnixTime::from_seconds(1_999))), 1);
/// assert_eq!(find(query.clone().valid_at(UnixTime::from_seconds(2_000))), 0);
/// assert_eq!(find(query.clone().account("a-user.a-tenant")), 0);
/// assert_eq!(find(query.scopes(["Mail.Send"])), 0);
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    pub(super) owner: Owner,
    pub(super) environment: Hosts,
    pub(super) client: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) valid_at: Option<UnixTime>,
    pub(super) family: Option<String>,
    pub(super) binding: Binding,
}

/// Whose records.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Owner {
    #[default]
    Anybody,
    /// The application's own.
    Nobody,
    Account(String),
}

/// Which hosts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Hosts {
    #[default]
    Any,
    Exactly(String),
    Known(&'static [&'static str]),
}

/// What a token is bound to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Binding {
    /// It does not matter.
    Any,
    Exactly(Bound),
}

impl Default for Binding {
    fn default() -> Self {
        Self::Exactly(Bound::default())
    }
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Bound {
    pub(super) token_type: Option<String>,
    pub(super) key: Option<String>,
    pub(super) extension: Option<String>,
    pub(super) assertion: Option<String>,
    pub(super) claims: Option<String>,
}

impl Query {
    /// A query without criteria.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Document, Query};
    ///
    /// assert_eq!(Document::new().accounts(&Query::new()).count(), 0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Records of the user with this `home_account_id`, which is `<object id>.<tenant id>` of the home tenant.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().account("6fd0a3c7.f645ad92");
    /// ```
    pub fn account(mut self, home_account_id: impl Into<String>) -> Self {
        self.owner = Owner::Account(home_account_id.into());
        self
    }

    /// Records of no user: the tokens that an application has in its own name.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().without_account().client("a-client");
    /// ```
    pub fn without_account(mut self) -> Self {
        self.owner = Owner::Nobody;
        self
    }

    /// Records of the authority at this host, under each of its [names](aliases).
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().environment("login.microsoftonline.com");
    /// assert_eq!(query, Query::new().environment("login.windows.net"));
    /// ```
    pub fn environment(mut self, host: impl Into<String>) -> Self {
        let host = host.into();
        self.environment = match aliases(&host) {
            [] => Hosts::Exactly(host),
            known => Hosts::Known(known),
        };
        self
    }

    /// Records of the authority at this host, under this name only.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().environment_exactly("login.microsoftonline.com");
    /// assert_ne!(query, Query::new().environment_exactly("login.windows.net"));
    /// ```
    pub fn environment_exactly(mut self, host: impl Into<String>) -> Self {
        self.environment = Hosts::Exactly(host.into());
        self
    }

    /// Records of the application with this identifier.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().client("04b07795-8ddb-461a-bbee-02f9e1bf7b46");
    /// ```
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client = Some(client_id.into());
        self
    }

    /// Records of the tenant with this identifier or domain, which the schema calls realm.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().tenant("contoso.onmicrosoft.com");
    /// ```
    pub fn tenant(mut self, realm: impl Into<String>) -> Self {
        self.tenant = Some(realm.into());
        self
    }

    /// Tokens that are good for all of these scopes, and maybe for others.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().scopes(["User.Read", "Mail.Read"]);
    /// assert_eq!(query, Query::new().scopes(["User.Read Mail.Read"]));
    /// ```
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.clear();
        for scope in scopes {
            self.scopes.extend(scope.as_ref().split_ascii_whitespace().map(str::to_owned));
        }
        self
    }

    /// Tokens that are valid at this time. Who needs one for a while adds that to the time.
    ///
    /// # Example: five minutes to spare
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use token_cache::msal::{Query, UnixTime};
    ///
    /// let query = Query::new().valid_at(UnixTime::from(SystemTime::now()) + Duration::from_secs(300));
    /// ```
    pub fn valid_at(mut self, time: UnixTime) -> Self {
        self.valid_at = Some(time);
        self
    }

    /// Refresh tokens that are shared by this family of applications, and the metadata of its members.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().account("a-user.a-tenant").family("1");
    /// ```
    pub fn family(mut self, family_id: impl Into<String>) -> Self {
        self.family = Some(family_id.into());
        self
    }

    /// Tokens that are presented in this way instead of as `Bearer`.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().token_type("pop").key("a-key");
    /// ```
    pub fn token_type(mut self, token_type: impl Into<String>) -> Self {
        self.bound().token_type = Some(token_type.into());
        self
    }

    /// Tokens that are bound to the key with this identifier.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().token_type("ssh-cert").key("a-key");
    /// ```
    pub fn key(mut self, key_id: impl Into<String>) -> Self {
        self.bound().key = Some(key_id.into());
        self
    }

    /// Tokens that were asked for with further parameters, by their hash, the `ext_cache_key`.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().extension("ioyb8fhxx4yquz7pi-fvgsmdqesxn1ua1hugjhdjsv8");
    /// ```
    pub fn extension(mut self, ext_cache_key: impl Into<String>) -> Self {
        self.bound().extension = Some(ext_cache_key.into());
        self
    }

    /// Tokens that were exchanged for the assertion with this hash.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().assertion("the-hash-of-an-assertion");
    /// ```
    pub fn assertion(mut self, hash: impl Into<String>) -> Self {
        self.bound().assertion = Some(hash.into());
        self
    }

    /// Tokens that were asked for with the claims that have this hash.
    ///
    /// A *claims challenge* is something else: it says that the stored access token will not do. Whoever has one asks
    /// for no access token here, but for a refresh token. Tokens with continuous access evaluation are in a cache of
    /// their own, [`Partition::Cae`](crate::Partition::Cae).
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::Query;
    ///
    /// let query = Query::new().claims("the-hash-of-claims");
    /// ```
    pub fn claims(mut self, hash: impl Into<String>) -> Self {
        self.bound().claims = Some(hash.into());
        self
    }

    /// Tokens whatever they are bound to: to list or to remove them, not to use them.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
    ///
    /// let mut document = Document::new();
    /// let mut token = AccessToken::new("a-token", "login.windows.net", "a-client", UnixTime::from_seconds(2_000));
    /// token.token_type = "pop".into();
    /// document.upsert(&token)?;
    /// assert_eq!(document.access_tokens(&Query::new()).count(), 0);
    /// assert_eq!(document.access_tokens(&Query::new().including_bound()).count(), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn including_bound(mut self) -> Self {
        self.binding = Binding::Any;
        self
    }

    /// The application, if one is named.
    pub(super) fn application(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// The query for what is known about the application.
    pub(super) fn of_application(&self) -> Self {
        Self { client: self.client.clone(), environment: self.environment.clone(), ..Self::default() }
    }

    /// The same query, whatever the application is.
    pub(super) fn of_any_application(&self) -> Self {
        Self { client: None, ..self.clone() }
    }

    fn bound(&mut self) -> &mut Bound {
        if self.binding == Binding::Any {
            self.binding = Binding::default();
        }
        match &mut self.binding {
            Binding::Exactly(bound) => bound,
            Binding::Any => unreachable!("it was replaced"),
        }
    }
}
