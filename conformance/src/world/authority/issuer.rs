//! Who gets a canary and who a decoy, and what is recorded of it.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::request::RequestPart;
use crate::{
    case::CanaryRole,
    observation::{EvidenceLog, Fact, IssuedBy, Observer, SessionIndex, TokenRequest},
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
    armed: Option<CanaryRole>,
    lost: Vec<String>,
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
        self.state().session = session;
    }

    pub(super) fn arm(&self, role: Option<CanaryRole>) {
        self.state().armed = role;
    }

    pub(super) fn client_secret(&self) -> &str {
        let role = CanaryRole(CLIENT_SECRET_ROLE.into());
        self.canaries.get(&role).expect("an authority without a client secret does not start")
    }

    /// The role that a scope asks for, of those that the world has.
    pub(super) fn role_of(&self, scope: &str) -> Option<&CanaryRole> {
        self.canaries.keys().find(|role| scope_of(role) == scope)
    }

    /// The token for a scope, and a record of the request: the canary if its role is armed, else a decoy.
    pub(super) fn issue(&self, grant: &str, scope: &str, role: &CanaryRole) -> String {
        let (session, armed) = {
            let state = self.state();
            (state.session, state.armed.as_ref() == Some(role))
        };
        let canary = if armed { self.canaries.get(role) } else { None };
        self.record(session, grant, scope, canary.is_some().then(|| role.clone()));
        match canary {
            Some(canary) => {
                let fact = Fact::CanaryIssued { role: role.clone(), by: IssuedBy::Authority };
                self.log.record(Observer::Harness, session, fact);
                canary.clone()
            }
            None => decoy(),
        }
    }

    /// Records a request for a token that is refused.
    pub(super) fn refuse(&self, grant: &str, scope: &str) {
        let session = self.state().session;
        self.record(session, grant, scope, None);
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

    fn record(&self, session: Option<SessionIndex>, grant: &str, scope: &str, issued: Option<CanaryRole>) {
        let request = TokenRequest { grant: self.redact(grant), scope: self.redact(scope), issued };
        self.log.record(Observer::Network, session, Fact::TokenRequest(request));
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

/// A token that is no canary.
fn decoy() -> String {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("decoy-{digits}")
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

    fn issuer(role: &CanaryRole) -> Issuer {
        let canaries = BTreeMap::from([(role.clone(), "s3cr3t".to_owned())]);
        Issuer::new(String::new(), EvidenceLog::new(Clock::start()), canaries, |_| {})
    }
}
