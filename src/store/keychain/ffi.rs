//! The one function of the Security framework that no safe library offers.
#![expect(unsafe_code, reason = "the status of a keychain can be asked for in no other way")]

use std::ffi::c_void;

use core_foundation::base::TCFType;
use security_framework::os::macos::keychain::SecKeychain;

use crate::store::keychain::error::Lock;

/// Whether the keychain is locked.
///
/// # Errors
///
/// The `OSStatus`, `errSecNoSuchKeychain` for a file that is gone among them.
pub(super) fn lock(keychain: &SecKeychain) -> Result<Lock, i32> {
    let mut bits = 0_u32;
    // SAFETY: the reference is valid as long as `keychain` is borrowed, the function keeps neither pointer, and the
    // second one leads to a `SecKeychainStatus`, which is a `UInt32`.
    let status = unsafe { SecKeychainGetStatus(keychain.as_CFTypeRef(), &raw mut bits) };
    if status != 0 {
        return Err(status);
    }
    Ok(if bits & UNLOCKED == 0 { Lock::Locked } else { Lock::Unlocked })
}

// SAFETY: as in <Security/SecKeychain.h>. The symbol has been there since macOS 10.2; a `SecKeychainRef` is a pointer
// that is only handed through.
#[link(name = "Security", kind = "framework")]
unsafe extern "C" {
    fn SecKeychainGetStatus(keychain: *const c_void, status: *mut u32) -> i32;
}

/// `kSecUnlockStateStatus`.
const UNLOCKED: u32 = 1;
