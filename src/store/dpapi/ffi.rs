//! The calls of the data protection; nothing is decided here.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Cryptography::{
    CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData, CryptUnprotectData,
};
use zeroize::Zeroize;

use super::super::error::Call;
use crate::SecretBytes;

/// Protects or unprotects bytes, for the current user, without entropy and without a dialogue.
///
/// # Errors
///
/// What `GetLastError` gives.
pub(super) fn call(call: Call, bytes: &[u8]) -> Result<SecretBytes, u32> {
    let input = CRYPT_INTEGER_BLOB {
        cbData: u32::try_from(bytes.len()).expect("a cache is smaller than 4 GiB"),
        // It is only read, whatever the type says.
        pbData: bytes.as_ptr().cast_mut(),
    };
    let input = &raw const input;
    let mut answer = Answer(CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() });
    let output = &raw mut answer.0;
    let result = match call {
        // SAFETY: the input describes bytes that are alive, the output is ours, and all else may be null.
        Call::Protect => unsafe {
            CryptProtectData(input, ptr::null(), ptr::null(), ptr::null(), ptr::null(), FLAGS, output)
        },
        // SAFETY: the input describes bytes that are alive, the output is ours, and all else may be null.
        Call::Unprotect => unsafe {
            CryptUnprotectData(input, ptr::null_mut(), ptr::null(), ptr::null(), ptr::null(), FLAGS, output)
        },
    };
    if result == 0 {
        return Err(io::Error::last_os_error().raw_os_error().unwrap_or_default().cast_unsigned());
    }
    Ok(SecretBytes::from(answer.bytes().to_vec()))
}

/// Memory that the system allocated for us; wiped and given back when dropped.
struct Answer(CRYPT_INTEGER_BLOB);

impl Answer {
    fn bytes(&mut self) -> &mut [u8] {
        if self.0.pbData.is_null() {
            return &mut [];
        }
        // SAFETY: the system allocated this many bytes there, which are nobody else's until they are given back.
        unsafe { std::slice::from_raw_parts_mut(self.0.pbData, self.0.cbData as usize) }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.bytes().zeroize();
        // SAFETY: the memory is null, or was allocated by the system for us to free in this way, once.
        unsafe { LocalFree(self.0.pbData.cast()) };
    }
}

/// A dialogue would hang every unattended program. Not for the whole machine: without that flag, it is for the user.
pub(super) const FLAGS: u32 = CRYPTPROTECT_UI_FORBIDDEN;
