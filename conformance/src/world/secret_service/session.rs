//! Sessions: how secrets travel between one client and the service.

use serde_bytes::ByteBuf;
use zbus::{OwnedObjectPath, OwnedVariant, Variant};

use super::{
    crypto::{ALGORITHM, Key, KeyPair},
    path,
    refusal::Refusal,
};

/// A secret on the wire: session, parameters, value, content type.
pub(crate) type WireSecret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

/// A secret and its content type.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Secret {
    pub(crate) value: Vec<u8>,
    pub(crate) content_type: String,
}

/// One client's session.
pub(super) struct Session {
    owner: String,
    key: Option<Key>,
}

impl Session {
    /// Negotiates; gives the session and what the client needs to know for it.
    pub(super) fn open(
        owner: &str,
        algorithm: &str,
        input: OwnedVariant,
    ) -> Result<(Self, Variant<'static>), Refusal> {
        let owner = owner.to_owned();
        match algorithm {
            "plain" => Ok((Self { owner, key: None }, Variant::from(""))),
            ALGORITHM => {
                let theirs = Vec::<u8>::try_from(input)?;
                let ours = KeyPair::generate();
                let key = ours.agree(&theirs).ok_or_else(|| {
                    Refusal::InvalidArguments("The public key is not valid for the algorithm".into())
                })?;
                Ok((Self { owner, key: Some(key) }, Variant::from(ours.public().to_vec())))
            }
            other => Err(Refusal::UnknownAlgorithm(other.to_owned())),
        }
    }

    /// Whether a client may use it.
    pub(super) fn belongs_to(&self, client: &str) -> bool {
        self.owner == client
    }

    /// Reads a secret that came through this session.
    pub(super) fn receive(&self, secret: WireSecret) -> Result<Secret, Refusal> {
        let (_, parameters, value, content_type) = secret;
        let value = match &self.key {
            None => value.into_vec(),
            Some(key) => key
                .open(&parameters, &value)
                .ok_or_else(|| Refusal::InvalidArguments("The secret was transferred wrongly".into()))?,
        };
        Ok(Secret { value, content_type })
    }

    /// Writes a secret that goes through this session.
    pub(super) fn send(&self, session: &str, secret: &Secret) -> WireSecret {
        let (parameters, value) = match &self.key {
            None => (Vec::new(), secret.value.clone()),
            Some(key) => key.seal(&secret.value),
        };
        (path::on_wire(session), parameters.into(), value.into(), secret.content_type.clone())
    }
}
