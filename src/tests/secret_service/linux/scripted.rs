//! A service that does one thing wrong, on a real bus.
//!
//! It keeps one item, as ciphertext: what it was sent under a session it gives back under the same.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_bytes::ByteBuf;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, fdo, interface};

use super::world::World;

/// What the service does wrong.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Adds an attribute to each new item.
    AddsAttribute,
    /// Gives secrets back with a bit of their second block flipped.
    AltersSecrets,
    /// Denies access to secrets.
    DeniesAccess,
    /// Acknowledges writes and drops them.
    DropsWrites,
    /// Never answers a change of the secret.
    HangsOnChange,
    /// Has nothing but the session's collection, at a path of its own and under its alias.
    HasAliasedSession,
    /// Has nothing but the session's collection, at the path where every service has it, and no alias.
    HasSession,
    /// Leaves the bus instead of answering a change of the secret.
    LeavesOnChange,
    /// Nothing.
    #[default]
    None,
    /// Offers plain sessions only.
    PlainOnly,
    /// Answers a creation by a prompt.
    PromptsForCreation,
    /// Locks the collection, and unlocks it by a prompt.
    PromptsForUnlock,
    /// Sends secrets of a session that is none.
    SendsOtherSession,
    /// Sends 1 as its public key, so that everybody knows the session's key.
    SendsWeakKey,
}

/// The service's memory, for the test to look at.
#[derive(Clone, Default)]
pub(crate) struct Scripted(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) fault: Fault,
    /// The attributes and the sealed secret of the item.
    pub(crate) item: Option<(HashMap<String, String>, Sealed)>,
    pub(crate) unlocked: bool,
    /// What was called on prompts.
    pub(crate) prompts: Vec<&'static str>,
}

type Sealed = (ByteBuf, ByteBuf);
type WireSecret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

/// A world with a service that does one thing wrong.
pub(crate) fn world_with(fault: Fault) -> (World, Scripted) {
    let mut world = World::without_service();
    let scripted = world.serve(move |connection| async move { Scripted::serve(&connection, fault).await });
    (world, scripted)
}

impl Scripted {
    /// Serves on `connection` until that is dropped.
    pub(crate) async fn serve(connection: &Connection, fault: Fault) -> Self {
        let scripted = Self::default();
        scripted.state().fault = fault;
        let server = connection.object_server();
        server.at(ROOT, Service(scripted.clone())).await.expect("a free path");
        server.at(COLLECTION, Collection(scripted.clone())).await.expect("a free path");
        server.at(ITEM, Item(scripted.clone())).await.expect("a free path");
        server.at(PROMPT, Prompt(scripted.clone())).await.expect("a free path");
        connection.request_name("org.freedesktop.secrets").await.expect("a free name");
        scripted
    }

    /// The memory.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, fault: Fault) -> bool {
        self.state().fault == fault
    }
}

struct Service(Scripted);
struct Collection(Scripted);
struct Item(Scripted);
struct Prompt(Scripted);

#[interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    fn open_session(
        &self,
        algorithm: &str,
        _input: Variant<'_>,
    ) -> fdo::Result<(OwnedVariant, OwnedObjectPath)> {
        if self.0.has(Fault::PlainOnly) && algorithm != "plain" {
            return Err(fdo::Error::NotSupported("only plain".to_owned()));
        }
        let key = if self.0.has(Fault::SendsWeakKey) { vec![1_u8] } else { vec![4] };
        Ok((owned(Variant::from(key)), path(SESSION)))
    }

    fn read_alias(&self, name: &str) -> OwnedObjectPath {
        path(match (self.0.state().fault, name) {
            (Fault::HasAliasedSession, "session") => COLLECTION,
            (Fault::HasAliasedSession | Fault::HasSession, _) => "/",
            (_, "default") => COLLECTION,
            _ => "/",
        })
    }

    fn unlock(&self, objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        drop(objects);
        (Vec::new(), path(PROMPT))
    }

    #[zbus(property)]
    fn collections(&self) -> Vec<OwnedObjectPath> {
        vec![path(if self.0.has(Fault::HasSession) { SESSION_COLLECTION } else { COLLECTION })]
    }
}

