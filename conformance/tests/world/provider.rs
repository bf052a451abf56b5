//! The scripted provider as the harness's own client sees it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use libtest_mimic::{Failed, Trial};
use sealcheck::world::{
    bus::BrokerKind,
    client::{Algorithm, ClientError, Found, KeyringClient, NewItem, Unlocking},
    secret_service::{DefaultCollection, KeyringContents, OnPrompt, Provider, ProviderError, ProviderScript},
};

use crate::stage::{World, same, with_both_brokers};

type Test = fn() -> Result<(), Failed>;

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    let both = [
        with_both_brokers("an item lives from its creation to its deletion", life_of_an_item),
        with_both_brokers("a provider whose bus is gone can be stopped", bus_is_gone),
    ];
    let single: [(&str, Test); 10] = [
        ("a big secret arrives whole", big_secret),
        ("the first item with all the attributes is replaced", replacing),
        ("a session is of no use to another client", foreign_session),
        ("a collection that was never unlocked shows that it has items, and hashes", locked),
        ("a prompt that is completed unlocks", unlocking),
        ("a prompt that is dismissed creates nothing", dismissed_creation),
        ("a prompt that is completed creates a collection that stays", completed_creation),
        ("contents outlive the provider, the session collection does not", restart),
        ("items behind a missing default collection are out of sight", missing_default),
        ("a second provider is turned away", second_provider),
    ];
    let single = single.into_iter().map(|(name, test)| Trial::test(name, test));
    both.into_iter().flatten().chain(single).collect()
}

fn life_of_an_item(kind: BrokerKind) -> Result<(), Failed> {
    for algorithm in [Algorithm::Plain, Algorithm::DiffieHellman] {
        let stage = Stage::with(kind, ProviderScript::USABLE)?;
        let mut client = stage.client(algorithm)?;
        let item = client.create_item(ALIAS, &new_item(&[("a", "1")]), b"first")?;
        same(item.as_str(), "/org/freedesktop/secrets/collection/login/1")?;
        same(client.secret(&item)?, b"first".to_vec())?;
        client.set_secret(&item, b"second", "text/plain")?;
        same(client.secret(&item)?, b"second".to_vec())?;
        same(client.attributes(&item)?, map(&[("a", "1")]))?;
        let found = Found { unlocked: vec![item.clone()], locked: Vec::new() };
        same(client.search(&map(&[("a", "1")]))?, found)?;
        same(client.search(&map(&[("a", "2")]))?, Found::default())?;
        client.delete(&item)?;
        same(refusal(client.secret(&item))?, format!("{UNKNOWN}: Object does not exist at path “{item}”"))?;
        // What travelled in the clear was seen on the wire, and only that.
        drop(stage.provider);
        let (lost, _, tap) = stage.world.finish();
        same(lost, Ok(()))?;
        same(tap.members_with(b"second").is_empty(), algorithm == Algorithm::DiffieHellman)?;
    }
    Ok(())
}

fn bus_is_gone(kind: BrokerKind) -> Result<(), Failed> {
    let Stage { provider, world, .. } = Stage::with(kind, ProviderScript::USABLE)?;
    let began = Instant::now();
    same(world.finish().0, Ok(()))?;
    drop(provider);
    same(began.elapsed() < Duration::from_secs(5), true)
}

fn big_secret() -> Result<(), Failed> {
    let stage = Stage::set(ProviderScript::USABLE)?;
    let mut client = stage.client(Algorithm::DiffieHellman)?;
    let secret: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).take(3_000_000).collect();
    let item = client.create_item(ALIAS, &new_item(&[]), &secret)?;
    same(client.secret(&item)? == secret, true)?;
    same(stage.contents.items()[0].0.bytes, 3_000_000)
}

fn replacing() -> Result<(), Failed> {
    let stage = Stage::set(ProviderScript::USABLE)?;
    let mut client = stage.client(Algorithm::Plain)?;
    let more = client.create_item(ALIAS, &new_item(&[("a", "1"), ("b", "2")]), b"more")?;
    let other = client.create_item(ALIAS, &new_item(&[("a", "2")]), b"other")?;
    same(more == other, false)?;
    // As gnome-keyring does, and unlike the words of the specification: it had more attributes.
    let fewer = client.create_item(ALIAS, &new_item(&[("a", "1")]), b"fewer")?;
    same(&fewer, &more)?;
    same(client.attributes(&fewer)?, map(&[("a", "1")]))?;
    let again = client.create_item(ALIAS, &new_item(&[("a", "1"), ("b", "2")]), b"again")?;
    same(again == fewer, false)?;
    let kept = NewItem { replace: false, ..new_item(&[("a", "1")]) };
    let twin = client.create_item(ALIAS, &kept, b"twin")?;
    same(twin == fewer, false)?;
    let secrets: Vec<_> = stage.contents.items().into_iter().map(|(_, secret)| secret).collect();
    same(secrets, ["fewer", "other", "again", "twin"].map(|secret| secret.as_bytes().to_vec()).to_vec())
}

