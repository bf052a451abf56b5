//! The calls of the data protection, and of the module loader.

use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::Cryptography::{
        CRYPT_INTEGER_BLOB, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData, CryptUnprotectData,
    },
    System::LibraryLoader::{GetModuleHandleA, GetProcAddress},
};

/// Protects bytes for the current user, without entropy and without a dialogue.
///
/// # Errors
///
/// What `GetLastError` gives.
pub(super) fn protect(bytes: &[u8]) -> Result<Vec<u8>, u32> {
    let input = blob(bytes);
    let mut output = CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() };
    // SAFETY: the input describes bytes that are alive, the output is ours, and all else may be null.
    let done = unsafe {
        CryptProtectData(
            &raw const input,
            ptr::null(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut output,
        )
    };
    answer(done, output)
}

/// Gives back what was protected for the current user.
///
/// # Errors
///
/// What `GetLastError` gives.
pub(super) fn unprotect(bytes: &[u8]) -> Result<Vec<u8>, u32> {
    let input = blob(bytes);
    let mut output = CRYPT_INTEGER_BLOB { cbData: 0, pbData: ptr::null_mut() };
    // SAFETY: the input describes bytes that are alive, the output is ours, and all else may be null.
    let done = unsafe {
        CryptUnprotectData(
            &raw const input,
            ptr::null_mut(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            CRYPTPROTECT_UI_FORBIDDEN,
            &raw mut output,
        )
    };
    answer(done, output)
}

/// Whether the system's own library has a function that only Wine has.
pub(super) fn has_wine_version() -> bool {
    // SAFETY: the name ends with zero; the library is never unloaded.
    let library = unsafe { GetModuleHandleA(c"ntdll.dll".as_ptr().cast()) };
    if library.is_null() {
        return false;
    }
    // SAFETY: the handle is that of a library which stays loaded, and the name ends with zero.
    unsafe { GetProcAddress(library, c"wine_get_version".as_ptr().cast()) }.is_some()
}

fn blob(bytes: &[u8]) -> CRYPT_INTEGER_BLOB {
    CRYPT_INTEGER_BLOB {
        cbData: u32::try_from(bytes.len()).expect("a probe is smaller than 4 GiB"),
        // It is only read, whatever the type says.
        pbData: bytes.as_ptr().cast_mut(),
    }
}

/// Takes the bytes that the system allocated, and gives them back to it.
fn answer(done: i32, output: CRYPT_INTEGER_BLOB) -> Result<Vec<u8>, u32> {
    if done == 0 {
        return Err(io::Error::last_os_error().raw_os_error().unwrap_or_default().cast_unsigned());
    }
    if output.pbData.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the system allocated this many bytes there, which are nobody else's until they are given back.
    let bytes = unsafe { std::slice::from_raw_parts(output.pbData, output.cbData as usize) }.to_vec();
    // SAFETY: the system allocated the memory for us to free in this way, once.
    unsafe { LocalFree(output.pbData.cast()) };
    Ok(bytes)
}
