//! The credential: an answer from the cache where it has one, else from the authority, kept for later.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use token_cache::SecretBytes;

use super::{
    CredentialError,
    authority::{Asked, Authority, AuthorityError, Revocable, Tokens},
    document::{Document, Identity},
    habits::{Habits, Issued},
};
use crate::{
    adapter::reference::{
        caches::{Caches, MakeSeams, options},
        outcome::Failed,
        session::{Answered, Handle},
    },
    case::Partition,
    protocol::{Base64Bytes, CredentialKind, Get, LogLevel, Open, Phase, Put, Remove, ReplyBody},
};

/// A credential and the caches that it opened.
pub(in crate::adapter::reference) struct Credential {
    kind: CredentialKind,
    caches: Caches,
    authority: Authority,
    /// The account of the user who signed in with it.
    account: Option<String>,
    habits: Arc<dyn Habits>,
    log: LogLevel,
}

impl Credential {
    /// What `open` describes; nobody is asked for anything yet.
    ///
    /// # Errors
    ///
    /// The authority's address is none, or there is no authority: then the adapter cannot carry out the request.
    pub(in crate::adapter::reference) fn open(
        open: &Open,
        habits: Arc<dyn Habits>,
        log: LogLevel,
    ) -> Result<Result<Self, Failed>, String> {
        let kind = open.credential.unwrap_or(CredentialKind::ClientSecret);
        let parameters = open.authority.clone().ok_or("open needs an authority at credential level")?;
        let options = habits.options(kind, open.options.clone().map(options));
        let authority = Authority::new(parameters).map_err(CredentialError::from);
        Ok(authority.map_err(Failed::during(Phase::Construct)).map(|authority| Self {
            kind,
            caches: Caches::new(options, open),
            authority,
            account: open.state.clone(),
            habits,
            log,
        }))
    }

    /// A token for a scope.
    ///
    /// The cache is opened before anybody is asked for anything, and it is not held while the authority is asked.
    fn token(&mut self, partition: Partition, scope: &str, seams: &MakeSeams) -> Result<String, Failed> {
        let habits = Arc::clone(&self.habits);
        let revocable = match partition {
            Partition::Nocae => Revocable::AtItsEnd,
            Partition::Cae => Revocable::AtOnce,
        };
        let asked = Asked { scope, revocable };
        let early = if habits.asks_first() { Some(self.ask(asked).map_err(saving)?) } else { None };
        let folder = folder();
        habits.before_opening(self.kind, &folder).map_err(CredentialError::Beside).map_err(opening)?;

        let stored = {
            let cache = self.caches.of(habits.partition(partition), seams).map_err(opening)?;
            cache.read().map_err(Failed::during(Phase::Load))?
        };
        let document = Document::parse(stored.as_ref().map(SecretBytes::expose))
            .map_err(CredentialError::Document)
            .map_err(Failed::during(Phase::Load))?;
        let user = self.user(&document);
        let known = user.as_ref().map(|(account, client)| self.identity(account, client));
        let found = known.and_then(|known| document.access_token(known, scope));
        if let (Some(found), None) = (found, &early) {
            return Ok(found.to_owned());
        }
        let before = known
            .and_then(|known| document.refresh_token(known).map(String::from))
            .or_else(|| habits.remembered(&folder));
        let tokens = match early {
            Some(tokens) => tokens,
            None => self.renew(asked, before.as_deref()).map_err(saving)?,
        };
        let given = tokens.access_token.clone().unwrap_or_default();
        let kept = self.kept(&tokens, before.as_deref(), &folder).map_err(saving)?;
        let client = user.map_or_else(|| self.authority.client_id().to_owned(), |(_, client)| client);
        self.store(partition, seams, |document, authority| {
            let (environment, tenant) = (authority.environment(), authority.tenant());
            let identity = Identity { environment, client_id: &client, tenant, account: &kept.account };
            document.add(identity, scope, &kept);
        })?;
        if !tokens.account.is_empty() {
            self.account = Some(tokens.account);
        }
        Ok(given)
    }

    /// What is kept of what was issued.
    fn kept(&self, tokens: &Tokens, before: Option<&str>, folder: &Path) -> Result<Tokens, CredentialError> {
        let issued = Issued::of(tokens);
        if self.log == LogLevel::Max {
            self.habits.log(&issued).map_err(CredentialError::Beside)?;
        }
        let kept = self.habits.kept(issued, before, folder).map_err(CredentialError::Beside)?;
        Ok(kept.into_tokens(tokens))
    }

