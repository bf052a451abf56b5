//! Leaks into a bus where there is none: a plan that asks for them cannot be carried out.

/// Answers that there is no bus to call.
///
/// # Errors
///
/// Always [`NoBus`].
pub(super) fn call(_address: &str, _canary: &str) -> Result<(), NoBus> {
    Err(NoBus)
}

/// Answers that there is no keyring to store in.
///
/// # Errors
///
/// Always [`NoBus`].
pub(super) fn store(_address: &str, _canary: &str) -> Result<String, NoBus> {
    Err(NoBus)
}

/// Why nothing leaks.
#[derive(Debug, thiserror::Error)]
#[error("this system has no session bus")]
pub(super) struct NoBus;
