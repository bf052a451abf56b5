//! The scripted provider against the real gnome-keyring: libsecret meets the same from both, in every condition.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use sealcheck::{
    case::Condition,
    world::{bus::BrokerKind, providers::ProviderKind},
};

use crate::{
    scene::{Program, Scene, unless_missing},
    stage::{lacking, same},
};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let python = each_world("libsecret meets the same from both providers", python);
    let tool = each_world("secret-tool meets the same from both providers", tool);
    let python = unless_missing(Program::Python, python.into_iter());
    python.into_iter().chain(unless_missing(Program::SecretTool, tool.into_iter())).collect()
}

/// One trial per broker and condition.
fn each_world(name: &str, test: fn(BrokerKind, Condition) -> Result<(), Failed>) -> Vec<Trial> {
    let conditions = || [Condition::Usable].into_iter().chain(Condition::ALL);
    let worlds =
        BrokerKind::ALL.into_iter().flat_map(|broker| conditions().map(move |condition| (broker, condition)));
    worlds
        .map(|(broker, condition)| {
            let lacks = lacking(broker).or_else(|| ProviderKind::GnomeKeyring.probe().err());
            let reason = lacks.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default();
            let trial = move || test(broker, condition);
            Trial::test(format!("{broker}, {condition}: {name}{reason}"), trial)
                .with_ignored_flag(lacks.is_some())
        })
        .collect()
}

fn python(broker: BrokerKind, condition: Condition) -> Result<(), Failed> {
    let told = |provider| {
        let scene = with_item(broker, provider, condition)?;
        // One line per step, so that a difference names its step.
        let said = scene.python(include_str!("cross_check.py"))?;
        Ok::<_, Failed>(said.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
    };
    let (scripted, real) = (told(ProviderKind::Scripted)?, told(ProviderKind::GnomeKeyring)?);
    // The script has these many steps even where nothing can be reached.
    same(real.len() >= 10, true)?;
    let differing: Vec<_> = scripted.iter().zip(&real).filter(|(one, other)| one != other).collect();
    same(differing, Vec::new())?;
    same(scripted.len(), real.len())
}

fn tool(broker: BrokerKind, condition: Condition) -> Result<(), Failed> {
    let told = |provider| {
        let scene = with_item(broker, provider, condition)?;
        let mut told = BTreeMap::new();
        for (name, arguments) in [
            ("1 lookup", &["lookup", "one", "1"][..]),
            ("2 store", &["store", "--label=a label", "one", "2"]),
            ("3 lookup what was stored", &["lookup", "one", "2"]),
            ("4 clear", &["clear", "one", "1"]),
            ("5 clear what was stored", &["clear", "one", "2"]),
            ("6 lookup", &["lookup", "one", "1"]),
        ] {
            told.insert(name, scene.run("secret-tool", arguments, "secret")?);
        }
        Ok::<_, Failed>(told)
    };
    same(told(ProviderKind::Scripted)?, told(ProviderKind::GnomeKeyring)?)
}

/// A world in which an item was stored before the condition began, and the provider was restarted since.
fn with_item(broker: BrokerKind, provider: ProviderKind, condition: Condition) -> Result<Scene, Failed> {
    let mut scene = Scene::set(broker, provider, Condition::Usable)?;
    let label = "--label=MSALCache";
    let attributes =
        ["MsalClientID", "Microsoft.Developer.IdentityService", "xdg:schema", "msal.cache.nocae", "one", "1"];
    same(scene.tool(&[&["store", label], &attributes[..]].concat(), "value")?.0, 0)?;
    scene.change(condition)?;
    Ok(scene)
}