fn foreign_session() -> Result<(), Failed> {
    let stage = Stage::set(ProviderScript::USABLE)?;
    let mut owner = stage.client(Algorithm::Plain)?;
    let item = owner.create_item(ALIAS, &new_item(&[]), b"value")?;
    same(owner.secret(&item)?, b"value".to_vec())?;
    let refused = zbus::block_on(async {
        let address = stage.world.bus.client_address();
        let thief = zbus::connection::Builder::address(address.as_str()).build().await?;
        let session = zbus::ObjectPath::try_from("/org/freedesktop/secrets/session/s1")?;
        let interface = Some("org.freedesktop.Secret.Item");
        let answer = thief
            .call_method(Some("org.freedesktop.secrets"), item.as_str(), interface, "GetSecret", &session)
            .await;
        Ok::<_, zbus::Error>(answer.err().map(|error| error.to_string()))
    })?;
    same(refused, Some("org.freedesktop.Secret.Error.NoSession: The session does not exist".to_owned()))?;
    let mut none = KeyringClient::connect(&stage.world.bus.client_address())?;
    same(matches!(none.secret(&item), Err(ClientError::NoSession)), true)
}

fn locked() -> Result<(), Failed> {
    let mut stage = Stage::set(ProviderScript::USABLE)?;
    let item = stage.client(Algorithm::Plain)?.create_item(ALIAS, &new_item(&[("a", "1")]), b"value")?;
    stage.play(ProviderScript::LOCKED)?;
    let mut client = stage.client(Algorithm::Plain)?;
    let found = Found { unlocked: Vec::new(), locked: vec![item.clone()] };
    same(client.search(&map(&[("a", "1")]))?, found)?;
    let hashed = [("gkr:compat:hashed:a", "c4ca4238a0b923820dcc509a6f75849b"), ("xdg:schema", GENERIC)];
    same((client.attributes(&item)?, client.label(&item)?), (map(&hashed), String::new()))?;
    same(client.search(&map(&[("a", "1"), ("xdg:schema", "other")]))?, Found::default())?;
    let refusals = [
        refusal(client.secret(&item))?,
        refusal(client.set_secret(&item, b"other", "text/plain"))?,
        refusal(client.create_item(ALIAS, &new_item(&[]), b"other"))?,
        refusal(client.delete(&item))?,
    ];
    let locked = |text| format!("org.freedesktop.Secret.Error.IsLocked: {text}");
    let expected = [
        locked("Cannot get secret of a locked object"),
        locked("Cannot set secret of a locked item"),
        locked("Cannot create an item in a locked collection"),
        locked("Cannot delete a locked item"),
    ];
    same(refusals, expected)?;
    let Unlocking { unlocked, prompt } = client.unlock(ALIAS)?;
    same(unlocked, Vec::new())?;
    same(client.prompt(&prompt.ok_or("there is no prompt")?)?, true)?;
    same(client.is_locked(ALIAS)?, true)?;
    same(stage.contents.items()[0].1.as_slice(), b"value")
}

fn unlocking() -> Result<(), Failed> {
    let script = ProviderScript { on_prompt: OnPrompt::Complete, ..ProviderScript::LOCKED };
    let mut stage = Stage::set(ProviderScript::USABLE)?;
    let item = stage.client(Algorithm::Plain)?.create_item(ALIAS, &new_item(&[("a", "1")]), b"value")?;
    stage.play(script)?;
    let mut client = stage.client(Algorithm::Plain)?;
    let prompt = client.unlock(ALIAS)?.prompt.ok_or("there is no prompt")?;
    same(client.is_locked(ALIAS)?, true)?;
    same(client.prompt(&prompt)?, false)?;
    same(client.is_locked(ALIAS)?, false)?;
    same(client.attributes(&item)?, map(&[("a", "1")]))?;
    // A prompt is answered once.
    let again = refusal(client.prompt(&prompt))?;
    same(again, format!("{UNKNOWN}: Object does not exist at path “{prompt}”"))
}

fn dismissed_creation() -> Result<(), Failed> {
    let stage = Stage::set(ProviderScript::NO_DEFAULT_COLLECTION)?;
    let mut client = stage.client(Algorithm::Plain)?;
    let prompt = client.create_collection("Default keyring", "default")?.ok_or("there is no prompt")?;
    same(client.prompt(&prompt)?, true)?;
    same(client.alias("default")?, None)?;
    same(client.collections()?, vec![SESSION.to_owned()])?;
    let refused = refusal(client.create_item(ALIAS, &new_item(&[]), b"value"))?;
    same(refused, format!("{UNKNOWN}: Object does not exist at path “{LOGIN}”"))
}

