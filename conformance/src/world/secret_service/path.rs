//! Object paths, laid out as gnome-keyring does.

use zbus::OwnedObjectPath;

use super::keyring::{DEFAULT, LOGIN};

/// The object that a path names. Whether it exists is another question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Object {
    /// The service itself.
    Service,
    /// A collection.
    Collection(CollectionName),
    /// An item of a collection.
    Item(CollectionName, u64),
    /// A session.
    Session(String),
    /// A prompt.
    Prompt(String),
    /// Nothing that this service ever has.
    Nothing,
}

/// How a path names a collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum CollectionName {
    /// By its own id.
    Id(String),
    /// By an alias.
    Alias(String),
}

impl Object {
    pub(super) fn of(path: &str) -> Self {
        if path == SERVICE {
            return Self::Service;
        }
        let Some(rest) = path.strip_prefix(SERVICE).and_then(|rest| rest.strip_prefix('/')) else {
            return Self::Nothing;
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let named = |folder: &str, name: &str| match folder {
            "collection" => Some(CollectionName::Id(name.to_owned())),
            "aliases" => Some(CollectionName::Alias(name.to_owned())),
            _ => None,
        };
        match *parts.as_slice() {
            ["session", _] => Self::Session(path.to_owned()),
            ["prompt", _] => Self::Prompt(path.to_owned()),
            [folder, name] => named(folder, name).map_or(Self::Nothing, Self::Collection),
            [folder, name, number] => match (named(folder, name), number.parse()) {
                (Some(collection), Ok(number)) => Self::Item(collection, number),
                (None, _) | (_, Err(_)) => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }
}

/// A path as gnome-keyring looks it up: it takes the login collection for the default one where no other is.
///
/// That is the path which its refusals name; nothing is there, or the alias would have led to it.
pub(super) fn resolved(path: &str) -> String {
    let behind_alias = path.strip_prefix(SERVICE).and_then(|rest| rest.strip_prefix("/aliases/"));
    match behind_alias.and_then(|rest| rest.strip_prefix(DEFAULT)) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", collection(LOGIN)),
        Some(_) | None => path.to_owned(),
    }
}

/// The path of a collection.
pub(super) fn collection(id: &str) -> String {
    format!("{SERVICE}/collection/{id}")
}

/// The path of an item.
pub(super) fn item(id: &str, number: u64) -> String {
    format!("{SERVICE}/collection/{id}/{number}")
}

/// A collection's id from its label: what no path may hold becomes `_` and two hexadecimal digits.
pub(super) fn id_of_label(label: &str) -> String {
    let mut id = String::new();
    for byte in label.bytes() {
        if byte.is_ascii_alphanumeric() {
            id.push(char::from(byte));
        } else {
            id.push_str(&format!("_{byte:02x}"));
        }
    }
    if id.is_empty() { "unnamed".to_owned() } else { id }
}

/// A path as it is written on the wire.
pub(super) fn on_wire(path: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).expect("every path made here is legal")
}

/// The path that stands for no object.
pub(super) const NONE: &str = "/";
/// The service's own path.
pub(crate) const SERVICE: &str = "/org/freedesktop/secrets";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_object_has_its_place() {
        let login = || CollectionName::Id("login".into());
        let default = || CollectionName::Alias("default".into());
        for (path, object) in [
            ("/org/freedesktop/secrets", Object::Service),
            ("/org/freedesktop/secrets/collection/login", Object::Collection(login())),
            ("/org/freedesktop/secrets/aliases/default", Object::Collection(default())),
            ("/org/freedesktop/secrets/collection/login/7", Object::Item(login(), 7)),
            ("/org/freedesktop/secrets/collection/login/x", Object::Nothing),
            ("/org/freedesktop/secretsx", Object::Nothing),
            ("/", Object::Nothing),
        ] {
            assert_eq!(Object::of(path), object, "{path}");
        }
    }

    #[test]
    fn what_is_refused_behind_the_default_alias_is_named_as_the_login_collection() {
        for (path, named) in [
            ("/org/freedesktop/secrets/aliases/default", "/org/freedesktop/secrets/collection/login"),
            ("/org/freedesktop/secrets/aliases/default/3", "/org/freedesktop/secrets/collection/login/3"),
            ("/org/freedesktop/secrets/aliases/defaults", "/org/freedesktop/secrets/aliases/defaults"),
            ("/org/freedesktop/secrets/aliases/other/3", "/org/freedesktop/secrets/aliases/other/3"),
            ("/nowhere", "/nowhere"),
        ] {
            assert_eq!(resolved(path), named);
        }
    }

    #[test]
    fn a_label_becomes_an_id_that_a_path_may_hold() {
        assert_eq!(id_of_label("Default keyring/é"), "Default_20keyring_2f_c3_a9");
        assert_eq!(id_of_label(""), "unnamed");
    }
}
