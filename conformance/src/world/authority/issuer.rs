//! Who gets a canary and who a decoy, and what is recorded of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    ledger::{Ledger, random},
    request::RequestPart,
};
use crate::{
    case::CanaryRole,
    observation::{EvidenceLog, Fact, Grant, IssuedBy, Observer, SessionIndex, TokenRefusal, TokenRequest},
};

/// The scope that a credential asks for to be given the canary of a role. It does not say the role.
pub fn scope_of(role: &CanaryRole) -> String {
    format!("https://{}.sealcheck.test/.default", role.alias())
}

/// The state of an authority.
pub(super) struct Issuer {
    pub(super) url: String,
    log: EvidenceLog,
    canaries: BTreeMap<CanaryRole, String>,
    on_request: Box<dyn Fn(RequestPart<'_>) + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<SessionIndex>,
    /// What each session asks for now: where several play, a request belongs to the one that wants its token.
    wanted: BTreeMap<SessionIndex, CanaryRole>,
    /// How many steps that last are for a role: sessions may overlap.
    armed: BTreeMap<CanaryRole, usize>,
    /// The canaries of refresh tokens that were given out: each is another token, so each is given once.
    given: BTreeSet<CanaryRole>,
    ledger: Ledger,
    lost: Vec<String>,
}

/// Whom the tokens are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Subject {
    /// The client itself: it gets an access token.
    Client,
    /// The user who signed in: the client gets a refresh token and an id token as well.
    User,
}

/// What is issued for one request.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) user: Option<UserTokens>,
}

/// What a client gets for a user beside the access token.
#[derive(Debug)]
pub(super) struct UserTokens {
    pub(super) refresh_token: String,
    /// What makes the id token a secret.
    pub(super) id_token_secret: String,
}

