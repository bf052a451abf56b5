//! The scripted provider serves real clients: `secret-tool` and PyGObject's libsecret.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use crate::stage::{World, runs, same, with_both_brokers};
use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::Condition,
    world::{
        bus::BrokerKind,
        condition::{Applied, apply},
        secret_service::KeyringContents,
    },
};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let tool = [
        with_both_brokers("secret-tool stores, finds, replaces and clears", tool_round_trip),
        with_both_brokers("secret-tool is refused where the keyring is locked", tool_locked),
        with_both_brokers("secret-tool is refused where there is no default collection", tool_no_default),
        with_both_brokers("secret-tool is refused where there is no service", tool_no_service),
    ];
    let python = [
        with_both_brokers("libsecret stores the item of the Python SDK exactly", python_item),
        with_both_brokers("libsecret finds an item after the provider was restarted", python_restart),
        with_both_brokers("libsecret sees what is locked and cannot unlock it", python_locked),
    ];
    let tool = unless(runs("secret-tool", &["search", "--help"]), "secret-tool is not installed", tool);
    let import = "import gi; gi.require_version('Secret', '1'); from gi.repository import Secret";
    let found = runs(PYTHON, &["-c", import]);
    let python = unless(found, "PyGObject or the Secret typelib is not installed", python);
    tool.into_iter().chain(python).collect()
}

fn unless<const N: usize>(there: bool, reason: &str, trials: [Vec<Trial>; N]) -> Vec<Trial> {
    let trials = trials.into_iter().flatten();
    if there {
        return trials.collect();
    }
    trials
        .map(|trial| Trial::test(format!("{} ({reason})", trial.name()), || Ok(())).with_ignored_flag(true))
        .collect()
}

fn tool_round_trip(kind: BrokerKind) -> Result<(), Failed> {
    let stage = Stage::set(kind, Condition::Usable)?;
    let attributes = ["one", "1", "two", "2"];
    let store = |secret: &str| stage.tool(&[&["store", "--label=a label"], &attributes[..]].concat(), secret);
    same(store("first")?, (0, String::new()))?;
    same(store("second")?, (0, String::new()))?;
    same(stage.tool(&["lookup", "one", "1"], "")?, (0, "second".to_owned()))?;
    same(stage.tool(&["lookup", "one", "2"], "")?, (1, String::new()))?;
    let found = stage.tool(&["search", "--all", "two", "2"], "")?;
    same((found.0, found.1.contains("secret = second")), (0, true))?;
    let items = stage.contents.items();
    same(items.len(), 1)?;
    let (item, secret) = &items[0];
    same((item.label.as_str(), secret.as_slice()), ("a label", &b"second"[..]))?;
    let expected = BTreeMap::from([("one", "1"), ("two", "2")]);
    let found: BTreeMap<_, _> = item.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
    same(found, expected)?;
    same(stage.tool(&[&["clear"], &attributes[..]].concat(), "")?, (0, String::new()))?;
    same(stage.contents.items().len(), 0)?;
    same(stage.world.finish().0, Ok(()))
}

