//! The living state of a provider: what its clients can see of the contents.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use zbus::{Variant, wire::DynamicType};

use super::{
    contents::{Collection, Contents, Item, KeyringContents},
    path::{self, CollectionName, NONE, SERVICE},
    prompt::Prompt,
    refusal::Refusal,
    script::{DefaultCollection, OnPrompt, ProviderScript},
    sealed,
    session::{Secret, Session, WireSecret},
};
use crate::world::bus::Body;

/// A signal that is to be sent after the answer to the call that caused it.
pub(super) struct Signal {
    pub(super) path: String,
    pub(super) interface: &'static str,
    pub(super) member: &'static str,
    pub(super) body: Body,
}

/// What one provider knows beyond the contents.
pub(super) struct Keyring {
    pub(super) contents: KeyringContents,
    pub(super) on_prompt: OnPrompt,
    visible: BTreeSet<String>,
    locked: BTreeSet<String>,
    /// The locked collections that this provider has never unlocked, so that it knows only what stands in the clear.
    sealed: BTreeSet<String>,
    aliases: BTreeMap<String, String>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) prompts: BTreeMap<String, Prompt>,
    last_number: u64,
    signals: Vec<Signal>,
}

impl Keyring {
    /// Sets the stage: an empty session collection, and the default collection as the script has it.
    pub(super) fn new(contents: KeyringContents, script: ProviderScript) -> Self {
        let mut keyring = Self {
            contents: contents.clone(),
            on_prompt: script.on_prompt,
            visible: BTreeSet::from([SESSION.to_owned()]),
            locked: BTreeSet::new(),
            sealed: BTreeSet::new(),
            aliases: BTreeMap::new(),
            sessions: BTreeMap::new(),
            prompts: BTreeMap::new(),
            last_number: 0,
            signals: Vec::new(),
        };
        let mut contents = contents.lock();
        contents.collections.insert(SESSION.to_owned(), Collection::default());
        match script.default_collection {
            DefaultCollection::Missing => {}
            DefaultCollection::Present { locked } => {
                let default = default_of(&mut contents);
                if locked {
                    keyring.locked.insert(default.clone());
                    keyring.sealed.insert(default);
                }
                keyring.visible.extend(contents.collections.keys().cloned());
                keyring.aliases.clone_from(&contents.aliases);
            }
        }
        drop(contents);
        keyring
    }

    /// The id of a collection that a client can see.
    pub(super) fn find(&self, name: &CollectionName) -> Option<String> {
        let id = match name {
            CollectionName::Id(id) => id,
            CollectionName::Alias(alias) => self.aliases.get(alias)?,
        };
        self.visible.contains(id).then(|| id.clone())
    }

    /// The ids of all collections that clients can see.
    pub(super) fn visible(&self) -> impl Iterator<Item = &String> {
        self.visible.iter()
    }

    /// Whether a collection is locked.
    pub(super) fn is_locked(&self, id: &str) -> bool {
        self.locked.contains(id)
    }

    /// The collection that an alias leads to.
    pub(super) fn alias(&self, alias: &str) -> Option<&String> {
        self.aliases.get(alias).filter(|id| self.visible.contains(*id))
    }

    /// Changes or removes an alias, for later providers too.
    pub(super) fn set_alias(&mut self, alias: &str, id: Option<&str>) {
        let mut contents = self.contents.lock();
        for aliases in [&mut self.aliases, &mut contents.aliases] {
            match id {
                Some(id) => aliases.insert(alias.to_owned(), id.to_owned()),
                None => aliases.remove(alias),
            };
        }
    }

    /// Whether a collection has been locked for as long as the provider is there.
    pub(super) fn is_sealed(&self, id: &str) -> bool {
        self.sealed.contains(id)
    }

    /// The numbers of the items of a collection that have all these attributes, as far as they can be known.
    pub(super) fn matching(&self, id: &str, attributes: &BTreeMap<String, String>) -> Vec<u64> {
        let is_sealed = self.is_sealed(id);
        let matching = self.with_collection(id, |collection| {
            if is_sealed { sealed::matching(collection, attributes) } else { collection.matching(attributes) }
        });
        matching.unwrap_or_default()
    }

    /// Locks or unlocks a collection and tells everybody; the session collection has no lock.
    pub(super) fn set_locked(&mut self, id: &str, locked: bool) {
        if !locked {
            self.sealed.remove(id);
        }
        let changed =
            if locked { id != SESSION && self.locked.insert(id.to_owned()) } else { self.locked.remove(id) };
        if changed {
            let collection = path::collection(id);
            self.property_changed(&collection, COLLECTION, "Locked", Variant::from(locked));
            self.emit(SERVICE, SERVICE_INTERFACE, "CollectionChanged", &path::on_wire(&collection));
        }
    }

    /// Makes a collection that everybody can see.
    pub(super) fn create_collection(&mut self, label: &str, alias: &str) -> String {
        let id = self.contents.lock().create(&path::id_of_label(label), label);
        self.visible.insert(id.clone());
        if !alias.is_empty() {
            self.set_alias(alias, Some(&id));
        }
        self.emit(SERVICE, SERVICE_INTERFACE, "CollectionCreated", &path::on_wire(&path::collection(&id)));
        self.collections_changed();
        id
    }