    /// Changes what is stored; what another process has stored meanwhile stays.
    fn store(
        &mut self,
        partition: Partition,
        seams: &MakeSeams,
        change: impl FnOnce(&mut Document, &Authority),
    ) -> Result<(), Failed> {
        let cache = self.caches.of(self.habits.partition(partition), seams).map_err(opening)?;
        let changed = cache.update(|stored| {
            let mut document = Document::parse(stored.map(SecretBytes::expose))?;
            change(&mut document, &self.authority);
            Ok(SecretBytes::from(document.to_bytes()))
        });
        changed.map_err(Failed::during(Phase::Save))
    }

    /// Tokens without a user's help where that is possible.
    fn renew(&self, asked: Asked<'_>, refresh_token: Option<&str>) -> Result<Tokens, CredentialError> {
        let Some(refresh_token) = refresh_token.filter(|_| self.kind.is_for_user()) else {
            return self.ask(asked);
        };
        match self.authority.by_refresh_token(asked, refresh_token) {
            Err(AuthorityError::Refused { error }) if error == "invalid_grant" => self.ask(asked),
            renewed => Ok(renewed?),
        }
    }

    /// Tokens by what the credential has, or by its user.
    fn ask(&self, asked: Asked<'_>) -> Result<Tokens, CredentialError> {
        Ok(match self.kind {
            CredentialKind::ClientSecret => self.authority.by_secret(asked)?,
            CredentialKind::DeviceCode => self.authority.by_device_code(asked)?,
            CredentialKind::Interactive => self.authority.by_browser(asked)?,
            CredentialKind::SharedTokenCache => return Err(CredentialError::NobodySignedIn),
        })
    }

    /// Whose tokens are looked for, and through which client they came.
    fn user(&self, document: &Document) -> Option<(String, String)> {
        let client = self.authority.client_id().to_owned();
        match self.kind {
            CredentialKind::ClientSecret => Some((String::new(), client)),
            CredentialKind::DeviceCode | CredentialKind::Interactive => Some((self.account.clone()?, client)),
            CredentialKind::SharedTokenCache => {
                let (account, client) = document.only_user(self.authority.environment())?;
                Some((account.to_owned(), client.to_owned()))
            }
        }
    }

    fn identity<'a>(&'a self, account: &'a str, client_id: &'a str) -> Identity<'a> {
        let (environment, tenant) = (self.authority.environment(), self.authority.tenant());
        Identity { environment, client_id, tenant, account }
    }

    /// What later sessions are opened with again: only for who was asked.
    fn state(&self) -> Option<String> {
        match self.kind {
            CredentialKind::ClientSecret | CredentialKind::SharedTokenCache => None,
            CredentialKind::DeviceCode | CredentialKind::Interactive => self.account.clone(),
        }
    }
}

impl Handle for Credential {
    fn put(&mut self, put: Put, seams: &MakeSeams) -> Answered {
        let scope = put.scope.ok_or("put needs a scope at credential level")?;
        let token = self.token(put.partition, &scope, seams);
        Ok(token.map(|_| ReplyBody::Put { state: self.state() }))
    }

    fn get(&mut self, get: &Get, seams: &MakeSeams) -> Answered {
        let scope = get.scope.as_ref().ok_or("get needs a scope at credential level")?;
        let token = self.token(get.partition, scope, seams);
        Ok(token.map(|token| ReplyBody::Get {
            value: Some(Base64Bytes(token.into_bytes())),
            state: self.state(),
        }))
    }

    fn remove(&mut self, _: &Remove, _: &MakeSeams) -> Result<Option<Result<ReplyBody, Failed>>, String> {
        Ok(None)
    }

    fn caches(&self) -> &Caches {
        &self.caches
    }
}

fn opening(error: impl Into<crate::adapter::reference::outcome::LibraryError>) -> Failed {
    Failed { error: error.into(), phase: Phase::Open }
}

fn saving(error: CredentialError) -> Failed {
    Failed { error: error.into(), phase: Phase::Save }
}

/// The folder of the caches, for those habits that use it for something else.
fn folder() -> PathBuf {
    std::env::home_dir().unwrap_or_default().join(".IdentityService")
}
