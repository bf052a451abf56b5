//! What goes from a document: by a query, with an account, by age, or because it cannot be read.

use super::document::{Content, Document, Entry};
use super::family::Membership;
use super::record::contract::Contract as _;
use super::{AccessToken, Account, IdToken, Query, Record, RefreshToken, Section, UnixTime};

/// Whose refresh tokens go when an account is removed.
///
/// # Example
///
/// ```
/// use token_cache::msal::{Account, Document, Query, RefreshToken, SignOut};
///
/// let account = Account::new("a-user.a-tenant", "login.example");
/// let mut token = RefreshToken::new("a-token", "login.example", "a-client");
/// token.home_account_id = Some("a-user.a-tenant".into());
/// let mut document = Document::new();
/// document.upsert(&token)?;
///
/// assert_eq!(document.remove_account(&account, SignOut::Client("another-client")), 0);
/// assert_eq!(document.remove_account(&account, SignOut::Client("a-client")), 1);
/// # Ok::<(), token_cache::msal::ChangeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignOut<'q> {
    /// This application's, and those of its family: as MSAL signs a user out.
    Client(&'q str),
    /// Those of all applications.
    Everywhere,
}

impl Document<'_> {
    /// Removes what [`find`](Self::find) would find, and says how many that were.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, Document, Query, UnixTime};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000)))?;
    /// assert_eq!(document.remove::<AccessToken>(&Query::new().client("another-client")), 0);
    /// assert_eq!(document.remove::<AccessToken>(&Query::new().client("a-client")), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn remove<R: Record>(&mut self, query: &Query) -> usize {
        self.retain(|section, entry| section != R::SECTION || entry.meets::<R>(query).is_none())
    }

    /// Signs a user out: removes the account, its tokens and its ID tokens, under every name of its authority.
    ///
    /// Access tokens go whoever they were issued to; refresh tokens as `sign_out` says. What is known about
    /// applications stays.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{Account, Document, Query, SignOut};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&Account::new("a-user.a-tenant", "login.windows.net"))?;
    ///
    /// let account = document.accounts(&Query::new()).next().expect("somebody has signed in").into_owned();
    /// assert_eq!(document.remove_account(&account, SignOut::Everywhere), 1);
    /// assert!(document.is_empty());
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn remove_account(&mut self, account: &Account<'_>, sign_out: SignOut<'_>) -> usize {
        let owned = Query::new()
            .account(&*account.home_account_id)
            .environment(&*account.environment)
            .including_bound();
        let refreshing = match sign_out {
            SignOut::Everywhere => vec![owned.clone()],
            SignOut::Client(client) => {
                let application = Query::new().environment(&*account.environment).client(client);
                let families = match self.families(&application) {
                    Membership::Known(families) => families,
                    Membership::Unknown => Vec::new(),
                };
                let of_family = families.into_iter().map(|family| owned.clone().family(family));
                of_family.chain([owned.clone().client(client)]).collect()
            }
        };
        self.retain(|section, entry| match section {
            Section::AccessToken => entry.meets::<AccessToken<'_>>(&owned).is_none(),
            Section::RefreshToken => {
                !refreshing.iter().any(|query| entry.meets::<RefreshToken<'_>>(query).is_some())
            }
            Section::IdToken => entry.meets::<IdToken<'_>>(&owned).is_none(),
            Section::Account => entry.meets::<Account<'_>>(&owned).is_none(),
            Section::AppMetadata => true,
        })
    }

    /// Removes the access tokens that are no longer valid at a time, and says how many that were.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::msal::{AccessToken, Document, UnixTime};
    ///
    /// let mut document = Document::new();
    /// document.upsert(&AccessToken::new("a-token", "login.example", "a-client", UnixTime::from_seconds(2_000)))?;
    /// assert_eq!(document.remove_expired(UnixTime::from_seconds(1_999)), 0);
    /// assert_eq!(document.remove_expired(UnixTime::from_seconds(2_000)), 1);
    /// # Ok::<(), token_cache::msal::ChangeError>(())
    /// ```
    pub fn remove_expired(&mut self, time: UnixTime) -> usize {
        self.retain(|section, entry| {
            section != Section::AccessToken
                || entry
                    .found()
                    .and_then(|found| AccessToken::read(&found))
                    .map_or(true, |token| token.expires_on > time)
        })
    }

    /// Removes every part that cannot be read, and says how many that were. Nothing else removes any.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::Document;
    ///
    /// let stored = SecretBytes::from(br#"{"Account": {"damaged": 7}, "IdToken": 7, "Later": 7}"#.to_vec());
    /// let mut document = Document::parse(&stored)?;
    /// assert_eq!(document.discard_faults(), 2);
    /// assert!(document.faults().is_empty());
    /// # Ok::<(), token_cache::msal::ParseError>(())
    /// ```
    pub fn discard_faults(&mut self) -> usize {
        let before = self.members.len();
        self.members.retain(|member| match member.content {
            Content::Misshapen(..) => false,
            Content::Records(..) | Content::Unknown(_) => true,
        });
        let sections = before - self.members.len();
        if sections > 0 {
            self.unchanged = None;
        }
        sections + self.retain(|section, entry| entry.defect(section).is_none())
    }

    fn retain(&mut self, keep: impl Fn(Section, &Entry<'_>) -> bool) -> usize {
        let mut removed = 0;
        for member in &mut self.members {
            if let Content::Records(section, entries) = &mut member.content {
                let before = entries.len();
                entries.retain(|entry| keep(*section, entry));
                removed += before - entries.len();
            }
        }
        if removed > 0 {
            self.unchanged = None;
        }
        removed
    }
}
