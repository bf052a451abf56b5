//! The harness's own client of the Secret Service.
//!
//! It shares no code with the reference implementation: what it finds is evidence about a world, not about a library.
//! Every call has a deadline.

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, Instant},
};

use serde::Serialize;
use zbus::{OwnedObjectPath, OwnedVariant, Variant, wire::DynamicType};

use super::{
    bus::{AddressError, BusAddress, Call, Connection, ConnectionError, Frame},
    secret_service::{
        NAME, ROOT, WireSecret,
        crypto::{ALGORITHM, Key, KeyPair},
    },
};

/// A connection to a bus, for asking about its Secret Service.
#[derive(Debug)]
pub struct KeyringClient {
    connection: Connection,
    session: Option<Session>,
}

/// How secrets travel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// As they are: the interposer sees them.
    Plain,
    /// Encrypted with a key that only both ends have.
    DiffieHellman,
}

/// What a new item is, apart from its secret.
#[derive(Clone, Debug, Default)]
pub struct NewItem {
    /// The label.
    pub label: String,
    /// The attributes, exactly.
    pub attributes: BTreeMap<String, String>,
    /// The content type.
    pub content_type: String,
    /// Whether an item with the same attributes is replaced.
    pub replace: bool,
}

/// What became of a request to unlock.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unlocking {
    /// What is unlocked.
    pub unlocked: Vec<String>,
    /// The prompt that has to be shown for the rest.
    pub prompt: Option<String>,
}

/// Items that were found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// Those in unlocked collections.
    pub unlocked: Vec<String>,
    /// Those in locked collections.
    pub locked: Vec<String>,
}

#[derive(Debug)]
struct Session {
    path: OwnedObjectPath,
    key: Option<Key>,
}

impl KeyringClient {
    /// Connects to a bus.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: no address of a world, nobody there, or nobody who answers in time.
    pub fn connect(address: &str) -> Result<Self, ClientError> {
        let address = BusAddress::parse(address)?;
        let connection = Connection::open(&address, Instant::now() + PATIENCE)?;
        Ok(Self { connection, session: None })
    }