fn completed_creation() -> Result<(), Failed> {
    let script = ProviderScript { on_prompt: OnPrompt::Complete, ..ProviderScript::NO_DEFAULT_COLLECTION };
    let mut stage = Stage::set(script)?;
    let mut client = stage.client(Algorithm::Plain)?;
    let prompt = client.create_collection("Default keyring", "default")?.ok_or("there is no prompt")?;
    same(client.prompt(&prompt)?, false)?;
    let made = "/org/freedesktop/secrets/collection/Default_20keyring".to_owned();
    same(client.alias("default")?, Some(made.clone()))?;
    let item = client.create_item(ALIAS, &new_item(&[]), b"value")?;
    stage.play(ProviderScript::USABLE)?;
    let mut client = stage.client(Algorithm::Plain)?;
    same(client.alias("default")?, Some(made))?;
    same(client.secret(&item)?, b"value".to_vec())
}

fn restart() -> Result<(), Failed> {
    let mut stage = Stage::set(ProviderScript::USABLE)?;
    let mut client = stage.client(Algorithm::DiffieHellman)?;
    let kept = client.create_item(ALIAS, &new_item(&[("a", "1")]), b"kept")?;
    client.create_item(SESSION, &new_item(&[("a", "1")]), b"passing")?;
    same(stage.contents.items().len(), 2)?;
    stage.play(ProviderScript::USABLE)?;
    let mut client = stage.client(Algorithm::DiffieHellman)?;
    same(client.search(&map(&[("a", "1")]))?, Found { unlocked: vec![kept.clone()], locked: Vec::new() })?;
    same(stage.contents.remove_item(&kept), true)?;
    same(stage.contents.remove_item(&kept), false)?;
    same(client.search(&map(&[("a", "1")]))?, Found::default())
}

fn missing_default() -> Result<(), Failed> {
    let mut stage = Stage::set(ProviderScript::USABLE)?;
    let item = stage.client(Algorithm::Plain)?.create_item(ALIAS, &new_item(&[("a", "1")]), b"value")?;
    let script = ProviderScript { default_collection: DefaultCollection::Missing, ..ProviderScript::USABLE };
    stage.play(script)?;
    let mut client = stage.client(Algorithm::Plain)?;
    same(client.search(&map(&[("a", "1")]))?, Found::default())?;
    same(refusal(client.secret(&item))?, format!("{UNKNOWN}: Object does not exist at path “{item}”"))?;
    same(stage.contents.items().len(), 1)?;
    stage.play(ProviderScript::USABLE)?;
    same(stage.client(Algorithm::Plain)?.secret(&item)?, b"value".to_vec())
}

fn second_provider() -> Result<(), Failed> {
    let stage = Stage::set(ProviderScript::USABLE)?;
    let second =
        Provider::start(&stage.world.bus.broker_address(), &KeyringContents::new(), ProviderScript::USABLE);
    same(matches!(second, Err(ProviderError::NameTaken)), true)?;
    same(stage.client(Algorithm::Plain)?.is_locked(ALIAS)?, false)
}

/// A world with a provider.
struct Stage {
    // Declared before the world, so that it leaves while there is a bus.
    provider: Option<Provider>,
    contents: KeyringContents,
    world: World,
}

impl Stage {
    fn set(script: ProviderScript) -> Result<Self, Failed> {
        Self::with(BrokerKind::Busd, script)
    }

    fn with(kind: BrokerKind, script: ProviderScript) -> Result<Self, Failed> {
        let world = World::start(kind);
        let contents = KeyringContents::new();
        let provider = Some(Provider::start(&world.bus.broker_address(), &contents, script)?);
        Ok(Self { provider, contents, world })
    }

    /// Has another provider take over, with the same contents.
    fn play(&mut self, script: ProviderScript) -> Result<(), Failed> {
        drop(self.provider.take());
        let address = self.world.bus.broker_address();
        self.provider = Some(Provider::start(&address, &self.contents, script)?);
        Ok(())
    }

    fn client(&self, algorithm: Algorithm) -> Result<KeyringClient, Failed> {
        let mut client = KeyringClient::connect(&self.world.bus.client_address())?;
        client.open_session(algorithm)?;
        Ok(client)
    }
}

fn new_item(attributes: &[(&str, &str)]) -> NewItem {
    NewItem {
        label: "a label".into(),
        attributes: map(attributes),
        content_type: "text/plain".into(),
        replace: true,
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The name and the text of the error that is the answer.
fn refusal<T>(result: Result<T, ClientError>) -> Result<String, Failed> {
    match result {
        Err(ClientError::Refused { name, message }) => Ok(format!("{name}: {message}")),
        Err(other) => Err(other.into()),
        Ok(_) => Err("the answer is no error".into()),
    }
}

const GENERIC: &str = "org.freedesktop.Secret.Generic";
const LOGIN: &str = "/org/freedesktop/secrets/collection/login";
const ALIAS: &str = "/org/freedesktop/secrets/aliases/default";
const SESSION: &str = "/org/freedesktop/secrets/collection/session";
const UNKNOWN: &str = "org.freedesktop.DBus.Error.UnknownMethod";
