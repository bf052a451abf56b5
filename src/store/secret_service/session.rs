//! A session with the service: the key that hides secrets from the bus, and their form on the wire.

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use cbc::{Decryptor, Encryptor};
use serde_bytes::ByteBuf;
use zbus::{OwnedObjectPath, OwnedVariant, Variant};
use zeroize::Zeroizing;

use crate::SecretBytes;
use crate::store::{Breakage, Obstacle};

use super::agreement::{KeyPair, SessionKey};
use super::error;
use super::service::{Call, GET_SECRET, OPEN_SESSION, ROOT, Service};

/// A secret on the wire: session, initialisation vector, ciphertext, content type.
pub(super) type WireSecret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

/// An encrypted session.
///
/// There is no plain one: a service that offers nothing else is broken for our purposes, as whoever watches the bus
/// would read the tokens.
pub(super) struct Session {
    path: OwnedObjectPath,
    key: SessionKey,
}

impl Session {
    /// Agrees on a key with the service.
    ///
    /// # Errors
    ///
    /// [`Breakage::Protocol`] where the service has no encrypted sessions or sends a key that is none; otherwise what
    /// the mapper makes of the answer.
    pub(super) async fn open(service: &Service<'_>) -> Result<Self, Obstacle> {
        let pair = KeyPair::generate().map_err(|_| no_randomness(OPEN_SESSION))?;
        let body = (ALGORITHM, Variant::from(pair.public().to_vec()));
        let (peer, path): (OwnedVariant, OwnedObjectPath) =
            service.ask(&ROOT, OPEN_SESSION, &body).await.map_err(without_encryption)?;
        let peer = Vec::<u8>::try_from(peer)
            .map_err(|_| error::protocol(OPEN_SESSION, "the public key is no byte array"))?;
        let key = pair.agree(&peer).map_err(|weak| error::protocol(OPEN_SESSION, &weak.to_string()))?;
        Ok(Self { path, key })
    }

    /// The object that stands for the session on the bus.
    pub(super) fn path(&self) -> &OwnedObjectPath {
        &self.path
    }

    /// The wire form of a secret, under a fresh initialisation vector.
    ///
    /// # Errors
    ///
    /// The system has no randomness to give; `call` is named in the error.
    pub(super) fn seal(
        &self,
        call: Call,
        secret: &SecretBytes,
        content_type: &str,
    ) -> Result<WireSecret, Obstacle> {
        let mut vector = [0; BLOCK];
        getrandom::fill(&mut vector).map_err(|_| no_randomness(call))?;
        let cipher = Encryptor::<Aes128>::new((&*self.key).into(), (&vector).into());
        let sealed = cipher.encrypt_padded_vec::<Pkcs7>(secret.expose());
        Ok((self.path.clone(), vector.to_vec().into(), sealed.into(), content_type.to_owned()))
    }

    /// The secret in a wire form.
    ///
    /// # Errors
    ///
    /// [`Obstacle::Unreadable`] where it is larger than [`LARGEST`], [`Breakage::Protocol`] where it was not sealed for
    /// this session. All defects of the ciphertext look alike.
    pub(super) fn open_secret(&self, (path, vector, sealed, _): WireSecret) -> Result<SecretBytes, Obstacle> {
        if path != self.path {
            return Err(error::protocol(GET_SECRET, "the secret belongs to another session"));
        }
        let vector: [u8; BLOCK] = vector
            .as_slice()
            .try_into()
            .map_err(|_| error::protocol(GET_SECRET, "the initialisation vector is not 16 bytes long"))?;
        if sealed.len() > LARGEST + BLOCK {
            return Err(Obstacle::Unreadable { reason: format!("{} bytes are too many", sealed.len()) });
        }
        // Decrypted where it lies, so that a defect found half-way leaves nothing behind.
        let mut bytes = Zeroizing::new(sealed.into_vec());
        let cipher = Decryptor::<Aes128>::new((&*self.key).into(), (&vector).into());
        let length = cipher
            .decrypt_padded::<Pkcs7>(&mut bytes)
            .map_err(|_| error::protocol(GET_SECRET, "the secret was not sealed for this session"))?
            .len();
        bytes.truncate(length);
        Ok(SecretBytes::from(std::mem::take(&mut *bytes)))
    }
}

/// The largest secret that is written or read, in bytes: far above any cache, far below what hurts.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;

/// A service without encrypted sessions says so by `NotSupported`.
fn without_encryption(obstacle: Obstacle) -> Obstacle {
    match obstacle {
        Obstacle::Broken(Breakage::Service { name, .. }) if name == NOT_SUPPORTED => {
            error::protocol(OPEN_SESSION, "the service offers no encrypted session")
        }
        other => other,
    }
}

