//! Calls to the service that runs in a world, by a client of our own.

use std::collections::HashMap;

use zbus::{Connection, OwnedObjectPath, Variant};

use super::desktop::{SERVICE, World, connected, within};

impl World {
    /// Calls a method of the service that takes and gives back what `T` says.
    pub(crate) fn call<B, T>(&self, path: &str, interface: &str, member: &str, body: B) -> T
    where
        B: serde::Serialize + zbus::DynamicType + Send + 'static,
        T: serde::de::DeserializeOwned + zbus::Type + Send + 'static,
    {
        let [address, path, interface, member] =
            [&self.address, path, interface, member].map(ToOwned::to_owned);
        within(move || {
            zbus::block_on(async {
                let connection = connected(&address).await;
                let interface = format!("org.freedesktop.Secret.{interface}");
                let answer = connection
                    .call_method(Some(SERVICE), path, Some(interface.as_str()), member, &body)
                    .await
                    .expect("the service answers");
                answer.body().deserialize().expect("the expected answer")
            })
        })
    }

    /// The collection behind an alias.
    pub(crate) fn alias(&self, name: &'static str) -> String {
        let path: OwnedObjectPath = self.call(ROOT, "Service", "ReadAlias", name);
        path.to_string()
    }

    /// Gives an alias to a collection, or to none with `/`.
    pub(crate) fn set_alias(&self, name: &'static str, collection: &str) {
        let collection = OwnedObjectPath::try_from(collection).expect("a valid path");
        let () = self.call(ROOT, "Service", "SetAlias", (name, collection));
    }

    /// Locks the default collection.
    pub(crate) fn lock(&self) {
        let collection = OwnedObjectPath::try_from(self.alias("default")).expect("a valid path");
        let _locked: (Vec<OwnedObjectPath>, OwnedObjectPath) =
            self.call(ROOT, "Service", "Lock", vec![collection]);
    }
}

/// Makes an item next to whatever is there, with any attributes.
pub(crate) fn create_beside(
    world: &World,
    attributes: HashMap<&'static str, &'static str>,
    value: &'static [u8],
) {
    let address = world.address.clone();
    within(move || {
        zbus::block_on(async {
            let connection = connected(&address).await;
            let session = plain_session(&connection).await;
            let properties = HashMap::from([
                ("org.freedesktop.Secret.Item.Label", Variant::from("beside")),
                ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
            ]);
            let secret = (session, Vec::<u8>::new(), value.to_vec(), "text/plain");
            let collection = "/org/freedesktop/secrets/aliases/default";
            let interface = "org.freedesktop.Secret.Collection";
            connection
                .call_method(
                    Some(SERVICE),
                    collection,
                    Some(interface),
                    "CreateItem",
                    &(properties, secret, false),
                )
                .await
                .expect("an item");
        });
    });
}

/// Makes a collection that lasts, without a prompt, by an interface that only gnome-keyring has.
pub(crate) fn create_collection(world: &World, label: &'static str) {
    let address = world.address.clone();
    within(move || {
        zbus::block_on(async {
            let connection = connected(&address).await;
            let session = plain_session(&connection).await;
            let properties =
                HashMap::from([("org.freedesktop.Secret.Collection.Label", Variant::from(label))]);
            let password = (session, Vec::<u8>::new(), b"password".to_vec(), "text/plain");
            let interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
            connection
                .call_method(
                    Some(SERVICE),
                    ROOT,
                    Some(interface),
                    "CreateWithMasterPassword",
                    &(properties, password),
                )
                .await
                .expect("a collection");
        });
    });
}

/// A session without encryption, which is enough to plant something.
async fn plain_session(connection: &Connection) -> OwnedObjectPath {
    let interface = Some("org.freedesktop.Secret.Service");
    // gnome-keyring 42 was once seen to end at an OpenSession that was the first call of its connection: it did not
    // know the caller yet. This call it can answer to anybody.
    connection.call_method(Some(SERVICE), ROOT, interface, "ReadAlias", &"default").await.expect("an answer");
    let opened = connection
        .call_method(Some(SERVICE), ROOT, interface, "OpenSession", &("plain", Variant::from("")))
        .await
        .expect("a plain session");
    let (_, session): (zbus::OwnedVariant, OwnedObjectPath) = opened.body().deserialize().expect("a session");
    session
}

const ROOT: &str = "/org/freedesktop/secrets";
