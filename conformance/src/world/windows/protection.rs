//! Whether the data protection of the system works for this user.

use super::ffi;

/// Protects a few bytes that are no secret, and gets them back; gives how it was found, in one line.
///
/// This is what makes a world usable. It says nothing about whom the protection keeps out.
///
/// # Errors
///
/// [`Unprotected`]: a library that keeps to the same calls cannot work either.
pub fn round_trip() -> Result<String, Unprotected> {
    let protected = ffi::protect(PROBE).map_err(Unprotected::Protect)?;
    if protected.windows(PROBE.len()).any(|window| window == PROBE) {
        return Err(Unprotected::Plain);
    }
    let back = ffi::unprotect(&protected).map_err(Unprotected::Unprotect)?;
    if back != PROBE {
        return Err(Unprotected::Differs);
    }
    Ok(format!("{} bytes were protected for the current user and came back the same", PROBE.len()))
}

/// Why the data protection is of no use here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unprotected {
    /// It does not protect.
    #[error(
        "CryptProtectData fails with the system's error {0}: sign in with the user's password, not over the network"
    )]
    Protect(u32),
    /// It does not give back what it protected.
    #[error("CryptUnprotectData fails with the system's error {0} for what was protected just now")]
    Unprotect(u32),
    /// What it protected can be read.
    #[error("what CryptProtectData gives back holds the plain bytes")]
    Plain,
    /// It gives something else back.
    #[error("CryptUnprotectData gives back other bytes than were protected")]
    Differs,
}

const PROBE: &[u8] = b"sealcheck proves that a world is usable";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_protected_comes_back() {
        assert_eq!(
            round_trip(),
            Ok("39 bytes were protected for the current user and came back the same".into())
        );
    }

    #[test]
    fn bytes_that_were_never_protected_are_refused() {
        assert_eq!(ffi::unprotect(b"no blob at all").expect_err("it is none"), ERROR_INVALID_DATA);
    }

    const ERROR_INVALID_DATA: u32 = 13;
}
