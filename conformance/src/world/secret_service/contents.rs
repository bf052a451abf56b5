//! What the keyring holds, across the comings and goings of a provider.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use super::path;
use crate::observation::KeyringItem;

/// The collections and items of a keyring. Cloning gives another handle on the same ones.
#[derive(Clone, Default)]
pub struct KeyringContents {
    inner: Arc<Mutex<Contents>>,
}

impl KeyringContents {
    /// An empty keyring: not even a default collection, which the first provider that plays one makes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every item with its secret, in the order of collections and items; what no client can see at present included.
    pub fn items(&self) -> Vec<(KeyringItem, Vec<u8>)> {
        let contents = self.lock();
        let all = contents.collections.iter().flat_map(|(id, collection)| {
            collection.items.iter().map(move |(&number, item)| (id, number, item))
        });
        all.map(|(id, number, item)| {
            let fact = KeyringItem {
                collection: path::collection(id),
                path: path::item(id, number),
                label: item.label.clone(),
                attributes: item.attributes.clone(),
                content_type: item.content_type.clone(),
                bytes: item.secret.len(),
            };
            (fact, item.secret.clone())
        })
        .collect()
    }

    /// Removes the item at an object path, past the bus; false if there is none.
    pub fn remove_item(&self, path: &str) -> bool {
        let path::Object::Item(path::CollectionName::Id(id), number) = path::Object::of(path) else {
            return false;
        };
        let mut contents = self.lock();
        contents.collections.get_mut(&id).is_some_and(|collection| collection.items.remove(&number).is_some())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Contents> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyringContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringContents").field("items", &self.items().len()).finish_non_exhaustive()
    }
}

/// What is behind a [`KeyringContents`].
#[derive(Default)]
pub(super) struct Contents {
    pub(super) collections: BTreeMap<String, Collection>,
    pub(super) aliases: BTreeMap<String, String>,
}

/// One collection.
#[derive(Default)]
pub(super) struct Collection {
    pub(super) label: String,
    pub(super) items: BTreeMap<u64, Item>,
    pub(super) last_number: u64,
    pub(super) created: u64,
    pub(super) modified: u64,
}

/// One item.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) label: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) content_type: String,
    pub(super) secret: Vec<u8>,
    pub(super) created: u64,
    pub(super) modified: u64,
}

impl Contents {
    /// Makes an empty collection; an id that is taken gets a number.
    pub(super) fn create(&mut self, wanted: &str, label: &str) -> String {
        let taken = |id: &str| self.collections.contains_key(id);
        let id = std::iter::once(wanted.to_owned())
            .chain((1u64..).map(|number| format!("{wanted}_{number}")))
            .find(|id| !taken(id))
            .expect("a world has fewer than 2^64 collections");
        let now = now();
        let collection =
            Collection { label: label.to_owned(), created: now, modified: now, ..Collection::default() };
        self.collections.insert(id.clone(), collection);
        id
    }
}

impl Collection {
    /// The numbers of the items that have all these attributes.
    pub(super) fn matching(&self, attributes: &BTreeMap<String, String>) -> Vec<u64> {
        self.items.iter().filter(|(_, item)| item.has(attributes)).map(|(&number, _)| number).collect()
    }

    /// Adds an item and gives its number.
    pub(super) fn add(&mut self, item: Item) -> u64 {
        self.last_number += 1;
        self.items.insert(self.last_number, item);
        self.last_number
    }
}

impl Item {
    /// Whether it has all these attributes, and perhaps more.
    pub(super) fn has(&self, attributes: &BTreeMap<String, String>) -> bool {
        attributes.iter().all(|(name, value)| self.attributes.get(name) == Some(value))
    }
}

/// Seconds since the epoch.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
