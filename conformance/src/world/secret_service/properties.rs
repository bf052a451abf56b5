//! `org.freedesktop.DBus.Properties` of every object.

use std::collections::BTreeMap;

use zbus::{OwnedVariant, Variant};

use super::{
    dispatch::Request,
    keyring::{GENERIC, Keyring},
    path::{self, Object},
    refusal::Refusal,
    sealed,
};
use crate::world::bus::Body;

type Properties = BTreeMap<&'static str, Variant<'static>>;

impl Keyring {
    pub(super) fn answer_properties(
        &mut self,
        request: &Request<'_>,
        object: &Object,
        interface: &str,
    ) -> Result<Body, Refusal> {
        let own = |asked: &str| {
            // An empty interface means any.
            if asked.is_empty() || asked == interface {
                Ok(())
            } else {
                Err(Refusal::NoInterface(asked.to_owned()))
            }
        };
        match request.member() {
            "GetAll" => {
                let (asked,): (String,) = request.arguments()?;
                own(&asked)?;
                Ok(Body::encode(&self.properties(object))?)
            }
            "Get" => {
                let (asked, name): (String, String) = request.arguments()?;
                own(&asked)?;
                let value = self.properties(object).remove(name.as_str());
                Ok(Body::encode(&value.ok_or(Refusal::NoProperty(name))?)?)
            }
            "Set" => {
                let (asked, name, value): (String, String, OwnedVariant) = request.arguments()?;
                own(&asked)?;
                self.set_property(object, name, value)?;
                Ok(Body::encode(&())?)
            }
            _ => Err(request.no_method()),
        }
    }

    fn properties(&self, object: &Object) -> Properties {
        match object {
            Object::Service => {
                let all: Vec<_> = self.visible().map(|id| path::on_wire(&path::collection(id))).collect();
                Properties::from([("Collections", Variant::from(all))])
            }
            Object::Collection(name) => {
                self.find(name).map(|id| self.collection_properties(&id)).unwrap_or_default()
            }
            Object::Item(name, number) => {
                self.find(name).map(|id| self.item_properties(&id, *number)).unwrap_or_default()
            }
            Object::Session(_) | Object::Prompt(_) | Object::Nothing => Properties::new(),
        }
    }

    fn collection_properties(&self, id: &str) -> Properties {
        let locked = self.is_locked(id);
        self.with_collection(id, |collection| {
            let items: Vec<_> =
                collection.items.keys().map(|&number| path::on_wire(&path::item(id, number))).collect();
            Properties::from([
                ("Items", Variant::from(items)),
                ("Label", Variant::from(collection.label.clone())),
                ("Locked", Variant::from(locked)),
                ("Created", Variant::from(collection.created)),
                ("Modified", Variant::from(collection.modified)),
            ])
        })
        .unwrap_or_default()
    }

    fn item_properties(&self, id: &str, number: u64) -> Properties {
        let (locked, is_sealed) = (self.is_locked(id), self.is_sealed(id));
        self.with_item(id, number, |item| {
            let item = if is_sealed { &sealed::shown(item) } else { item };
            let schema = item.attributes.get("xdg:schema").map_or(GENERIC, String::as_str);
            Properties::from([
                ("Locked", Variant::from(locked)),
                ("Attributes", Variant::from(item.attributes.clone())),
                ("Label", Variant::from(item.label.clone())),
                ("Type", Variant::from(schema.to_owned())),
                ("Created", Variant::from(item.created)),
                ("Modified", Variant::from(item.modified)),
            ])
        })
        .unwrap_or_default()
    }

    fn set_property(&mut self, object: &Object, name: String, value: OwnedVariant) -> Result<(), Refusal> {
        if !self.properties(object).contains_key(name.as_str()) {
            return Err(Refusal::NoProperty(name));
        }
        match (object, name.as_str()) {
            (Object::Collection(collection), "Label") => {
                let id = self.unlocked(collection)?;
                let label = String::try_from(value)?;
                self.with_collection(&id, |collection| collection.label = label);
            }
            (Object::Item(collection, number), "Label" | "Attributes") => {
                let id = self.unlocked(collection)?;
                if name == "Label" {
                    let label = String::try_from(value)?;
                    self.with_item(&id, *number, |item| item.label = label);
                } else {
                    let attributes = BTreeMap::try_from(value)?;
                    self.with_item(&id, *number, |item| item.attributes = attributes);
                }
                self.item_changed(&id, *number, "ItemChanged");
            }
            (
                Object::Service
                | Object::Collection(_)
                | Object::Item(..)
                | Object::Session(_)
                | Object::Prompt(_)
                | Object::Nothing,
                _,
            ) => return Err(Refusal::ReadOnlyProperty(name)),
        }
        Ok(())
    }

    fn unlocked(&self, name: &path::CollectionName) -> Result<String, Refusal> {
        let id = self.find(name).ok_or(Refusal::NoSuchObject)?;
        if self.is_locked(&id) {
            return Err(Refusal::IsLocked("Cannot set property on a locked object"));
        }
        Ok(id)
    }
}
