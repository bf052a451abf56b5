//! What tests ask of Windows.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::ffi::{self, Descriptor, Purpose, Which};
use super::private;
use crate::fs::Sid;
use crate::fs::security_descriptor::{Openness, SecurityDescriptor};
use crate::fs::testing::Others;

/// Lets others do this, and no more.
pub(crate) fn allow_others(path: &Path, others: Others) {
    let rights = match others {
        Others::Nothing => 0,
        // FILE_GENERIC_READ and FILE_GENERIC_EXECUTE.
        Others::Read => 0x0012_00A9,
        // FILE_ALL_ACCESS.
        Others::Write => 0x001F_01FF,
    };
    let user = private::user().expect("known");
    let descriptor = Descriptor::new(&SecurityDescriptor::shared(&user, &Sid::EVERYONE, rights));
    let file = ffi::open(path, Purpose::Look, Which::Existing).expect("opened");
    ffi::set_access_list(&file, &descriptor).expect("changed");
}

/// What others may do.
pub(crate) fn others_may(path: &Path) -> Others {
    let file = ffi::open(path, Purpose::Look, Which::Existing).expect("opened");
    match private::openness(&file, path).expect("known") {
        Openness::Private => Others::Nothing,
        Openness::Readable => Others::Read,
        Openness::Writable(_) => Others::Write,
    }
}

/// Another process that is alive while this is.
pub(crate) struct Living(Child);

impl Living {
    pub(crate) fn start() -> Self {
        // It waits for an answer that never comes.
        let mut command = Command::new("cmd");
        command.args(["/c", "set /p answer="]).stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().expect("started"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
