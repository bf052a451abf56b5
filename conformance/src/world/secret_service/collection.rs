//! `org.freedesktop.Secret.Collection`.

use std::collections::{BTreeMap, HashMap};

use zbus::OwnedVariant;

use super::{
    contents::{Item, now},
    dispatch::Request,
    keyring::{ITEM, Keyring, no_prompt},
    path,
    refusal::Refusal,
    session::WireSecret,
};
use crate::world::bus::Body;

impl Keyring {
    pub(super) fn answer_collection(&mut self, request: &Request<'_>, id: &str) -> Result<Body, Refusal> {
        match request.member() {
            "Delete" => {
                if self.is_locked(id) {
                    return Err(Refusal::IsLocked("Cannot delete a locked collection"));
                }
                self.delete_collection(id);
                Ok(Body::encode(&no_prompt())?)
            }
            "SearchItems" => {
                let (attributes,): (BTreeMap<String, String>,) = request.arguments()?;
                let found = self.matching(id, &attributes).into_iter();
                let paths: Vec<_> = found.map(|number| path::on_wire(&path::item(id, number))).collect();
                Ok(Body::encode(&paths)?)
            }
            "CreateItem" => self.create_item(request, id),
            _ => Err(request.no_method()),
        }
    }

    fn create_item(&mut self, request: &Request<'_>, id: &str) -> Result<Body, Refusal> {
        let (mut properties, secret, replace): (HashMap<String, OwnedVariant>, WireSecret, bool) =
            request.arguments()?;
        if self.is_locked(id) {
            return Err(Refusal::IsLocked("Cannot create an item in a locked collection"));
        }
        let secret = self.receive(request.client(), secret)?;
        let mut property = |name: &str| properties.remove(&format!("{ITEM}.{name}"));
        let label = property("Label").map(String::try_from).transpose()?.unwrap_or_default();
        let attributes = property("Attributes").map(BTreeMap::try_from).transpose()?.unwrap_or_default();
        let now = now();
        let item = Item {
            label,
            attributes,
            content_type: secret.content_type,
            secret: secret.value,
            created: now,
            modified: now,
        };
        let (number, member) = self
            .with_collection(id, |collection| {
                collection.modified = now;
                // The specification says "the same attributes"; gnome-keyring replaces an item that has more of them too.
                match collection.matching(&item.attributes).first().filter(|_| replace) {
                    Some(&number) => {
                        if let Some(old) = collection.items.get_mut(&number) {
                            *old = Item { created: old.created, ..item };
                        }
                        (number, "ItemChanged")
                    }
                    None => (collection.add(item), "ItemCreated"),
                }
            })
            .ok_or_else(|| request.no_object())?;
        self.item_changed(id, number, member);
        Ok(Body::encode(&(path::on_wire(&path::item(id, number)), no_prompt()))?)
    }
}
