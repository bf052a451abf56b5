//! The system's `dbus-daemon`, with a configuration of ours.

use std::{
    fs,
    io::{self, Read},
    os::{fd::AsFd, unix::process::CommandExt as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use super::address::BusAddress;

/// The child process; dropping this ends it.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it; once this returns, clients can connect.
    pub(super) fn start(folder: &Path, address: &BusAddress) -> Result<Self, String> {
        let config = folder.join("dbus-daemon.conf");
        fs::write(&config, configuration(address))
            .map_err(|error| format!("{} cannot be written: {error}", config.display()))?;
        let child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .current_dir(folder)
            // Out of the terminal's reach: a world outlives the command in it that a person interrupts.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => "it is not installed; use the embedded broker".to_owned(),
                _ => error.to_string(),
            })?;
        let mut daemon = Self { child };
        daemon.wait_for_address(Instant::now() + PATIENCE)?;
        Ok(daemon)
    }

    /// Waits for the address on its standard output: it listens before it prints.
    fn wait_for_address(&mut self, deadline: Instant) -> Result<(), String> {
        let mut output = self.child.stdout.take().ok_or("its standard output is not a pipe")?;
        let mut line = Vec::new();
        while !line.contains(&b'\n') {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(remaining).unwrap_or(PollTimeout::ZERO);
            match poll(&mut [PollFd::new(output.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(0) => return Err(format!("it was not ready within {PATIENCE:?}")),
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.to_string()),
            }
            let mut buffer = [0; 256];
            match output.read(&mut buffer).map_err(|error| error.to_string())? {
                0 => return Err("it ended before it was ready".to_owned()),
                count => line.extend_from_slice(&buffer[..count]),
            }
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A session bus for one user with no service folders: what nobody owns cannot be activated either.
fn configuration(address: &BusAddress) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}

const PATIENCE: Duration = Duration::from_secs(10);
