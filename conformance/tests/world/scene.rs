//! A world in a condition, in which real clients are run.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::Condition,
    world::{
        bus::BrokerKind,
        condition::apply,
        providers::{Keyring, ProviderKind},
    },
};

use crate::stage::{World, runs};

/// A world with a keyring, and what its condition puts into the environment of clients.
pub(crate) struct Scene {
    // Declared before the world, so that the provider leaves while there is a bus.
    pub(crate) keyring: Keyring,
    environment: Vec<(String, String)>,
    pub(crate) world: World,
}

impl Scene {
    pub(crate) fn set(
        broker: BrokerKind,
        provider: ProviderKind,
        condition: Condition,
    ) -> Result<Self, Failed> {
        let world = World::start(broker);
        let keyring = Keyring::new(provider, &world.folder().join("keyring"));
        let mut scene = Self { keyring, environment: Vec::new(), world };
        scene.change(condition)?;
        Ok(scene)
    }

    pub(crate) fn change(&mut self, condition: Condition) -> Result<(), Failed> {
        let reach = apply(condition, &self.world.bus, &mut self.keyring, self.world.folder())?;
        self.environment = reach.environment(&self.world.bus.client_address());
        Ok(())
    }

    /// Runs `secret-tool`; gives its exit code and what it wrote to standard output.
    pub(crate) fn tool(&self, arguments: &[&str], input: &str) -> Result<(i32, String), Failed> {
        let (code, output, _) = self.run("secret-tool", arguments, input)?;
        Ok((code, output))
    }

    /// Runs `secret-tool`; gives what it wrote to standard error.
    pub(crate) fn said(&self, arguments: &[&str]) -> Result<String, Failed> {
        Ok(self.run("secret-tool", arguments, "secret")?.2)
    }

    /// Runs a piece of Python; gives what it printed.
    pub(crate) fn python(&self, script: &str) -> Result<String, Failed> {
        let (code, output, errors) = self.run(PYTHON, &["-c", script], "")?;
        if code == 0 { Ok(output) } else { Err(errors.into()) }
    }

    /// Runs a program; gives its exit code, its standard output and its standard error.
    pub(crate) fn run(
        &self,
        program: &str,
        arguments: &[&str],
        input: &str,
    ) -> Result<(i32, String, String), Failed> {
        let mut child = Command::new("timeout")
            .args(["--signal=KILL", "20", program])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.world.folder())
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().ok_or("standard input is not a pipe")?;
        // A program that does not read its input has closed the pipe, which is no failure.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output()?;
        let code = output.status.code().ok_or("it was killed: it did not end in time")?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok((code, text(output.stdout), text(output.stderr)))
    }
}

/// A client that a trial needs.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    SecretTool,
    /// With PyGObject and the Secret typelib.
    Python,
}

/// Trials that need a client; where it is missing they are shown as ignored, with the reason in their names.
pub(crate) fn unless_missing(program: Program, trials: impl Iterator<Item = Trial>) -> Vec<Trial> {
    let lacks = match program {
        Program::SecretTool => {
            (!runs("secret-tool", &["search", "--help"])).then_some("secret-tool is not installed")
        }
        Program::Python => {
            let import = "import gi; gi.require_version('Secret', '1'); from gi.repository import Secret";
            (!runs(PYTHON, &["-c", import])).then_some("PyGObject or the Secret typelib is not installed")
        }
    };
    match lacks {
        None => trials.collect(),
        Some(reason) => trials
            .map(|trial| {
                Trial::test(format!("{} ({reason})", trial.name()), || Ok(())).with_ignored_flag(true)
            })
            .collect(),
    }
}

const PYTHON: &str = "/usr/bin/python3";