fn no_randomness(call: Call) -> Obstacle {
    Obstacle::Broken(Breakage::Service { call: call.label, name: "getrandom".to_owned() })
}

const ALGORITHM: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";
const BLOCK: usize = 16;
const NOT_SUPPORTED: &str = "org.freedesktop.DBus.Error.NotSupported";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::secret_service::backend::service::SET_SECRET;

    fn session(key: u8, path: &str) -> Session {
        let path = OwnedObjectPath::try_from(path).expect("a valid path");
        Session { path, key: Zeroizing::new([key; 16]) }
    }

    fn sealed(session: &Session, bytes: &[u8]) -> WireSecret {
        session.seal(SET_SECRET, &SecretBytes::from(bytes.to_vec()), "text/plain").expect("randomness")
    }

    fn refused(session: &Session, secret: WireSecret) -> String {
        session.open_secret(secret).expect_err("a defect").to_string()
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let session = session(1, "/s/1");
            let opened = session.open_secret(sealed(&session, &bytes)).expect("our own secret");
            prop_assert_eq!(opened.expose(), bytes.as_slice());
        }
    }

    #[test]
    fn a_sealed_secret_holds_no_plaintext_and_never_looks_the_same_twice() {
        let session = session(1, "/s/1");
        let (first, second) = (sealed(&session, b"sixteen bytes ok"), sealed(&session, b"sixteen bytes ok"));
        assert_ne!(first.2, second.2);
        assert!(!first.2.windows(7).any(|window| window == b"sixteen"));
        assert_eq!(first.2.len(), 32);
    }

    #[test]
    fn a_known_ciphertext_opens_to_the_known_text() {
        // NIST SP 800-38A, F.2.1, first block, followed by a block of padding.
        let key =
            [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];
        let vector: Vec<u8> = (0..16).collect();
        let text =
            [0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a];
        let block =
            [0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d];
        let cipher = Encryptor::<Aes128>::new((&key).into(), vector.as_slice().try_into().expect("16 bytes"));
        let sealed = cipher.encrypt_padded_vec::<Pkcs7>(&text);
        assert_eq!(sealed[..16], block);
        let path = OwnedObjectPath::try_from("/s/1").expect("a valid path");
        let session = Session { path: path.clone(), key: Zeroizing::new(key) };
        let opened = session.open_secret((path, vector.into(), sealed.into(), String::new()));
        assert_eq!(opened.expect("a sound secret").expose(), text);
    }

    #[test]
    fn a_secret_of_another_session_is_refused() {
        let (ours, other) = (session(1, "/s/1"), session(1, "/s/2"));
        assert!(refused(&ours, sealed(&other, b"x")).contains("belongs to another session"));
    }

    #[test]
    fn all_defects_of_a_ciphertext_look_alike() {
        let ours = session(1, "/s/1");
        let foreign = sealed(&session(2, "/s/1"), b"sealed under another key, with padding that cannot fit");
        let mut short = sealed(&ours, b"short");
        short.2.pop();
        let mut empty = sealed(&ours, b"");
        empty.2.clear();
        for defect in [foreign, short, empty] {
            assert!(refused(&ours, defect).contains("not sealed for this session"));
        }
    }

    #[test]
    fn an_initialisation_vector_of_another_length_is_refused() {
        let ours = session(1, "/s/1");
        let mut secret = sealed(&ours, b"x");
        secret.1 = ByteBuf::new();
        assert!(refused(&ours, secret).contains("initialisation vector"));
    }

    #[test]
    fn the_largest_secret_is_as_large_as_a_file_may_be_and_is_read() {
        assert_eq!(LARGEST as u64, crate::fs::MAXIMUM_BYTES);
        let ours = session(1, "/s/1");
        let opened = ours.open_secret(sealed(&ours, &vec![b'x'; LARGEST])).expect("within the limit");
        assert_eq!(opened.len(), LARGEST);
    }

    #[test]
    fn only_a_service_that_says_so_is_without_encryption() {
        let call = OPEN_SESSION.label;
        let said = |name: &str| {
            without_encryption(Obstacle::Broken(Breakage::Service { call, name: name.to_owned() }))
        };
        assert!(matches!(said(NOT_SUPPORTED), Obstacle::Broken(Breakage::Protocol { .. })));
        let other = "org.freedesktop.DBus.Error.Failed";
        assert!(matches!(said(other), Obstacle::Broken(Breakage::Service { name, .. }) if name == other));
    }

    #[test]
    fn a_secret_beyond_the_limit_is_unreadable() {
        let ours = session(1, "/s/1");
        let mut secret = sealed(&ours, b"x");
        secret.2 = ByteBuf::from(vec![0; LARGEST + 2 * BLOCK]);
        assert!(matches!(ours.open_secret(secret), Err(Obstacle::Unreadable { .. })));
    }
}