#[interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    fn search_items(&self, attributes: HashMap<String, String>) -> Vec<OwnedObjectPath> {
        let state = self.0.state();
        let fits = state
            .item
            .as_ref()
            .is_some_and(|(own, _)| attributes.iter().all(|(name, value)| own.get(name) == Some(value)));
        if fits { vec![path(ITEM)] } else { Vec::new() }
    }

    fn create_item(
        &self,
        mut properties: HashMap<String, OwnedVariant>,
        secret: WireSecret,
        _replace: bool,
    ) -> (OwnedObjectPath, OwnedObjectPath) {
        let mut state = self.0.state();
        if state.fault == Fault::PromptsForCreation {
            return (path("/"), path(PROMPT));
        }
        let attributes = properties.remove("org.freedesktop.Secret.Item.Attributes").expect("attributes");
        let mut attributes = HashMap::<String, String>::try_from(attributes).expect("a dictionary");
        if state.fault == Fault::AddsAttribute {
            attributes.insert("Uuid".to_owned(), "1".to_owned());
        }
        if state.fault != Fault::DropsWrites {
            state.item = Some((attributes, (secret.1, secret.2)));
        }
        (path(ITEM), path("/"))
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        let state = self.0.state();
        state.fault == Fault::PromptsForUnlock && !state.unlocked
    }
}

#[interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn get_secret(&self, session: ObjectPath<'_>) -> fdo::Result<(WireSecret,)> {
        let state = self.0.state();
        if state.fault == Fault::DeniesAccess {
            return Err(fdo::Error::AccessDenied("the secret is 12345".to_owned()));
        }
        let session = if state.fault == Fault::SendsOtherSession { path("/other") } else { session.into() };
        let (_, (vector, mut sealed)) =
            state.item.clone().ok_or_else(|| fdo::Error::UnknownObject("no item".to_owned()))?;
        if state.fault == Fault::AltersSecrets {
            sealed[24] ^= 0x80;
        }
        Ok(((session, vector, sealed, "text/plain".to_owned()),))
    }

    async fn set_secret(&self, secret: WireSecret, #[zbus(connection)] connection: &Connection) {
        let fault = self.0.state().fault;
        match fault {
            Fault::HangsOnChange => pending().await,
            Fault::LeavesOnChange => connection.clone().close().await.expect("an open connection"),
            Fault::DropsWrites => {}
            Fault::AddsAttribute
            | Fault::AltersSecrets
            | Fault::DeniesAccess
            | Fault::HasAliasedSession
            | Fault::HasSession
            | Fault::None
            | Fault::PlainOnly
            | Fault::PromptsForCreation
            | Fault::PromptsForUnlock
            | Fault::SendsOtherSession
            | Fault::SendsWeakKey => {
                if let Some((_, sealed)) = &mut self.0.state().item {
                    *sealed = (secret.1, secret.2);
                }
            }
        }
    }

    fn delete(&self) -> OwnedObjectPath {
        self.0.state().item = None;
        path("/")
    }

    #[zbus(property)]
    fn attributes(&self) -> fdo::Result<HashMap<String, String>> {
        let state = self.0.state();
        let (attributes, _) =
            state.item.as_ref().ok_or_else(|| fdo::Error::UnknownObject("no item".to_owned()))?;
        Ok(attributes.clone())
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        false
    }
}

#[interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    async fn prompt(
        &self,
        _window: &str,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) -> fdo::Result<()> {
        {
            let mut state = self.0.state();
            state.prompts.push("Prompt");
            state.unlocked = true;
        }
        Ok(Self::completed(&emitter, false, Variant::from("")).await?)
    }

    fn dismiss(&self) {
        self.0.state().prompts.push("Dismiss");
    }

    #[zbus(signal)]
    async fn completed(emitter: &SignalEmitter<'_>, dismissed: bool, result: Variant<'_>)
    -> zbus::Result<()>;
}

fn path(path: &'static str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).expect("a valid path")
}

fn owned(variant: Variant<'_>) -> OwnedVariant {
    variant.try_to_owned().expect("no descriptors in it")
}

const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/one";
const SESSION_COLLECTION: &str = "/org/freedesktop/secrets/collection/session";
const ITEM: &str = "/org/freedesktop/secrets/collection/one/1";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";
const SESSION: &str = "/org/freedesktop/secrets/session/1";
