//! The key agreement of a session: Diffie-Hellman in the second Oakley group, then HKDF with SHA-256.

use hkdf::Hkdf;
use num_bigint::BigUint;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// The key that both sides derive, for AES-128.
pub(super) type SessionKey = Zeroizing<[u8; 16]>;

/// Our half of an agreement.
pub(super) struct KeyPair {
    exponent: BigUint,
    public: Vec<u8>,
}

/// The other side's public key is not one that an honest service sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the public key of the service is out of range")]
pub(super) struct KeyOutOfRange;

impl KeyPair {
    /// A fresh pair.
    ///
    /// # Errors
    ///
    /// The system has no randomness to give.
    pub(super) fn generate() -> Result<Self, getrandom::Error> {
        let mut exponent = Zeroizing::new([0; EXPONENT_BYTES]);
        getrandom::fill(exponent.as_mut_slice())?;
        Ok(Self::from_exponent(exponent.as_slice()))
    }

    fn from_exponent(exponent: &[u8]) -> Self {
        let exponent = BigUint::from_bytes_be(exponent);
        let public = padded(&BigUint::from(2_u8).modpow(&exponent, &prime()));
        Self { exponent, public }
    }

    /// The half that is sent, in 128 bytes.
    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    /// The key shared with the owner of the public key `peer`.
    ///
    /// # Errors
    ///
    /// `peer` is 0, 1, p - 1 or larger: with such a key the shared secret would be known to everybody. As p is a
    /// safe prime, every other value generates a large group.
    pub(super) fn agree(&self, peer: &[u8]) -> Result<SessionKey, KeyOutOfRange> {
        if peer.len() > GROUP_BYTES {
            return Err(KeyOutOfRange);
        }
        let (peer, prime) = (BigUint::from_bytes_be(peer), prime());
        if peer < BigUint::from(2_u8) || peer > &prime - 2_u8 {
            return Err(KeyOutOfRange);
        }
        let mut shared = padded(&peer.modpow(&self.exponent, &prime));
        let mut key = SessionKey::default();
        let derived = Hkdf::<Sha256>::new(None, &shared).expand(&[], key.as_mut_slice());
        shared.zeroize();
        derived.expect("HKDF gives out up to 255 blocks and half a block is asked for");
        Ok(key)
    }
}

/// The number in as many bytes as the group has: libsecret derives the key from the padded form.
fn padded(number: &BigUint) -> Vec<u8> {
    let digits = Zeroizing::new(number.to_bytes_be());
    let mut bytes = vec![0; GROUP_BYTES];
    bytes[GROUP_BYTES - digits.len()..].copy_from_slice(&digits);
    bytes
}

fn prime() -> BigUint {
    BigUint::from_bytes_be(&PRIME)
}

const GROUP_BYTES: usize = 128;

/// Twice the strength of the group is enough for an exponent where the prime is a safe one.
const EXPONENT_BYTES: usize = 32;

/// The 1024-bit prime of RFC 2409, section 6.2; its generator is 2.
#[rustfmt::skip]
const PRIME: [u8; GROUP_BYTES] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34,
    0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74,
    0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
    0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37,
    0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6,
    0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed,
    0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6,
    0x49, 0x28, 0x66, 0x51, 0xec, 0xe6, 0x53, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_on_one_key() {
        let (ours, theirs) =
            (KeyPair::generate().expect("randomness"), KeyPair::generate().expect("randomness"));
        let key = ours.agree(theirs.public()).expect("an honest key");
        assert_eq!(key, theirs.agree(ours.public()).expect("an honest key"));
        assert_ne!(key.as_slice(), [0; 16]);
    }

    #[test]
    fn a_third_side_gets_another_key() {
        let [ours, theirs, third] = [1, 2, 3].map(|seed| KeyPair::from_exponent(&[seed; 32]));
        assert_ne!(ours.agree(theirs.public()), ours.agree(third.public()));
    }

    #[test]
    fn public_keys_always_have_the_length_of_the_group() {
        assert_eq!(KeyPair::from_exponent(&[1]).public(), padded(&BigUint::from(2_u8)));
        assert_eq!(KeyPair::from_exponent(&[1]).public().len(), 128);
    }

    #[test]
    fn a_public_key_without_its_leading_zeros_gives_the_same_key() {
        let ours = KeyPair::from_exponent(&[9; 32]);
        assert_eq!(ours.agree(&[4]), ours.agree(&padded(&BigUint::from(4_u8))));
    }

    #[test]
    fn keys_that_give_the_secret_away_are_refused() {
        let ours = KeyPair::from_exponent(&[7; 32]);
        let edge = |below: u8| padded(&(prime() - below));
        for weak in [vec![], vec![0], vec![1], edge(1), edge(0), vec![0xff; 128], vec![2; 129]] {
            assert_eq!(ours.agree(&weak), Err(KeyOutOfRange), "{} bytes", weak.len());
        }
        for sound in [vec![2], edge(2)] {
            assert!(ours.agree(&sound).is_ok());
        }
    }

    #[test]
    fn the_derived_key_is_the_one_that_other_implementations_derive() {
        // Computed with Python's integers and hmac: HKDF-SHA256 of 2^(a*b) mod p in 128 bytes, no salt, no info.
        let ours = KeyPair::from_exponent(&[0x11; 32]);
        let theirs = KeyPair::from_exponent(&[0x22; 32]);
        assert_eq!(*ours.agree(theirs.public()).expect("an honest key"), VECTOR);
    }

    const VECTOR: [u8; 16] =
        [0x92, 0x30, 0xa2, 0x21, 0xc4, 0x0a, 0xc2, 0x42, 0xfe, 0xf9, 0x86, 0xae, 0x8a, 0x85, 0x09, 0x43];
}
