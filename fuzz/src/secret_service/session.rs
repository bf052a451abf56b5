//! The service's side of encrypted sessions.
//!
//! Its secret exponent is one, so that its public key is the group's generator and the shared secret is what the
//! library sent: no arithmetic, and to the library a key like any other.

use std::collections::HashMap;

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use cbc::{Decryptor, Encryptor};
use hkdf::Hkdf;
use sha2::Sha256;

use super::wire::{Reader, Writer};

/// Every session since the service began, by its path.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    keys: HashMap<String, [u8; BLOCK]>,
    begun: usize,
}

/// A secret as it is sent: session, initialisation vector, ciphertext, content type.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) session: String,
    pub(super) vector: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: String,
}

impl Sealed {
    /// The type on the wire.
    pub(super) const SIGNATURE: &'static str = "(oayays)";

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        body.align(8)?;
        Some(Self {
            session: body.string()?.to_owned(),
            vector: body.bytes()?.to_vec(),
            bytes: body.bytes()?.to_vec(),
            content_type: body.string()?.to_owned(),
        })
    }

    pub(super) fn write<'a>(&self, body: &'a mut Writer) -> &'a mut Writer {
        body.align(8).string(&self.session).bytes(&self.vector).bytes(&self.bytes).string(&self.content_type)
    }
}

impl Sessions {
    /// A session with the owner of a public key.
    ///
    /// # Panics
    ///
    /// Where the key is not as long as the group, with which some services could not do anything.
    pub(super) fn open(&mut self, public: &[u8]) -> String {
        assert_eq!(public.len(), GROUP_BYTES, "the library's public key");
        let mut key = [0; BLOCK];
        Hkdf::<Sha256>::new(None, public).expand(&[], &mut key).expect("half a block can be had");
        self.begun += 1;
        let path = format!("/org/freedesktop/secrets/session/s{}", self.begun);
        self.keys.insert(path.clone(), key);
        path
    }

    /// Forgets every session, as a service does that is started anew.
    pub(super) fn forget(&mut self) {
        self.keys.clear();
    }

    /// The bytes for one session; `None` where there is no such session.
    pub(super) fn seal(&self, session: &str, secret: &[u8]) -> Option<Sealed> {
        let key = self.keys.get(session)?;
        let vector = [7; BLOCK];
        Some(Sealed {
            session: session.to_owned(),
            vector: vector.to_vec(),
            bytes: Encryptor::<Aes128>::new(key.into(), (&vector).into()).encrypt_padded_vec::<Pkcs7>(secret),
            content_type: "text/plain".to_owned(),
        })
    }

    /// What was sealed; `None` where it was not sealed for any session.
    pub(super) fn open_secret(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        let key = self.keys.get(&sealed.session)?;
        let vector: [u8; BLOCK] = sealed.vector.as_slice().try_into().ok()?;
        let cipher = Decryptor::<Aes128>::new(key.into(), (&vector).into());
        cipher.decrypt_padded_vec::<Pkcs7>(&sealed.bytes).ok()
    }
}

/// The public key that belongs to the exponent one.
pub(super) const PUBLIC_KEY: &[u8] = &[2];

const BLOCK: usize = 16;
const GROUP_BYTES: usize = 128;
