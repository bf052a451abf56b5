//! Leaks into the bus and the keyring.

use std::{collections::HashMap, time::Duration};

use zbus::{Connection, Message, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, connection};

/// Calls a method with a canary as argument. That the broker refuses it does not matter: the message crossed the bus.
pub(super) fn call(address: &str, canary: &str) -> Result<(), BusLeakError> {
    zruntime::block_on(async {
        let connection = connect(address).await?;
        let body = (format!("test.sealcheck.{canary}"),);
        let broker = "org.freedesktop.DBus";
        let path = "/org/freedesktop/DBus";
        match connection.call_method(Some(broker), path, Some(broker), "GetNameOwner", &body).await {
            Ok(_) => Ok(()),
            Err(error) if is_refusal(&error) => Ok(()),
            Err(error) => Err(failed("GetNameOwner", error)),
        }
    })
}

/// Whether an error came over the bus, and not from this side of it.
fn is_refusal(error: &zbus::Error) -> bool {
    match error {
        zbus::Error::MethodError(..) => true,
        zbus::Error::FDO(error) => matches!(**error, zbus::fdo::Error::NameHasNoOwner(_)),
        _ => false,
    }
}

/// Stores a canary in the default collection over a plain session; gives the item's object path.
pub(super) fn store(address: &str, canary: &str) -> Result<String, BusLeakError> {
    zruntime::block_on(async {
        let connection = connect(address).await?;
        // Before the session: gnome-keyring 42 sometimes hears the first call of a connection before it has noted who
        // calls, and a session for nobody ends it.
        let collection: OwnedObjectPath =
            body_of("ReadAlias", &service(&connection, "ReadAlias", &("default",)).await?)?;
        let body = ("plain", Variant::from(""));
        let (_, session): (OwnedVariant, OwnedObjectPath) =
            body_of("OpenSession", &service(&connection, "OpenSession", &body).await?)?;
        if collection.as_str() == "/" {
            return Err(BusLeakError::NoDefaultCollection);
        }
        create_item(&connection, &collection, &session, canary).await
    })
}

async fn create_item(
    connection: &Connection,
    collection: &ObjectPath<'_>,
    session: &ObjectPath<'_>,
    canary: &str,
) -> Result<String, BusLeakError> {
    // gnome-keyring gives this schema to an item that has none, but only once it has loaded it from its file.
    let attributes =
        HashMap::from([("sealcheck", "beacon"), ("xdg:schema", "org.freedesktop.Secret.Generic")]);
    let properties = HashMap::from([
        ("org.freedesktop.Secret.Item.Label", Variant::from("sealcheck beacon")),
        ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
    ]);
    let secret = (session, Vec::<u8>::new(), canary.as_bytes().to_vec(), "text/plain");
    let method = "CreateItem";
    let reply = connection
        .call_method(
            Some(SERVICE),
            collection,
            Some("org.freedesktop.Secret.Collection"),
            method,
            &(properties, secret, false),
        )
        .await
        .map_err(|error| failed(method, error))?;
    let (item, prompt): (OwnedObjectPath, OwnedObjectPath) = body_of(method, &reply)?;
    if prompt.as_str() == "/" { Ok(item.as_str().to_owned()) } else { Err(BusLeakError::Prompt) }
}

async fn connect(address: &str) -> Result<Connection, BusLeakError> {
    let builder = connection::Builder::address(address).method_timeout(DEADLINE);
    builder.build().await.map_err(|error| failed("connect", error))
}

async fn service<B>(connection: &Connection, method: &'static str, body: &B) -> Result<Message, BusLeakError>
where
    B: serde::Serialize + zbus::zvariant::DynamicType,
{
    connection
        .call_method(
            Some(SERVICE),
            "/org/freedesktop/secrets",
            Some("org.freedesktop.Secret.Service"),
            method,
            body,
        )
        .await
        .map_err(|error| failed(method, error))
}

fn body_of<T>(what: &'static str, reply: &Message) -> Result<T, BusLeakError>
where
    T: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
{
    reply.body().deserialize().map_err(|error| failed(what, error))
}

fn failed(what: &'static str, cause: zbus::Error) -> BusLeakError {
    BusLeakError::Call { what, cause: Box::new(cause) }
}

/// Why a leak did not reach the bus or the keyring.
#[derive(Debug, thiserror::Error)]
pub(super) enum BusLeakError {
    #[error("{what}: {cause}")]
    Call { what: &'static str, cause: Box<zbus::Error> },
    #[error("the alias \"default\" leads to no collection")]
    NoDefaultCollection,
    #[error("the service wants to prompt: the default collection must be unlocked")]
    Prompt,
}

const SERVICE: &str = "org.freedesktop.secrets";
const DEADLINE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A broker that nobody offers a service on; it lives as long as the test process.
    fn broker(folder: &std::path::Path) -> String {
        let address = format!("unix:path={}/bus", folder.display());
        let (sender, ready) = std::sync::mpsc::channel();
        let listen_on = address.clone();
        thread::spawn(move || {
            zruntime::block_on(async {
                let mut bus = busd::bus::Bus::for_address(Some(&listen_on)).await.unwrap();
                sender.send(()).unwrap();
                bus.run().await.unwrap();
            });
        });
        ready.recv_timeout(DEADLINE).unwrap();
        address
    }

    #[test]
    fn a_call_that_the_broker_refuses_has_crossed_the_bus() {
        let folder = tempfile::tempdir().unwrap();
        call(&broker(folder.path()), "scCanary").unwrap();
    }
}
