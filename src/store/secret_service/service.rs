//! Calls to one owner of the name `org.freedesktop.secrets`.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::names::{BusName, OwnedUniqueName};
use zbus::{Connection, DynamicType, MatchRule, Message, MessageStream, ObjectPath, OwnedVariant, Type};

use crate::store::Obstacle;

use super::error;
use super::progress::Progress;

/// The service, as one request speaks to it.
///
/// Calls go to the owner's unique name, with which the session was agreed: a second process that takes the
/// well-known name over meanwhile is not spoken to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service<'a> {
    connection: &'a Connection,
    owner: &'a OwnedUniqueName,
    progress: &'a Progress,
}

impl<'a> Service<'a> {
    /// The service behind `owner`.
    pub(super) fn new(
        connection: &'a Connection,
        owner: &'a OwnedUniqueName,
        progress: &'a Progress,
    ) -> Self {
        Self { connection, owner, progress }
    }

    /// Makes a call and decodes what comes back.
    ///
    /// # Errors
    ///
    /// What the mapper makes of the error, and [`Breakage::Protocol`](crate::store::Breakage::Protocol) for an
    /// answer of another type.
    pub(super) async fn ask<B, T>(&self, path: &ObjectPath<'_>, call: Call, body: &B) -> Result<T, Obstacle>
    where
        B: Serialize + DynamicType,
        T: DeserializeOwned + Type,
    {
        let answer =
            send(self.connection, self.progress, self.owner.as_ref().into(), path, call, body).await?;
        error::decode(call, &answer)
    }

    /// Reads one property.
    ///
    /// # Errors
    ///
    /// As for [`ask`](Self::ask).
    pub(super) async fn property<T>(&self, path: &ObjectPath<'_>, property: Property) -> Result<T, Obstacle>
    where
        T: TryFrom<OwnedVariant>,
    {
        let call = Call { label: property.name, ..Call::reads(PROPERTIES, "Get") };
        let value: OwnedVariant = self.ask(path, call, &(property.interface, property.name)).await?;
        T::try_from(value).map_err(|_| error::protocol(call, "the property has another type"))
    }

    /// Reads every property of an interface.
    ///
    /// # Errors
    ///
    /// As for [`ask`](Self::ask).
    pub(super) async fn properties(
        &self,
        path: &ObjectPath<'_>,
        interface: &str,
    ) -> Result<HashMap<String, OwnedVariant>, Obstacle> {
        self.ask(path, Call::reads(PROPERTIES, "GetAll"), &interface).await
    }

    /// Listens for one signal of one object.
    ///
    /// # Errors
    ///
    /// What the mapper makes of the bus's refusal.
    pub(super) async fn signals(
        &self,
        path: &ObjectPath<'_>,
        signal: Call,
    ) -> Result<MessageStream, Obstacle> {
        self.progress.enter(signal)?;
        let subscribed = async {
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .sender(self.owner.as_ref())
                .path(path)
                .interface(signal.interface)
                .member(signal.member)
                .build()?;
            MessageStream::for_match_rule(rule, self.connection, None).await
        };
        subscribed.await.map_err(|failure| error::obstacle(signal, &failure))
    }
}

/// Sends a call to whoever is named, and waits for the answer.
///
/// # Errors
///
/// What the mapper makes of the error.
pub(super) async fn send<B>(
    connection: &Connection,
    progress: &Progress,
    to: BusName<'_>,
    path: &ObjectPath<'_>,
    call: Call,
    body: &B,
) -> Result<Message, Obstacle>
where
    B: Serialize + DynamicType,
{
    progress.enter(call)?;
    connection
        .call_method(Some(to), path, Some(call.interface), call.member, body)
        .await
        .map_err(|failure| error::obstacle(call, &failure))
}

/// A method or signal, by the names that go over the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) interface: &'static str,
    pub(super) member: &'static str,
    /// What errors call it: the member, or the property that is read.
    pub(super) label: &'static str,
    pub(super) effect: Effect,
    /// How many secret bytes go with it, for the error that says they are too many.
    pub(super) bytes: Option<usize>,
}

impl Call {
    /// A call that leaves what is stored as it is.
    pub(super) const fn reads(interface: &'static str, member: &'static str) -> Self {
        Self { interface, member, label: member, effect: Effect::Reads, bytes: None }
    }

    const fn changes(interface: &'static str, member: &'static str) -> Self {
        Self { interface, member, label: member, effect: Effect::Changes, bytes: None }
    }

    /// The same call with the size of what it carries.
    pub(super) fn carrying(self, bytes: usize) -> Self {
        Self { bytes: Some(bytes), ..self }
    }
}

/// Whether a call may change what is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Changes,
    Reads,
}

/// A property, by the names that go over the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    interface: &'static str,
    name: &'static str,
}

/// The root object of the service.
pub(super) const ROOT: ObjectPath<'static> =
    ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets");

/// The interface of an item.
pub(super) const ITEM: &str = "org.freedesktop.Secret.Item";

pub(super) const COMPLETED: Call = Call::reads(PROMPT_INTERFACE, "Completed");
pub(super) const CREATE_ITEM: Call = Call::changes(COLLECTION, "CreateItem");
pub(super) const DELETE: Call = Call::changes(ITEM, "Delete");
pub(super) const DISMISS: Call = Call::reads(PROMPT_INTERFACE, "Dismiss");
pub(super) const GET_SECRET: Call = Call::reads(ITEM, "GetSecret");
pub(super) const OPEN_SESSION: Call = Call::reads(SERVICE, "OpenSession");
pub(super) const PROMPT: Call = Call::reads(PROMPT_INTERFACE, "Prompt");
pub(super) const READ_ALIAS: Call = Call::reads(SERVICE, "ReadAlias");
pub(super) const SEARCH_ITEMS: Call = Call::reads(COLLECTION, "SearchItems");
pub(super) const SET_SECRET: Call = Call::changes(ITEM, "SetSecret");
pub(super) const UNLOCK: Call = Call::reads(SERVICE, "Unlock");

pub(super) const COLLECTIONS: Property = Property { interface: SERVICE, name: "Collections" };
pub(super) const LOCKED: Property = Property { interface: COLLECTION, name: "Locked" };

const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const PROMPT_INTERFACE: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const SERVICE: &str = "org.freedesktop.Secret.Service";