fn tool_locked(kind: BrokerKind) -> Result<(), Failed> {
    let stage = Stage::set(kind, Condition::Locked)?;
    same(stage.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    same(stage.contents.items().len(), 0)
}

fn tool_no_default(kind: BrokerKind) -> Result<(), Failed> {
    let stage = Stage::set(kind, Condition::NoDefaultCollection)?;
    same(stage.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    same(stage.tool(&["lookup", "one", "1"], "")?, (1, String::new()))?;
    same(stage.contents.items().len(), 0)
}

fn tool_no_service(kind: BrokerKind) -> Result<(), Failed> {
    let stage = Stage::set(kind, Condition::NoService)?;
    same(stage.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    let text = stage.said(&["store", "--label=a", "one", "1"])?;
    same(text.contains("The name org.freedesktop.secrets was not provided by any .service files"), true)
}

fn python_item(kind: BrokerKind) -> Result<(), Failed> {
    let stage = Stage::set(kind, Condition::Usable)?;
    same(stage.python("store('value'); print(lookup())")?, "value\n".to_owned())?;
    let items = stage.contents.items();
    same(items.len(), 1)?;
    let (item, secret) = &items[0];
    let attributes: Vec<_> = item.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
    same(
        attributes,
        vec![("MsalClientID", "Microsoft.Developer.IdentityService"), ("xdg:schema", "msal.cache.nocae")],
    )?;
    same(
        (item.label.as_str(), item.content_type.as_str(), item.path.as_str(), secret.as_slice()),
        ("MSALCache", "text/plain", "/org/freedesktop/secrets/collection/login/1", &b"value"[..]),
    )?;
    // The session was encrypted: the bus carried the attributes, but not the secret.
    let (lost, _, tap) = stage.world.finish();
    same(lost, Ok(()))?;
    same(tap.members_with(b"value").is_empty(), true)?;
    same(tap.members_with(b"msal.cache.nocae").is_empty(), false)
}

fn python_restart(kind: BrokerKind) -> Result<(), Failed> {
    let mut stage = Stage::set(kind, Condition::Usable)?;
    stage.python("store('value')")?;
    stage.change(Condition::NoService)?;
    stage.change(Condition::Usable)?;
    same(stage.python("print(lookup())")?, "value\n".to_owned())
}

fn python_locked(kind: BrokerKind) -> Result<(), Failed> {
    let mut stage = Stage::set(kind, Condition::Usable)?;
    stage.python("store('value')")?;
    stage.change(Condition::Locked)?;
    // To libsecret a locked item looks like none at all.
    same(stage.python("print(lookup())")?, "None\n".to_owned())?;
    let script = "\nservice = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS)\n\
                  found = service.search_sync(None, {'MsalClientID': CLIENT}, Secret.SearchFlags.ALL)\n\
                  print([(item.get_locked(), item.get_label()) for item in found])";
    same(stage.python(script)?, "[(True, 'MSALCache')]\n".to_owned())?;
    stage.change(Condition::Usable)?;
    same(stage.python("print(lookup())")?, "value\n".to_owned())
}

/// A world in a condition, in which real clients are run.
struct Stage {
    // Declared before the world, so that the provider leaves while there is a bus.
    applied: Option<Applied>,
    contents: KeyringContents,
    world: World,
}

impl Stage {
    fn set(kind: BrokerKind, condition: Condition) -> Result<Self, Failed> {
        let mut stage = Self { applied: None, contents: KeyringContents::new(), world: World::start(kind) };
        stage.change(condition)?;
        Ok(stage)
    }

    fn change(&mut self, condition: Condition) -> Result<(), Failed> {
        drop(self.applied.take());
        let applied = apply(condition, &self.world.bus, &self.contents, self.world.folder())?;
        self.applied = Some(applied);
        Ok(())
    }

    /// Runs `secret-tool`; gives its exit code and what it wrote to standard output.
    fn tool(&self, arguments: &[&str], input: &str) -> Result<(i32, String), Failed> {
        let (code, output, _) = self.run("secret-tool", arguments, input)?;
        Ok((code, output))
    }

    /// Runs `secret-tool`; gives what it wrote to standard error.
    fn said(&self, arguments: &[&str]) -> Result<String, Failed> {
        Ok(self.run("secret-tool", arguments, "secret")?.2)
    }

    /// Runs a piece of Python; gives what it printed.
    fn python(&self, script: &str) -> Result<String, Failed> {
        let (code, output, errors) = self.run(PYTHON, &["-c", &format!("{PRELUDE}\n{script}")], "")?;
        if code == 0 { Ok(output) } else { Err(errors.into()) }
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<(i32, String, String), Failed> {
        let environment =
            self.applied.as_ref().map(|applied| applied.environment.clone()).unwrap_or_default();
        let mut child = Command::new("timeout")
            .args(["--signal=KILL", "20", program])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.world.folder())
            .envs(environment)
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

const PYTHON: &str = "/usr/bin/python3";
const PRELUDE: &str = "
import gi
gi.require_version('Secret', '1')
from gi.repository import Secret
CLIENT = 'Microsoft.Developer.IdentityService'
schema = Secret.Schema.new('msal.cache.nocae', Secret.SchemaFlags.NONE, {'MsalClientID': Secret.SchemaAttributeType.STRING})
def store(value):
    Secret.password_store_sync(schema, {'MsalClientID': CLIENT}, None, 'MSALCache', value, None)
def lookup():
    return Secret.password_lookup_sync(schema, {'MsalClientID': CLIENT}, None)
";
