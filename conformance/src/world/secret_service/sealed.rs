//! What gnome-keyring knows of an item that it has never decrypted.
//!
//! Its files hold the attributes of items twice: encrypted, and in the clear as hashes, so that a locked item can be
//! found. Until the collection is unlocked for the first time, a client sees the hashes under names of their own, no
//! label, and a schema that stands for none. So a search that names the schema, as libsecret's do, finds nothing.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};

use super::{
    contents::{Collection, Item},
    keyring::GENERIC,
};

/// What clients see in place of an item.
pub(super) fn shown(item: &Item) -> Item {
    let hashed = item.attributes.iter().map(|(name, value)| (format!("{HASHED}{name}"), hash(value)));
    Item {
        label: String::new(),
        attributes: hashed.chain([(SCHEMA.to_owned(), GENERIC.to_owned())]).collect(),
        content_type: String::new(),
        secret: Vec::new(),
        created: 0,
        modified: 0,
    }
}

/// The numbers of the items that clients find by attributes in the clear, which are hashed for the comparison.
pub(super) fn matching(collection: &Collection, attributes: &BTreeMap<String, String>) -> Vec<u64> {
    let is_found = |item: &Item| {
        attributes.iter().all(|(name, value)| match name.as_str() {
            SCHEMA => value == GENERIC,
            _ => item.attributes.get(name) == Some(value),
        })
    };
    collection.items.iter().filter(|(_, item)| is_found(item)).map(|(&number, _)| number).collect()
}

fn hash(value: &str) -> String {
    Md5::digest(value).iter().map(|byte| format!("{byte:02x}")).collect()
}

const HASHED: &str = "gkr:compat:hashed:";
const SCHEMA: &str = "xdg:schema";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_sees_hashes_and_nothing_else() {
        let shown = shown(&item());
        let attributes: Vec<_> = shown.attributes.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            attributes,
            [
                ("gkr:compat:hashed:account", "9dd4e461268c8034f5c8564e155c67a6"),
                ("gkr:compat:hashed:xdg:schema", "abf4be718b11454964f4be9f3ace9030"),
                ("xdg:schema", "org.freedesktop.Secret.Generic"),
            ]
        );
        assert_eq!((shown.label.as_str(), shown.created, shown.modified), ("", 0, 0));
        assert!(shown.secret.is_empty());
    }

    #[test]
    fn a_search_finds_it_unless_it_names_the_schema() {
        let mut collection = Collection::default();
        let number = collection.add(item());
        for (attributes, found) in [
            (&[][..], vec![number]),
            (&[("account", "x")], vec![number]),
            (&[("account", "x"), ("xdg:schema", "org.freedesktop.Secret.Generic")], vec![number]),
            (&[("account", "x"), ("xdg:schema", "msal.cache.nocae")], vec![]),
            (&[("account", "y")], vec![]),
        ] {
            assert_eq!(matching(&collection, &map(attributes)), found, "{attributes:?}");
        }
    }

    fn item() -> Item {
        Item {
            label: "MSALCache".into(),
            attributes: map(&[("account", "x"), ("xdg:schema", "msal.cache.nocae")]),
            content_type: "text/plain".into(),
            secret: b"value".to_vec(),
            created: 1,
            modified: 2,
        }
    }

    fn map(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
        attributes.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
