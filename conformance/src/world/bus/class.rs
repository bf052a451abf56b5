//! What a call to the Secret Service is for.

use crate::case::BusClass;

/// The classes of a call to `org.freedesktop.secrets`; a call may leave its interface out.
pub(super) fn of(interface: Option<&str>, path: &str, member: &str) -> impl Iterator<Item = BusClass> {
    let is_on =
        |wanted: &str| interface.is_none_or(|interface| interface.strip_prefix(PREFIX) == Some(wanted));
    let own = match member {
        "OpenSession" if is_on("Service") => Some(BusClass::OpenSession),
        "SearchItems" if is_on("Service") || is_on("Collection") => Some(BusClass::Search),
        "Unlock" if is_on("Service") => Some(BusClass::Unlock),
        "Prompt" if is_on("Prompt") => Some(BusClass::Prompt),
        "CreateItem" if is_on("Collection") => Some(BusClass::Save),
        "SetSecret" if is_on("Item") => Some(BusClass::Save),
        "GetSecrets" if is_on("Service") => Some(BusClass::Read),
        "GetSecret" if is_on("Item") => Some(BusClass::Read),
        // Collections have a method of this name too.
        "Delete" if is_on("Item") && is_item(path) => Some(BusClass::Delete),
        _ => None,
    };
    std::iter::once(BusClass::Any).chain(own)
}

/// Whether a path is as deep as those of items: service, `collection` or `aliases`, collection, item.
fn is_item(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|path| path.split('/').count() == 3)
}

const PREFIX: &str = "org.freedesktop.Secret.";
const ROOT: &str = "/org/freedesktop/secrets/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_belongs_to_the_class_of_its_intention() {
        let (service, collection) = ("/org/freedesktop/secrets", "/org/freedesktop/secrets/collection/login");
        let item = format!("{collection}/1");
        let prompt = "/org/freedesktop/secrets/prompt/p1";
        for (interface, path, member, expected) in [
            ("Service", service, "OpenSession", Some(BusClass::OpenSession)),
            ("Service", service, "SearchItems", Some(BusClass::Search)),
            ("Collection", collection, "SearchItems", Some(BusClass::Search)),
            ("Service", service, "Unlock", Some(BusClass::Unlock)),
            ("Prompt", prompt, "Prompt", Some(BusClass::Prompt)),
            ("Prompt", prompt, "Dismiss", None),
            ("Collection", collection, "CreateItem", Some(BusClass::Save)),
            ("Item", &item, "SetSecret", Some(BusClass::Save)),
            ("Service", service, "GetSecrets", Some(BusClass::Read)),
            ("Item", &item, "GetSecret", Some(BusClass::Read)),
            ("Item", &item, "Delete", Some(BusClass::Delete)),
            ("Collection", collection, "Delete", None),
            ("Service", service, "ReadAlias", None),
        ] {
            let interface = format!("{PREFIX}{interface}");
            let expected: Vec<_> = std::iter::once(BusClass::Any).chain(expected).collect();
            assert_eq!(
                of(Some(&interface), path, member).collect::<Vec<_>>(),
                expected,
                "{member} of {path}"
            );
            assert_eq!(
                of(None, path, member).collect::<Vec<_>>(),
                expected,
                "{member} of {path}, no interface"
            );
        }
    }

    #[test]
    fn a_method_of_another_interface_is_only_a_call() {
        for (interface, member) in [
            ("org.freedesktop.DBus.Properties", "Get"),
            ("org.freedesktop.Secret.Service", "Prompt"),
            ("com.example.Secret.Service", "OpenSession"),
        ] {
            let path = "/org/freedesktop/secrets";
            assert_eq!(of(Some(interface), path, member).collect::<Vec<_>>(), [BusClass::Any], "{member}");
        }
    }
}
