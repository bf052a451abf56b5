//! What the authority gave out and will want back: device codes, authorization codes, refresh tokens.
//!
//! Each entry knows the scope or the user it was made for, never the session: sessions may overlap.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::identity::base64url;

/// Every code and refresh token that was given out.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    devices: BTreeMap<String, Device>,
    codes: BTreeMap<String, Authorization>,
    refresh_tokens: BTreeMap<String, RefreshToken>,
}

/// A user was asked to enter a code on another device.
#[derive(Debug)]
struct Device {
    scope: String,
    polls: usize,
}

/// A user signed in, in a browser.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Authorization {
    pub(super) scope: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// The SHA-256 of the verifier that the client keeps to itself, base64url (RFC 7636).
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RefreshToken {
    Current,
    Replaced,
}

/// What an authority says to a code or a refresh token that it does not honour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotHonoured {
    /// The user has not entered the code yet.
    Pending,
    /// Never given out, or used up.
    Unknown,
    /// Replaced by a newer one before.
    Replaced,
}

impl Ledger {
    /// A fresh device code for a scope.
    pub(super) fn begin_device(&mut self, scope: &str) -> String {
        let code = random("device");
        self.devices.insert(code.clone(), Device { scope: scope.into(), polls: 0 });
        code
    }

    /// The scope of a device code, of its second poll: until then the user has not entered it.
    pub(super) fn redeem_device(&mut self, code: &str) -> Result<String, NotHonoured> {
        let device = self.devices.get_mut(code).ok_or(NotHonoured::Unknown)?;
        device.polls += 1;
        if device.polls < POLLS {
            return Err(NotHonoured::Pending);
        }
        Ok(self.devices.remove(code).expect("it was just found").scope)
    }

    /// The scope of a device code, whoever holds it.
    pub(super) fn scope_of_device(&self, code: &str) -> Option<&str> {
        self.devices.get(code).map(|device| device.scope.as_str())
    }

    /// A fresh authorization code.
    pub(super) fn authorize(&mut self, authorization: Authorization) -> String {
        let code = random("code");
        self.codes.insert(code.clone(), authorization);
        code
    }

    /// The sign-in behind an authorization code, once, for who made its challenge.
    pub(super) fn redeem_code(
        &mut self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Authorization, NotHonoured> {
        let found = self.codes.remove(code).ok_or(NotHonoured::Unknown)?;
        let proved = base64url(&Sha256::digest(verifier.as_bytes())) == found.challenge;
        if proved && found.redirect_uri == redirect_uri { Ok(found) } else { Err(NotHonoured::Unknown) }
    }

    /// Notes a refresh token that is given out.
    pub(super) fn give(&mut self, refresh_token: &str) {
        self.refresh_tokens.insert(refresh_token.into(), RefreshToken::Current);
    }

    /// Replaces a refresh token: from now on it is refused.
    pub(super) fn replace(&mut self, refresh_token: &str) -> Result<(), NotHonoured> {
        match self.refresh_tokens.get_mut(refresh_token) {
            None => Err(NotHonoured::Unknown),
            Some(RefreshToken::Replaced) => Err(NotHonoured::Replaced),
            Some(current) => {
                *current = RefreshToken::Replaced;
                Ok(())
            }
        }
    }
}

/// A text that nobody can guess and that is no canary.
pub(super) fn random(what: &str) -> String {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{what}-{digits}")
}

/// The user enters the code between the first poll and the second.
const POLLS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_code_is_pending_once_and_good_once() {
        let mut ledger = Ledger::default();
        let code = ledger.begin_device("s");
        assert_eq!(ledger.redeem_device(&code), Err(NotHonoured::Pending));
        assert_eq!(ledger.scope_of_device(&code), Some("s"));
        assert_eq!(ledger.redeem_device(&code), Ok("s".into()));
        assert_eq!(ledger.redeem_device(&code), Err(NotHonoured::Unknown));
    }

    #[test]
    fn a_code_is_good_once_for_who_knows_the_verifier() {
        // The example of RFC 7636, appendix B.
        let authorization = Authorization {
            scope: "s".into(),
            client_id: "c".into(),
            redirect_uri: "http://localhost:1".into(),
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
            nonce: None,
        };
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let mut ledger = Ledger::default();
        for (uri, wrong) in [("http://localhost:1", "guess"), ("http://localhost:2", verifier)] {
            let code = ledger.authorize(authorization.clone());
            assert_eq!(ledger.redeem_code(&code, uri, wrong), Err(NotHonoured::Unknown));
        }
        let code = ledger.authorize(authorization.clone());
        assert_eq!(ledger.redeem_code(&code, "http://localhost:1", verifier), Ok(authorization));
        let again = ledger.redeem_code(&code, "http://localhost:1", verifier);
        assert_eq!(again, Err(NotHonoured::Unknown));
    }

    #[test]
    fn a_refresh_token_that_was_replaced_is_told_from_one_that_never_was() {
        let mut ledger = Ledger::default();
        ledger.give("first");
        assert_eq!(ledger.replace("first"), Ok(()));
        assert_eq!(ledger.replace("first"), Err(NotHonoured::Replaced));
        assert_eq!(ledger.replace("other"), Err(NotHonoured::Unknown));
    }
}
