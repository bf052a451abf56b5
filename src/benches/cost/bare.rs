//! The calls that a cache makes, by the same client, and nothing else.

use std::collections::HashMap;

use serde_bytes::ByteBuf;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant, block_on};

/// A secret on the wire.
type Secret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

/// A client with a session that is not encrypted: what our encryption costs is in the ratio.
pub(crate) struct Bare {
    connection: Connection,
    session: OwnedObjectPath,
    attributes: HashMap<&'static str, &'static str>,
}

impl Bare {
    pub(crate) fn connect(address: &str, attributes: HashMap<&'static str, &'static str>) -> Self {
        block_on(async {
            let connection = zbus::connection::Builder::address(address).build().await.expect("a bus");
            let body = ("plain", Variant::from(""));
            let call = connection.call_method(Some(NAME), ROOT, Some(SERVICE), "OpenSession", &body);
            let answer = call.await.expect("a session");
            let (_, session): (OwnedVariant, OwnedObjectPath) =
                answer.body().deserialize().expect("a session");
            Self { connection, session, attributes }
        })
    }

    /// Whether the service is there, its default collection, whether that is locked.
    pub(crate) fn collection(&self) -> OwnedObjectPath {
        let _owner: String = self.call(BUS, "/org/freedesktop/DBus", BUS, "GetNameOwner", &NAME);
        let collection: OwnedObjectPath = self.call(NAME, ROOT, SERVICE, "ReadAlias", &"default");
        let _locked: OwnedVariant = self.call(NAME, &collection, PROPERTIES, "Get", &(COLLECTION, "Locked"));
        collection
    }

    /// The item with these attributes, its properties read.
    pub(crate) fn find(&self, collection: &str) -> OwnedObjectPath {
        let found: Vec<OwnedObjectPath> =
            self.call(NAME, collection, COLLECTION, "SearchItems", &self.attributes);
        let [item] = &found[..] else { panic!("one item, not {found:?}") };
        let _properties: HashMap<String, OwnedVariant> = self.call(NAME, item, PROPERTIES, "GetAll", &ITEM);
        item.clone()
    }

    pub(crate) fn secret(&self, item: &str) -> Vec<u8> {
        let (secret,): (Secret,) = self.call(NAME, item, ITEM, "GetSecret", &self.session);
        secret.2.into_vec()
    }

    pub(crate) fn set_secret(&self, item: &str, bytes: &[u8]) {
        let secret: Secret =
            (self.session.clone(), ByteBuf::new(), bytes.to_vec().into(), "text/plain".to_owned());
        let () = self.call(NAME, item, ITEM, "SetSecret", &(secret,));
    }

    fn call<B, T>(&self, to: &str, path: &str, interface: &str, member: &str, body: &B) -> T
    where
        B: serde::Serialize + zbus::DynamicType,
        T: serde::de::DeserializeOwned + zbus::Type,
    {
        block_on(async {
            let call = self.connection.call_method(Some(to), path, Some(interface), member, body);
            call.await.expect("an answer").body().deserialize().expect("the expected answer")
        })
    }
}

const BUS: &str = "org.freedesktop.DBus";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const NAME: &str = "org.freedesktop.secrets";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const ROOT: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