impl State {
    /// The only session that wants the token of a role; where none or several do, the one that was set.
    fn session_that_wants(&self, role: &CanaryRole) -> Option<SessionIndex> {
        let mut wanting =
            self.wanted.iter().filter(|(_, wanted)| *wanted == role).map(|(session, _)| *session);
        match (wanting.next(), wanting.next()) {
            (Some(only), None) => Some(only),
            (Some(_) | None, _) => self.session,
        }
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Issuer {
    pub(super) fn new(
        url: String,
        log: EvidenceLog,
        canaries: BTreeMap<CanaryRole, String>,
        on_request: impl Fn(RequestPart<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self { url, log, canaries, on_request: Box::new(on_request), state: Mutex::default() }
    }

    pub(super) fn set_session(&self, session: Option<SessionIndex>) {
        let mut state = self.state();
        state.session = session;
        state.wanted.clear();
    }

    pub(super) fn want(&self, session: SessionIndex, role: &CanaryRole) {
        self.state().wanted.insert(session, role.clone());
    }

    pub(super) fn arm(&self, role: &CanaryRole) {
        *self.state().armed.entry(role.clone()).or_default() += 1;
    }

    pub(super) fn disarm(&self, role: &CanaryRole) {
        if let Some(steps) = self.state().armed.get_mut(role) {
            *steps = steps.saturating_sub(1);
        }
    }

    pub(super) fn disarm_all(&self) {
        self.state().armed.clear();
    }

    pub(super) fn client_secret(&self) -> &str {
        let role = CanaryRole(CLIENT_SECRET_ROLE.into());
        self.canaries.get(&role).expect("an authority without a client secret does not start")
    }

    /// The one scope of a request that asks for a token of this authority, and the role that it asks for.
    pub(super) fn resource<'a>(&self, scopes: &'a str) -> Option<(&'a str, &CanaryRole)> {
        let mut found = scopes.split_whitespace().filter_map(|scope| Some((scope, self.role_of(scope)?)));
        let (first, none) = (found.next()?, found.next());
        none.is_none().then_some(first)
    }

    /// What was given out and may come back.
    pub(super) fn ledger<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        change(&mut self.state().ledger)
    }

    /// The tokens for a scope, and a record of the request: canaries if the role is armed, else decoys.
    pub(super) fn issue(&self, grant: Grant, scope: &str, role: &CanaryRole, subject: Subject) -> Tokens {
        let mut state = self.state();
        let armed = state.armed.get(role).is_some_and(|steps| *steps > 0);
        let (refresh_role, id_role) = (role.refresh_token(), role.id_token());
        let is_first = armed && subject == Subject::User && state.given.insert(refresh_role.clone());
        let canary = |role, wanted: bool| self.canaries.get_key_value(role).filter(|_| wanted);
        let access = canary(role, armed);
        let refresh = canary(&refresh_role, is_first);
        let id = canary(&id_role, armed && subject == Subject::User);
        let text = |canary: Option<(&CanaryRole, &String)>| match canary {
            Some((_, text)) => text.clone(),
            None => random("decoy"),
        };
        let user = (subject == Subject::User)
            .then(|| UserTokens { refresh_token: text(refresh), id_token_secret: text(id) });
        if let Some(user) = &user {
            state.ledger.give(&user.refresh_token);
        }
        let session = state.session_that_wants(role);
        drop(state);

        self.record(session, grant, scope, Ok(access.map(|(role, _)| role.clone())));
        for (role, _) in [access, refresh, id].into_iter().flatten() {
            let fact = Fact::CanaryIssued { role: role.clone(), by: IssuedBy::Authority };
            self.log.record(Observer::Harness, session, fact);
        }
        Tokens { access_token: text(access), user }
    }

    /// Records a request that leads to a token and gives none yet: the user is asked to sign in.
    pub(super) fn ask_user(&self, grant: Grant, scope: &str) {
        let session = self.session_of(scope);
        self.record(session, grant, scope, Ok(None));
    }

    /// Records a request for a token that is refused.
    pub(super) fn refuse(&self, grant: Grant, scope: &str, refusal: TokenRefusal) {
        let session = self.session_of(scope);
        self.record(session, grant, scope, Err(refusal));
    }

    /// Shows one part of a request to the leak scan.
    pub(super) fn see(&self, path: &str, field: &str, bytes: &[u8]) {
        let session = self.state().session;
        let (path, field) = (self.redact(path), self.redact(field));
        (self.on_request)(RequestPart { session, path: &path, field: &field, bytes });
    }

    /// Notes that something happened of which not everything was seen.
    pub(super) fn lose(&self, what: String) {
        let mut state = self.state();
        if state.lost.len() < MAX_LOST {
            state.lost.push(what);
        }
    }

    pub(super) fn lost(&self) -> Vec<String> {
        self.state().lost.clone()
    }

    fn record(
        &self,
        session: Option<SessionIndex>,
        grant: Grant,
        scope: &str,
        answer: Result<Option<CanaryRole>, TokenRefusal>,
    ) {
        let grant = match grant {
            Grant::Unknown(text) => Grant::Unknown(self.redact(&text)),
            known => known,
        };
        let (issued, refused) = match answer {
            Ok(issued) => (issued, None),
            Err(refusal) => (None, Some(refusal)),
        };
        let request = TokenRequest { grant, scope: self.redact(scope), issued, refused };
        self.log.record(Observer::Network, session, Fact::TokenRequest(request));
    }

    /// The session to which a request for a scope belongs.
    fn session_of(&self, scope: &str) -> Option<SessionIndex> {
        match self.resource(scope) {
            Some((_, role)) => self.state().session_that_wants(role),
            None => self.state().session,
        }
    }

    /// The role that a scope asks for, of those that the world has.
    fn role_of(&self, scope: &str) -> Option<&CanaryRole> {
        self.canaries.keys().find(|role| scope_of(role) == scope)
    }

    /// A text of the client's as it may stand in evidence: without canaries, and short.
    fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (role, canary) in &self.canaries {
            if !canary.is_empty() {
                text = text.replace(canary.as_str(), &format!("{{{role}}}"));
            }
        }
        if text.len() > MAX_TEXT_BYTES {
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
            text.push('…');
        }
        text
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The role of the canary that credentials use as their client secret.
pub const CLIENT_SECRET_ROLE: &str = "client-secret";
const MAX_LOST: usize = 16;
const MAX_TEXT_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Clock;

    #[test]
    fn a_scope_leads_back_to_its_role_without_saying_it() {
        let role = CanaryRole("alice-token".into());
        let issuer = issuer(&role);
        assert_eq!(issuer.role_of(&scope_of(&role)), Some(&role));
        assert!(!scope_of(&role).contains("alice"));
    }

    #[test]
    fn a_scope_of_another_form_or_of_a_role_that_is_not_there_has_no_role() {
        let issuer = issuer(&CanaryRole("alice".into()));
        let bob = scope_of(&CanaryRole("bob".into()));
        for scope in ["", "https://.sealcheck.test/.default", "https://alice.sealcheck.test/.default", &bob] {
            assert_eq!(issuer.role_of(scope), None, "{scope}");
        }
    }

    #[test]
    fn a_text_with_a_canary_is_recorded_by_its_role() {
        let issuer = issuer(&CanaryRole("alice".into()));
        assert_eq!(issuer.redact("/t/s3cr3t/x"), "/t/{alice}/x");
        assert_eq!(issuer.redact("/t/other/x"), "/t/other/x");
        assert_eq!(issuer.redact(&"ä".repeat(300)).chars().count(), 129);
    }

    #[test]
    fn a_request_belongs_to_the_session_that_wants_its_token() {
        let alice = CanaryRole("alice".into());
        let issuer = issuer(&alice);
        let asked_by = |issuer: &Issuer| {
            issuer.ask_user(Grant::ClientCredentials, &scope_of(&alice));
            issuer.log.entries().last().and_then(|entry| entry.session)
        };
        issuer.set_session(Some(SessionIndex(0)));
        issuer.want(SessionIndex(0), &CanaryRole("bob".into()));
        issuer.want(SessionIndex(1), &alice);
        assert_eq!(asked_by(&issuer), Some(SessionIndex(1)));
        // Where both want the same, or nobody says that he does, it is whose turn it is.
        issuer.want(SessionIndex(0), &alice);
        assert_eq!(asked_by(&issuer), Some(SessionIndex(0)));
        issuer.set_session(Some(SessionIndex(2)));
        assert_eq!(asked_by(&issuer), Some(SessionIndex(2)));
    }

    fn issuer(role: &CanaryRole) -> Issuer {
        let canaries = BTreeMap::from([(role.clone(), "s3cr3t".to_owned())]);
        Issuer::new(String::new(), EvidenceLog::new(Clock::start()), canaries, |_| {})
    }
}
