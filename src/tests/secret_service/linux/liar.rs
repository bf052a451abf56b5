//! A service that answers message by message, and so can say what no honest one can.
//!
//! Up to the call at which it lies it is sound, with one item that is kept as ciphertext.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;

use futures_core::Stream;
use serde::Serialize;
use serde_bytes::ByteBuf;
use zbus::message::Header;
use zbus::{Connection, DynamicType, Message, MessageStream, OwnedObjectPath, OwnedVariant, Variant};

use super::NAME;
use super::world::World;

/// What is said instead of the answer, or beside it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lie {
    /// Something else than what the call gives back.
    Another,
    /// The answer, and then an error for the same call.
    AnswerThenError,
    /// The answer, and then another one for the same call.
    AnswerTwice,
    /// No items, whatever there is.
    FindsNothing,
    /// A hundred thousand items.
    ItemsWithoutEnd,
    /// The same item twice, if it is there.
    ItemTwice,
    /// The item's properties without one of them.
    Lacking(&'static str),
    /// None: the service leaves the bus.
    Leaves,
    /// None: the service leaves the bus, and another one is there at once.
    Replaced,
    /// A property of another type within the properties.
    Mistyped(&'static str),
    /// An answer without a body.
    Nothing,
    /// The item's attributes, and one more.
    Superset,
    /// A secret of this many bytes.
    Vast(usize),
}

/// What the service does, for a test to look at and to change.
#[derive(Clone, Default)]
pub(crate) struct Liar(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The call at which it lies, and how.
    lie: Option<(&'static str, Lie)>,
    /// The vector and the ciphertext of the item.
    sealed: Option<(ByteBuf, ByteBuf)>,
    /// Every call, in order.
    calls: Vec<String>,
}

type Secret = (OwnedObjectPath, ByteBuf, ByteBuf, String);

/// A world with a service that is sound so far.
pub(crate) fn world_with_liar() -> (World, Liar) {
    let mut world = World::without_service();
    let liar = Liar::default();
    let (theirs, address) = (liar.clone(), world.address().to_owned());
    world.serve(move |connection| theirs.appear(connection, address));
    (world, liar)
}

impl Liar {
    /// Lies at this call from now on.
    pub(crate) fn lie(&self, call: &'static str, lie: Lie) {
        self.0.lock().expect("not poisoned").lie = Some((call, lie));
    }

    /// Does not lie any more.
    pub(crate) fn mend(&self) {
        self.0.lock().expect("not poisoned").lie = None;
    }

    /// How often this was called.
    pub(crate) fn count(&self, call: &str) -> usize {
        self.0.lock().expect("not poisoned").calls.iter().filter(|made| *made == call).count()
    }

    /// Takes the service's name, and answers from then on.
    async fn appear(self, connection: Connection, address: String) {
        let mut calls = MessageStream::from(&connection);
        connection.request_name("org.freedesktop.secrets").await.expect("a free name");
        thread::spawn(move || {
            zbus::block_on(async {
                // The stream ends with the connection.
                while let Some(Ok(call)) = poll_fn(|context| Pin::new(&mut calls).poll_next(context)).await {
                    if call.message_type() != zbus::message::Type::MethodCall {
                        continue;
                    }
                    if self.answer(&connection, &call).await.is_none() {
                        self.leave(connection, address).await;
                        return;
                    }
                }
            });
        });
    }

    async fn leave(self, connection: Connection, address: String) {
        let replaced = matches!(self.0.lock().expect("not poisoned").lie, Some((_, Lie::Replaced)));
        // The other one waits in the queue for the name, so there is no moment without an owner.
        let next = zbus::connection::Builder::address(address.as_str()).build().await.expect("a bus");
        connection.release_name("org.freedesktop.secrets").await.expect("it was ours");
        if replaced {
            self.mend();
            Box::pin(self.appear(next, address)).await;
        }
        connection.close().await.expect("an open connection");
    }

    /// Answers a call; `None` where the service leaves instead.
    async fn answer(&self, connection: &Connection, call: &Message) -> Option<()> {
        let header = call.header();
        let member = header.member().expect("a call has a member").to_string();
        let lie = {
            let mut state = self.0.lock().expect("not poisoned");
            state.calls.push(member.clone());
            state.lie.filter(|(at, _)| *at == member).map(|(_, lie)| lie)
        };
        let to = Reply { connection, header };
        match lie {
            None | Some(Lie::AnswerThenError | Lie::AnswerTwice | Lie::ItemTwice) => {
                self.tell(&to, &member, call, lie == Some(Lie::ItemTwice)).await;
            }
            Some(Lie::Another) => to.say(&0_u32).await,
            Some(Lie::FindsNothing) => to.say(&Vec::<OwnedObjectPath>::new()).await,
            Some(Lie::ItemsWithoutEnd) => to.say(&(0..100_000).map(another).collect::<Vec<_>>()).await,
            Some(Lie::Lacking(property)) => {
                let mut properties = properties();
                properties.remove(property);
                to.say(&properties).await;
            }
            Some(Lie::Leaves | Lie::Replaced) => return None,
            Some(Lie::Mistyped(property)) => {
                let mut properties = properties();
                properties.insert(property, Variant::from(0_u32));
                to.say(&properties).await;
            }
            Some(Lie::Nothing) => to.say(&()).await,
            Some(Lie::Superset) => {
                let mut wider = attributes();
                wider.insert("owner", "somebody else");
                let mut properties = properties();
                properties.insert("Attributes", Variant::from(wider));
                to.say(&properties).await;
            }
            Some(Lie::Vast(bytes)) => to.say(&(secret(vec![0; 16].into(), vec![0; bytes].into()),)).await,
        }
        match lie {
            Some(Lie::AnswerThenError) => {
                let error = "org.freedesktop.DBus.Error.AccessDenied";
                to.connection.reply_error(&to.header, error, &"after all").await.expect("sent");
            }
            Some(Lie::AnswerTwice) => to.say(&path("/")).await,
            _ => {}
        }
        Some(())
    }

    /// The sound answer, but for items that are listed twice.
    async fn tell(&self, to: &Reply<'_>, member: &str, call: &Message, twice: bool) {
        match member {
            "OpenSession" => to.say(&(Variant::from(vec![4_u8]), path(SESSION))).await,
            "ReadAlias" => {
                let alias: String = call.body().deserialize().expect("a name");
                to.say(&path(if alias == "default" { COLLECTION } else { "/" })).await;
            }
            "Get" => to.say(&Variant::from(false)).await,
            "SearchItems" => {
                let stored = self.sealed().is_some();
                let times = usize::from(stored) * if twice { 2 } else { 1 };
                to.say(&vec![path(ITEM); times]).await;
            }
            "GetAll" => to.say(&properties()).await,
            "GetSecret" => {
                let (vector, sealed) = self.sealed().expect("only an item that is there is asked for");
                to.say(&(secret(vector, sealed),)).await;
            }
            "SetSecret" => {
                let (sent,): (Secret,) = call.body().deserialize().expect("a secret");
                self.keep(sent);
                to.say(&()).await;
            }
            "Delete" => {
                let sealed = self.0.lock().expect("not poisoned").sealed.take();
                assert!(sealed.is_some(), "only an item that is there is removed");
                to.say(&path("/")).await;
            }
            "CreateItem" => {
                let (_, sent, _): (HashMap<String, OwnedVariant>, Secret, bool) =
                    call.body().deserialize().expect("a secret");
                self.keep(sent);
                to.say(&(path(ITEM), path("/"))).await;
            }
            other => panic!("nobody should call {other}"),
        }
    }

    fn sealed(&self) -> Option<(ByteBuf, ByteBuf)> {
        self.0.lock().expect("not poisoned").sealed.clone()
    }

    fn keep(&self, (_, vector, sealed, _): Secret) {
        self.0.lock().expect("not poisoned").sealed = Some((vector, sealed));
    }
}

/// The way back of one call.
struct Reply<'a> {
    connection: &'a Connection,
    header: Header<'a>,
}

impl Reply<'_> {
    async fn say<B: Serialize + DynamicType>(&self, body: &B) {
        // Whoever asked may have gone.
        let _ = self.connection.reply(&self.header, body).await;
    }
}

fn properties() -> HashMap<&'static str, Variant<'static>> {
    HashMap::from([("Attributes", Variant::from(attributes())), ("Locked", Variant::from(false))])
}

fn attributes() -> HashMap<&'static str, &'static str> {
    HashMap::from([("xdg:schema", NAME), ("MsalClientID", "Microsoft.Developer.IdentityService")])
}

fn secret(vector: ByteBuf, sealed: ByteBuf) -> Secret {
    (path(SESSION), vector, sealed, "text/plain".to_owned())
}

fn path(path: &'static str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(path).expect("a valid path")
}

/// The path of one of many items.
fn another(number: u32) -> OwnedObjectPath {
    OwnedObjectPath::try_from(format!("{COLLECTION}/{number}")).expect("a valid path")
}

const COLLECTION: &str = "/org/freedesktop/secrets/collection/one";
const ITEM: &str = "/org/freedesktop/secrets/collection/one/1";
const SESSION: &str = "/org/freedesktop/secrets/session/1";
