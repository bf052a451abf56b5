//! Every provider serves real clients: `secret-tool` and PyGObject's libsecret.

use std::collections::BTreeMap;

use crate::{
    scene::{Program, Scene, unless_missing},
    stage::{same, with_every_provider},
};
use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::Condition,
    world::{bus::BrokerKind, providers::ProviderKind},
};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let tool = [
        with_every_provider("secret-tool stores, finds, replaces and clears", tool_round_trip),
        with_every_provider("secret-tool is refused where the keyring is locked", tool_locked),
        with_every_provider("secret-tool is refused where there is no default collection", tool_no_default),
        with_every_provider("secret-tool is refused where there is no service", tool_no_service),
    ];
    let python = [
        with_every_provider("libsecret stores the item of the Python SDK exactly", python_item),
        with_every_provider("libsecret finds an item after the provider was restarted", python_restart),
        with_every_provider("libsecret sees what is locked and cannot unlock it", python_locked),
    ];
    let tool = unless_missing(Program::SecretTool, tool.into_iter().flatten());
    let python = unless_missing(Program::Python, python.into_iter().flatten());
    tool.into_iter().chain(python).collect()
}

fn tool_round_trip(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, provider, Condition::Usable)?;
    let attributes = ["one", "1", "two", "2"];
    let store = |secret: &str| scene.tool(&[&["store", "--label=a label"], &attributes[..]].concat(), secret);
    same(store("first")?, (0, String::new()))?;
    same(store("second")?, (0, String::new()))?;
    same(scene.tool(&["lookup", "one", "1"], "")?, (0, "second".to_owned()))?;
    same(scene.tool(&["lookup", "one", "2"], "")?, (1, String::new()))?;
    let found = scene.tool(&["search", "--all", "two", "2"], "")?;
    same((found.0, found.1.contains("secret = second")), (0, true))?;
    let items = scene.keyring.items()?;
    same(items.len(), 1)?;
    let (item, secret) = &items[0];
    same((item.label.as_str(), secret.as_slice()), ("a label", &b"second"[..]))?;
    let expected = BTreeMap::from([("one", "1"), ("two", "2")]);
    let mut found: BTreeMap<_, _> = item.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
    // gnome-keyring gives it this one once it reads its own file again, which may be at any time.
    if found.get("xdg:schema") == Some(&"org.freedesktop.Secret.Generic") {
        found.remove("xdg:schema");
    }
    same(found, expected)?;
    same(scene.tool(&[&["clear"], &attributes[..]].concat(), "")?, (0, String::new()))?;
    same(scene.keyring.items()?.len(), 0)?;
    same(scene.world.finish().0, Ok(()))
}

fn tool_locked(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, provider, Condition::Locked)?;
    same(scene.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    same(scene.keyring.items()?.len(), 0)
}

fn tool_no_default(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, provider, Condition::NoDefaultCollection)?;
    same(scene.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    same(scene.tool(&["lookup", "one", "1"], "")?, (1, String::new()))?;
    same(scene.keyring.items()?.len(), 0)
}

fn tool_no_service(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, provider, Condition::NoService)?;
    same(scene.tool(&["store", "--label=a", "one", "1"], "secret")?.0, 1)?;
    let text = scene.said(&["store", "--label=a", "one", "1"])?;
    same(text.contains("The name org.freedesktop.secrets was not provided by any .service files"), true)
}

fn python_item(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let scene = Scene::set(broker, provider, Condition::Usable)?;
    same(python(&scene, "store('value'); print(lookup())")?, "value\n".to_owned())?;
    let items = scene.keyring.items()?;
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
    let (lost, _, tap) = scene.world.finish();
    same(lost, Ok(()))?;
    same(tap.members_with(b"value").is_empty(), true)?;
    same(tap.members_with(b"msal.cache.nocae").is_empty(), false)
}

fn python_restart(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let mut scene = Scene::set(broker, provider, Condition::Usable)?;
    python(&scene, "store('value')")?;
    scene.change(Condition::NoService)?;
    scene.change(Condition::Usable)?;
    same(python(&scene, "print(lookup())")?, "value\n".to_owned())
}

fn python_locked(broker: BrokerKind, provider: ProviderKind) -> Result<(), Failed> {
    let mut scene = Scene::set(broker, provider, Condition::Usable)?;
    python(&scene, "store('value')")?;
    scene.change(Condition::Locked)?;
    // To libsecret a locked item looks like none at all.
    same(python(&scene, "print(lookup())")?, "None\n".to_owned())?;
    let script = "\nservice = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS)\n\
                  found = service.search_sync(None, {'MsalClientID': CLIENT}, Secret.SearchFlags.ALL)\n\
                  print([(item.get_locked(), item.get_label()) for item in found])";
    same(python(&scene, script)?, "[(True, '')]\n".to_owned())?;
    scene.change(Condition::Usable)?;
    same(python(&scene, "print(lookup())")?, "value\n".to_owned())
}

/// Runs a piece of Python; gives what it printed.
fn python(scene: &Scene, script: &str) -> Result<String, Failed> {
    scene.python(&format!("{PRELUDE}\n{script}"))
}

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
