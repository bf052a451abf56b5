//! The key agreement and the cipher of `dh-ietf1024-sha256-aes128-cbc-pkcs7`.
//!
//! It keeps secrets from whoever listens on the bus, and from nobody else: the protocol asks for no more.

use std::{fmt, sync::LazyLock};

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use hkdf::Hkdf;
use num_bigint::BigUint;
use sha2::Sha256;

/// One side's half of a key agreement.
pub(crate) struct KeyPair {
    private: BigUint,
    public: Vec<u8>,
}

impl KeyPair {
    /// A fresh half.
    pub(crate) fn generate() -> Self {
        let private = BigUint::from_bytes_be(&random::<32>());
        let public = padded(&BigUint::from(2u32).modpow(&private, &PRIME));
        Self { private, public }
    }

    /// What the other side gets to see.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// The key, from what the other side showed; `None` if that is no number of the group, or one that makes the key
    /// known to everybody.
    pub(crate) fn agree(&self, other: &[u8]) -> Option<Key> {
        let other = BigUint::from_bytes_be(other);
        let one = BigUint::from(1u32);
        if other <= one || other >= &*PRIME - one {
            return None;
        }
        let shared = padded(&other.modpow(&self.private, &PRIME));
        let mut key = [0; 16];
        Hkdf::<Sha256>::new(None, &shared)
            .expand(&[], &mut key)
            .expect("16 bytes are fewer than HKDF can give");
        Some(Key(key))
    }
}

/// A key that both sides of a session have.
pub(crate) struct Key([u8; 16]);

impl Key {
    /// Encrypts; gives the initialisation vector and the ciphertext.
    pub(crate) fn seal(&self, plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let vector = random::<16>();
        let cipher = cbc::Encryptor::<Aes128>::new(&self.0.into(), &vector.into());
        (vector.to_vec(), cipher.encrypt_padded_vec::<Pkcs7>(plain))
    }

    /// Decrypts; `None` if it was not made with this key.
    pub(crate) fn open(&self, vector: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let vector: [u8; 16] = vector.try_into().ok()?;
        let cipher = cbc::Decryptor::<Aes128>::new(&self.0.into(), &vector.into());
        cipher.decrypt_padded_vec::<Pkcs7>(sealed).ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Numbers travel with as many bytes as the prime has.
fn padded(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; PRIME_BYTES - bytes.len()];
    padded.extend_from_slice(&bytes);
    padded
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// The name of the algorithm on the bus.
pub(crate) const ALGORITHM: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

const PRIME_BYTES: usize = 128;

/// The second Oakley group: RFC 2409, section 6.2.
static PRIME: LazyLock<BigUint> = LazyLock::new(|| {
    let digits = concat!(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
        "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
        "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    );
    BigUint::parse_bytes(digits.as_bytes(), 16).expect("the digits are hexadecimal")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_to_the_same_key() {
        let (ours, theirs) = (KeyPair::generate(), KeyPair::generate());
        let key = ours.agree(theirs.public()).expect("it is in the group");
        let (vector, sealed) = key.seal(b"value");
        assert_ne!(sealed, b"value");
        let other = theirs.agree(ours.public()).expect("it is in the group");
        assert_eq!(other.open(&vector, &sealed).as_deref(), Some(&b"value"[..]));
        let stranger = KeyPair::generate().agree(ours.public()).expect("it is in the group");
        assert_ne!(stranger.open(&vector, &sealed).as_deref(), Some(&b"value"[..]));
    }

    #[test]
    fn numbers_that_make_the_key_known_are_refused() {
        let ours = KeyPair::generate();
        let last = &*PRIME - BigUint::from(1u32);
        for number in [vec![], vec![0], vec![1], last.to_bytes_be(), PRIME.to_bytes_be(), vec![0xff; 129]] {
            assert!(ours.agree(&number).is_none());
        }
    }
}