    /// Removes a collection and what leads to it; the session collection is only emptied.
    pub(super) fn delete_collection(&mut self, id: &str) {
        let mut contents = self.contents.lock();
        if id == SESSION {
            contents.collections.insert(SESSION.to_owned(), Collection::default());
            return;
        }
        contents.collections.remove(id);
        contents.aliases.retain(|_, target| target != id);
        drop(contents);
        self.aliases.retain(|_, target| target != id);
        self.visible.remove(id);
        self.locked.remove(id);
        self.sealed.remove(id);
        self.emit(SERVICE, SERVICE_INTERFACE, "CollectionDeleted", &path::on_wire(&path::collection(id)));
        self.collections_changed();
    }

    /// Looks at or changes a collection that exists.
    pub(super) fn with_collection<T>(&self, id: &str, act: impl FnOnce(&mut Collection) -> T) -> Option<T> {
        self.contents.lock().collections.get_mut(id).map(act)
    }

    /// Looks at or changes an item that exists.
    pub(super) fn with_item<T>(&self, id: &str, number: u64, act: impl FnOnce(&mut Item) -> T) -> Option<T> {
        self.with_collection(id, |collection| collection.items.get_mut(&number).map(act)).flatten()
    }

    /// Tells everybody that an item came, changed or went.
    pub(super) fn item_changed(&mut self, id: &str, number: u64, member: &'static str) {
        let collection = path::collection(id);
        self.emit(&collection, COLLECTION, member, &path::on_wire(&path::item(id, number)));
        if member != "ItemChanged" {
            let items = self.with_collection(id, |collection| {
                collection.items.keys().map(|&number| path::on_wire(&path::item(id, number))).collect()
            });
            let items: Vec<_> = items.unwrap_or_default();
            self.property_changed(&collection, COLLECTION, "Items", Variant::from(items));
        }
    }

    /// A session that belongs to a client.
    pub(super) fn session(&self, client: &str, path: &str) -> Result<&Session, Refusal> {
        self.sessions.get(path).filter(|session| session.belongs_to(client)).ok_or(Refusal::NoSession)
    }

    /// Reads a secret that a client sent.
    pub(super) fn receive(&self, client: &str, secret: WireSecret) -> Result<Secret, Refusal> {
        self.session(client, secret.0.as_str())?.receive(secret)
    }

    /// A fresh path in a folder.
    pub(super) fn fresh_path(&mut self, folder: &str, letter: char) -> String {
        self.last_number += 1;
        format!("{SERVICE}/{folder}/{letter}{}", self.last_number)
    }

    /// Has a signal sent after the answer.
    pub(super) fn emit<B: Serialize + DynamicType>(
        &mut self,
        path: &str,
        interface: &'static str,
        member: &'static str,
        body: &B,
    ) {
        match Body::encode(body) {
            Ok(body) => self.signals.push(Signal { path: path.to_owned(), interface, member, body }),
            Err(error) => tracing::warn!("the signal {member} cannot be written: {error}"),
        }
    }

    /// The signals that were caused since this was last asked.
    pub(super) fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }

    /// Tells everybody the new value of a property.
    pub(super) fn property_changed(&mut self, path: &str, interface: &str, name: &str, value: Variant<'_>) {
        let changed = BTreeMap::from([(name, value)]);
        self.emit(path, PROPERTIES, "PropertiesChanged", &(interface, changed, Vec::<String>::new()));
    }

    fn collections_changed(&mut self) {
        let all: Vec<_> = self.visible().map(|id| path::on_wire(&path::collection(id))).collect();
        self.property_changed(SERVICE, SERVICE_INTERFACE, "Collections", Variant::from(all));
    }
}

/// The id of the default collection, which is made where there is none.
fn default_of(contents: &mut Contents) -> String {
    if let Some(id) = contents.aliases.get(DEFAULT).filter(|id| contents.collections.contains_key(*id)) {
        return id.clone();
    }
    let id = contents.create(LOGIN, "Login");
    contents.aliases.insert(DEFAULT.to_owned(), id.clone());
    id
}

/// What a path argument is where there is no prompt.
pub(super) fn no_prompt() -> zbus::OwnedObjectPath {
    path::on_wire(NONE)
}

/// The id of the collection that lives as long as the provider.
pub(super) const SESSION: &str = "session";
/// The interface of the service.
pub(super) const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
/// The interface of a collection.
pub(super) const COLLECTION: &str = "org.freedesktop.Secret.Collection";
/// The interface of an item.
pub(super) const ITEM: &str = "org.freedesktop.Secret.Item";
/// The interface of a session.
pub(super) const SESSION_INTERFACE: &str = "org.freedesktop.Secret.Session";
/// The interface of a prompt.
pub(super) const PROMPT: &str = "org.freedesktop.Secret.Prompt";
/// The interface of properties, of every object.
pub(super) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The alias of the collection that clients use when they name none.
pub(super) const DEFAULT: &str = "default";
/// The id of the collection that gnome-keyring takes for the default one.
pub(super) const LOGIN: &str = "login";
/// The schema that an item has where none is known.
pub(super) const GENERIC: &str = "org.freedesktop.Secret.Generic";
