//! What a test needs of the machine.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The first of the needs that this machine does not meet.
pub(crate) fn missing(needs: &[&str]) -> Option<String> {
    let met = |need: &str| match need {
        LIBSECRET_BINDINGS => Command::new(PYTHON)
            .args(["-c", "import gi; gi.require_version('Secret', '1'); from gi.repository import Secret"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success()),
        program => SEARCH.iter().any(|folder| is_program(&Path::new(folder).join(program))),
    };
    needs.iter().find(|need| !met(need)).map(|need| (*need).to_owned())
}

/// Whether there is a program, not merely a name: one that is masked by a device cannot run.
fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Python's bindings of libsecret: `python3-gi` and `gir1.2-secret-1`, by Debian's names.
pub(crate) const LIBSECRET_BINDINGS: &str = "libsecret for Python";

/// The system's Python, as the bindings come from the system too.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Where programs are looked for.
pub(super) const SEARCH: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"];
