//! `world` where no world can be made around a person's command.

use std::process::ExitCode;

use super::{Exit, Failure, WorldArguments};
use crate::case::Platform;

/// Refuses to run the command.
///
/// # Errors
///
/// Always: there is neither a bus to disturb nor a witness of calls.
pub(super) fn world(_arguments: &WorldArguments) -> Result<ExitCode, Failure> {
    let cause =
        format!("`sealcheck world` needs Linux; on {} only `sealcheck run` makes worlds", Platform::CURRENT);
    Err(Failure::sandbox_unavailable(cause).next("run it in a container or a machine with Linux"))
}

/// Is no supervisor: sessions need none.
pub(super) fn supervise() -> ExitCode {
    Exit::SandboxUnavailable.into()
}
