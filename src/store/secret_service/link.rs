//! What is kept between requests: the connection, the owner of the service's name, and the session with it.

use std::os::unix::net::UnixStream;

use zbus::connection::Builder;
use zbus::names::OwnedUniqueName;
use zbus::{Connection, ObjectPath};

use crate::store::{Absence, Breakage, Obstacle};

use super::error;
use super::progress::Progress;
use super::service::{Call, Service, send};
use super::session::Session;

/// A connection to the bus with a session of the service that owns the name now.
pub(super) struct Link {
    connection: Connection,
    owner: OwnedUniqueName,
    session: Session,
}

impl Link {
    /// Joins the bus behind a socket, finds or activates the service, and agrees on a session.
    ///
    /// # Errors
    ///
    /// [`Obstacle::Absent`] where there is no service; otherwise what stands in the way.
    pub(super) async fn open(stream: UnixStream, progress: &Progress) -> Result<Self, Obstacle> {
        progress.enter(CONNECT)?;
        let connection = Builder::unix_stream(stream)
            .build()
            .await
            .map_err(|failure| error::obstacle(CONNECT, &failure))?;
        let owner = match owner(&connection, progress).await? {
            Some(owner) => owner,
            None => activated(&connection, progress).await?,
        };
        let session = Session::open(&Service::new(&connection, &owner, progress)).await?;
        Ok(Self { connection, owner, session })
    }

    /// The link itself, if it still leads to the owner of the name; a service that was restarted knows no session.
    ///
    /// # Errors
    ///
    /// The request was cancelled or timed out meanwhile.
    pub(super) async fn renewed(self, progress: &Progress) -> Result<Option<Self>, Obstacle> {
        if self.connection.is_closed() {
            return Ok(None);
        }
        match owner(&self.connection, progress).await {
            Ok(Some(owner)) if owner == self.owner => Ok(Some(self)),
            Ok(Some(_) | None) | Err(Obstacle::Broken(Breakage::Disconnected { .. })) => {
                self.close().await;
                Ok(None)
            }
            Err(obstacle) => Err(obstacle),
        }
    }

    /// The session's secrets.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The service, for one request.
    pub(super) fn service<'a>(&'a self, progress: &'a Progress) -> Service<'a> {
        Service::new(&self.connection, &self.owner, progress)
    }

    /// Leaves the bus; the service drops the session and any prompt with it.
    pub(super) async fn close(self) {
        // The connection is given up either way.
        drop(self.connection.close().await);
    }
}

/// Who owns the service's name, if anybody.
async fn owner(connection: &Connection, progress: &Progress) -> Result<Option<OwnedUniqueName>, Obstacle> {
    progress.enter(GET_NAME_OWNER)?;
    let asked = connection.call_method(Some(BUS), BUS_PATH, Some(BUS), GET_NAME_OWNER.member, &NAME).await;
    match asked {
        Ok(answer) => error::decode(GET_NAME_OWNER, &answer).map(Some),
        Err(failure) => without_owner(&failure).map(|()| None),
    }
}

/// Nothing where the bus says that nobody has the name; every other failure leaves that open.
fn without_owner(failure: &zbus::Error) -> Result<(), Obstacle> {
    if error::name(failure).as_deref() == Some(NAME_HAS_NO_OWNER) {
        return Ok(());
    }
    Err(error::obstacle(GET_NAME_OWNER, failure))
}

/// The owner of the name after the bus has started the service.
async fn activated(connection: &Connection, progress: &Progress) -> Result<OwnedUniqueName, Obstacle> {
    let names: Vec<String> = ask_bus(connection, progress, LIST_ACTIVATABLE_NAMES, &()).await?;
    if !names.iter().any(|name| name == NAME) {
        return Err(Obstacle::Absent(Absence::NoService));
    }
    let _started: u32 = ask_bus(connection, progress, START_SERVICE_BY_NAME, &(NAME, 0_u32)).await?;
    // A service that was started and has left again is not an absent one.
    owner(connection, progress)
        .await?
        .ok_or(Obstacle::Broken(Breakage::Disconnected { call: START_SERVICE_BY_NAME.label }))
}

async fn ask_bus<B, T>(
    connection: &Connection,
    progress: &Progress,
    call: Call,
    body: &B,
) -> Result<T, Obstacle>
where
    B: serde::Serialize + zbus::DynamicType,
    T: serde::de::DeserializeOwned + zbus::Type,
{
    let answer =
        send(connection, progress, BUS.try_into().expect("a valid bus name"), &BUS_PATH, call, body).await?;
    error::decode(call, &answer)
}

const CONNECT: Call = Call::reads(BUS, "connect");
const GET_NAME_OWNER: Call = Call::reads(BUS, "GetNameOwner");
const LIST_ACTIVATABLE_NAMES: Call = Call::reads(BUS, "ListActivatableNames");
const START_SERVICE_BY_NAME: Call = Call::reads(BUS, "StartServiceByName");

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/org/freedesktop/DBus");
const NAME: &str = "org.freedesktop.secrets";
const NAME_HAS_NO_OWNER: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";

#[cfg(test)]
mod tests {
    use zbus::Message;

    use super::*;

    #[test]
    fn only_the_bus_that_says_so_has_no_owner_of_the_name() {
        let said = |name: &str| {
            let call = Message::method_call("/", "Any").build(&()).expect("a valid call");
            let answer = Message::error(&call.header(), name).build(&()).expect("a valid error");
            without_owner(&answer.into())
        };
        assert!(said(NAME_HAS_NO_OWNER).is_ok());
        let denied = said("org.freedesktop.DBus.Error.AccessDenied");
        assert!(matches!(denied, Err(Obstacle::Refused { .. })), "{denied:?}");
    }
}