    /// The unique name of somebody who owns a name, if anybody does.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the broker does not answer as brokers do.
    pub fn owner(&mut self, name: &str) -> Result<Option<String>, ClientError> {
        match self.call(Call::to_broker("GetNameOwner"), &name) {
            Ok(answer) => Ok(Some(read(&answer)?)),
            Err(ClientError::Refused { name, .. }) if name == NAME_HAS_NO_OWNER => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks the broker to start whoever provides a name.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] with the broker's own error where nobody does.
    pub fn start_service(&mut self, name: &str) -> Result<(), ClientError> {
        self.call(Call::to_broker("StartServiceByName"), &(name, 0u32)).map(drop)
    }

    /// Opens a session, through which secrets travel from now on.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where there is no service, or one that does not know the algorithm.
    pub fn open_session(&mut self, algorithm: Algorithm) -> Result<(), ClientError> {
        let session = match algorithm {
            Algorithm::Plain => {
                let answer = self.service("OpenSession", &("plain", Variant::from("")))?;
                let (_, path): (OwnedVariant, OwnedObjectPath) = read(&answer)?;
                Session { path, key: None }
            }
            Algorithm::DiffieHellman => {
                let ours = KeyPair::generate();
                let public = Variant::from(ours.public().to_vec());
                let answer = self.service("OpenSession", &(ALGORITHM, public))?;
                let (output, path): (OwnedVariant, OwnedObjectPath) = read(&answer)?;
                let theirs = Vec::<u8>::try_from(output).map_err(|error| unexpected(&error))?;
                let key = ours.agree(&theirs).ok_or_else(|| ClientError::Unexpected {
                    reason: "the service's public key is not in the group".into(),
                })?;
                Session { path, key: Some(key) }
            }
        };
        self.session = Some(session);
        Ok(())
    }

    /// The collection that an alias leads to.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the service does not answer as services do.
    pub fn alias(&mut self, alias: &str) -> Result<Option<String>, ClientError> {
        let target: OwnedObjectPath = read(&self.service("ReadAlias", &alias)?)?;
        Ok(existing(&target))
    }

    /// Every collection.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the service does not answer as services do.
    pub fn collections(&mut self) -> Result<Vec<String>, ClientError> {
        let value = self.property(ROOT, SERVICE, "Collections")?;
        let paths = Vec::<OwnedObjectPath>::try_from(value).map_err(|error| unexpected(&error))?;
        Ok(texts(&paths))
    }

    /// Whether a collection is locked.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where there is no such collection.
    pub fn is_locked(&mut self, collection: &str) -> Result<bool, ClientError> {
        let value = self.property(collection, COLLECTION, "Locked")?;
        bool::try_from(value).map_err(|error| unexpected(&error))
    }

    /// The items of a collection.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where there is no such collection.
    pub fn items(&mut self, collection: &str) -> Result<Vec<String>, ClientError> {
        let value = self.property(collection, COLLECTION, "Items")?;
        let paths = Vec::<OwnedObjectPath>::try_from(value).map_err(|error| unexpected(&error))?;
        Ok(texts(&paths))
    }

    /// The label of an item.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where there is no such item.
    pub fn label(&mut self, item: &str) -> Result<String, ClientError> {
        let value = self.property(item, ITEM, "Label")?;
        String::try_from(value).map_err(|error| unexpected(&error))
    }

    /// The attributes of an item.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where there is no such item.
    pub fn attributes(&mut self, item: &str) -> Result<BTreeMap<String, String>, ClientError> {
        let value = self.property(item, ITEM, "Attributes")?;
        BTreeMap::try_from(value).map_err(|error| unexpected(&error))
    }

    /// Stores an item and gives its path.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where the collection is locked or does not exist.
    pub fn create_item(
        &mut self,
        collection: &str,
        item: &NewItem,
        secret: &[u8],
    ) -> Result<String, ClientError> {
        let properties = BTreeMap::from([
            (format!("{ITEM}.Label"), Variant::from(item.label.as_str())),
            (format!("{ITEM}.Attributes"), Variant::from(item.attributes.clone())),
        ]);
        let secret = self.wrap(secret, &item.content_type)?;
        let call = object(collection, COLLECTION, "CreateItem");
        let answer = self.call(call, &(properties, secret, item.replace))?;
        let (path, _prompt): (OwnedObjectPath, OwnedObjectPath) = read(&answer)?;
        existing(&path)
            .ok_or_else(|| ClientError::Unexpected { reason: "a prompt is needed to store an item".into() })
    }

    /// The items that have all these attributes, in any collection.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the service does not answer as services do.
    pub fn search(&mut self, attributes: &BTreeMap<String, String>) -> Result<Found, ClientError> {
        let answer = self.service("SearchItems", attributes)?;
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = read(&answer)?;
        Ok(Found { unlocked: texts(&unlocked), locked: texts(&locked) })
    }

    /// The secret of an item.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where it is locked or does not exist.
    pub fn secret(&mut self, item: &str) -> Result<Vec<u8>, ClientError> {
        Ok(self.content(item)?.0)
    }

    /// The secret of an item, and its content type.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where it is locked or does not exist.
    pub fn content(&mut self, item: &str) -> Result<(Vec<u8>, String), ClientError> {
        let session = self.session()?.path.clone();
        let (secret,): (WireSecret,) = read(&self.call(object(item, ITEM, "GetSecret"), &session)?)?;
        let (_, parameters, value, content_type) = secret;
        let value = match &self.session()?.key {
            None => value.into_vec(),
            Some(key) => key.open(&parameters, &value).ok_or_else(|| ClientError::Unexpected {
                reason: "the secret cannot be decrypted with the session's key".into(),
            })?,
        };
        Ok((value, content_type))
    }

    /// Changes the secret of an item.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where it is locked or does not exist.
    pub fn set_secret(&mut self, item: &str, secret: &[u8], content_type: &str) -> Result<(), ClientError> {
        let secret = self.wrap(secret, content_type)?;
        self.call(object(item, ITEM, "SetSecret"), &(secret,)).map(drop)
    }

    /// Deletes an item.
    ///
    /// # Errors
    ///
    /// [`ClientError::Refused`] where it is locked or does not exist.
    pub fn delete(&mut self, item: &str) -> Result<(), ClientError> {
        self.call(object(item, ITEM, "Delete"), &()).map(drop)
    }

    /// Asks for a collection or an item to be unlocked.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the service does not answer as services do.
    pub fn unlock(&mut self, path: &str) -> Result<Unlocking, ClientError> {
        let paths = vec![on_wire(path)?];
        let (unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            read(&self.service("Unlock", &paths)?)?;
        Ok(Unlocking { unlocked: texts(&unlocked), prompt: existing(&prompt) })
    }

    /// Asks for a collection to be made; gives the prompt that has to be shown for it, if one has to.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the service does not answer as services do.
    pub fn create_collection(&mut self, label: &str, alias: &str) -> Result<Option<String>, ClientError> {
        let properties = BTreeMap::from([(format!("{COLLECTION}.Label"), Variant::from(label))]);
        let answer = self.service("CreateCollection", &(properties, alias))?;
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) = read(&answer)?;
        Ok(existing(&prompt))
    }

    /// Has a prompt shown and waits for its end; true if it was dismissed.
    ///
    /// # Errors
    ///
    /// [`ClientError::Deadline`] where nobody answers the prompt.
    pub fn prompt(&mut self, prompt: &str) -> Result<bool, ClientError> {
        let rule = format!("type='signal',path='{prompt}',member='Completed'");
        self.call(Call::to_broker("AddMatch"), &rule)?;
        self.call(object(prompt, PROMPT, "Prompt"), &"")?;
        let signal = self.connection.signal(prompt, "Completed", Instant::now() + PATIENCE)?;
        let (dismissed, _): (bool, OwnedVariant) = read(&signal)?;
        Ok(dismissed)
    }

    fn session(&self) -> Result<&Session, ClientError> {
        self.session.as_ref().ok_or(ClientError::NoSession)
    }

    fn wrap(&self, secret: &[u8], content_type: &str) -> Result<WireSecret, ClientError> {
        let session = self.session()?;
        let (parameters, value) = match &session.key {
            None => (Vec::new(), secret.to_vec()),
            Some(key) => key.seal(secret),
        };
        Ok((session.path.clone(), parameters.into(), value.into(), content_type.to_owned()))
    }

    fn property(&mut self, path: &str, interface: &str, name: &str) -> Result<OwnedVariant, ClientError> {
        read(&self.call(object(path, PROPERTIES, "Get"), &(interface, name))?)
    }

    fn service<B: Serialize + DynamicType>(&mut self, member: &str, body: &B) -> Result<Frame, ClientError> {
        self.call(object(ROOT, SERVICE, member), body)
    }

    fn call<B: Serialize + DynamicType>(&mut self, call: Call<'_>, body: &B) -> Result<Frame, ClientError> {
        Ok(self.connection.call(call, body, Instant::now() + PATIENCE)?)
    }
}

/// Why the harness's own client got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is not one of a world.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nobody listens.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address.
        address: BusAddress,
        /// What the system says.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("no answer came within {PATIENCE:?}")]
    Deadline,
    /// The answer is an error.
    #[error("the answer is {name}: {message}")]
    Refused {
        /// The error's name.
        name: String,
        /// Its text.
        message: String,
    },
    /// No session was opened before a secret was sent or asked for.
    #[error("no session is open; open one first")]
    NoSession,
    /// The answer has another shape than the protocol says, or the connection broke.
    #[error("the bus or the service does not keep to the protocol: {reason}")]
    Unexpected {
        /// What happened.
        reason: String,
    },
}

impl From<ConnectionError> for ClientError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::Connect { address, source } => Self::Connect { address, source },
            ConnectionError::Deadline => Self::Deadline,
            ConnectionError::Refused { name, message } => Self::Refused { name, message },
            ConnectionError::NotAuthenticated { .. }
            | ConnectionError::Closed
            | ConnectionError::Stream(_)
            | ConnectionError::Frame(_)
            | ConnectionError::Body(_) => Self::Unexpected { reason: error.to_string() },
        }
    }
}

fn object<'a>(path: &'a str, interface: &'a str, member: &'a str) -> Call<'a> {
    Call { destination: NAME, path, interface, member }
}

fn read<B: zbus::Type + serde::de::DeserializeOwned>(answer: &Frame) -> Result<B, ClientError> {
    answer.body().map_err(|error| unexpected(&error))
}

fn on_wire(path: &str) -> Result<OwnedObjectPath, ClientError> {
    OwnedObjectPath::try_from(path).map_err(|error| unexpected(&error))
}

fn texts(paths: &[OwnedObjectPath]) -> Vec<String> {
    paths.iter().map(|path| path.as_str().to_owned()).collect()
}

/// A path that names an object: `/` stands for none.
fn existing(path: &OwnedObjectPath) -> Option<String> {
    (path.as_str() != "/").then(|| path.as_str().to_owned())
}

fn unexpected(error: &zbus::Error) -> ClientError {
    ClientError::Unexpected { reason: error.to_string() }
}

const PATIENCE: Duration = Duration::from_secs(5);
const NAME_HAS_NO_OWNER: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
