//! A sound keyring in memory: one collection that lasts, which may be locked, and what it holds as plaintext.

use std::collections::BTreeMap;

use token_cache::store::ItemIdentity;

use super::message::{Body, Call};
use super::session::{PUBLIC_KEY, Sealed, Sessions};
use super::wire::{Reader, Writer};

/// What the service holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyring {
    pub(super) items: Vec<Item>,
    pub(super) locked: bool,
    pub(super) sessions: Sessions,
    created: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) path: String,
    pub(super) attributes: Attributes,
    pub(super) secret: Vec<u8>,
}

pub(super) type Attributes = BTreeMap<String, String>;

/// What comes of a call.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Return(Body),
    Error(&'static str),
}

impl Answer {
    /// An answer with a body.
    pub(super) fn of(signature: &str, write: impl FnOnce(&mut Writer) -> &mut Writer) -> Self {
        Self::Return(Body::new(signature, write))
    }
}

impl Keyring {
    /// Puts an item into the collection.
    pub(super) fn add(&mut self, attributes: Attributes, secret: &[u8]) -> String {
        self.created += 1;
        let path = format!("{COLLECTION}/{}", self.created);
        self.items.push(Item { path: path.clone(), attributes, secret: secret.to_vec() });
        path
    }

    /// The items of the cache.
    pub(super) fn exact(&self) -> Vec<&Item> {
        let identity = attributes();
        self.items.iter().filter(|item| item.attributes == identity).collect()
    }

    /// Does what is asked for.
    ///
    /// # Panics
    ///
    /// Where the library asks for what is not in the specification, or sends what it should not.
    pub(super) fn carry_out(&mut self, call: &Call) -> Answer {
        let mut body = Reader::new(&call.body);
        let answer = self.answer(call, &mut body);
        let answer = answer.unwrap_or_else(|| panic!("{} with {:?}", call.member, call.signature));
        assert!(body.is_at_end(), "{} has no more arguments", call.member);
        answer
    }

    fn answer(&mut self, call: &Call, body: &mut Reader<'_>) -> Option<Answer> {
        Some(match (call.member.as_str(), call.signature.as_str()) {
            ("OpenSession", "sv") => self.open_session(body)?,
            ("ReadAlias", "s") => {
                let alias = match body.string()? {
                    "default" => COLLECTION,
                    "session" => SESSION_COLLECTION,
                    _ => "/",
                };
                Answer::of("o", |answer| answer.string(alias))
            }
            ("Get", "ss") => match (body.string()?, body.string()?) {
                ("org.freedesktop.Secret.Collection", "Locked") => {
                    Answer::of("v", |answer| answer.signature(b"b").boolean(self.locked))
                }
                ("org.freedesktop.Secret.Service", "Collections") => collections(&[COLLECTION]),
                _ => return None,
            },
            ("Unlock", "ao") => {
                body.paths()?;
                Answer::of("aoo", |answer| answer.paths([]).string(if self.locked { PROMPT } else { "/" }))
            }
            ("Prompt", "s") => {
                body.string()?;
                self.locked = false;
                Answer::Return(Body::default())
            }
            ("Dismiss", "") => Answer::Return(Body::default()),
            ("SearchItems", "a{ss}") => {
                let wanted = read_attributes(body)?;
                let found = self.items.iter().filter(|item| {
                    call.path == COLLECTION
                        && wanted.iter().all(|(name, value)| item.attributes.get(name) == Some(value))
                });
                Answer::of("ao", |answer| answer.paths(found.map(|item| item.path.as_str())))
            }
            ("GetAll", "s") => {
                body.string()?;
                match self.items.iter().find(|item| item.path == call.path) {
                    Some(item) => properties(&item.attributes, self.locked),
                    None => NO_SUCH_OBJECT,
                }
            }
            ("GetSecret", "o") => {
                let session = body.string()?;
                match self.item(call) {
                    Ok(number) => match self.sessions.seal(session, &self.items[number].secret) {
                        Some(sealed) => Answer::of(Sealed::SIGNATURE, |answer| sealed.write(answer)),
                        None => NO_SESSION,
                    },
                    Err(refused) => refused,
                }
            }
            ("SetSecret", Sealed::SIGNATURE) => {
                let sealed = Sealed::read(body)?;
                match self.item(call) {
                    Ok(number) => match self.sessions.open_secret(&sealed) {
                        Some(secret) => {
                            self.items[number].secret = secret;
                            Answer::Return(Body::default())
                        }
                        None => NO_SESSION,
                    },
                    Err(refused) => refused,
                }
            }
            ("CreateItem", "a{sv}(oayays)b") => self.create_item(body)?,
            ("Delete", "") => match self.item(call) {
                Ok(number) => {
                    self.items.remove(number);
                    Answer::of("o", |answer| answer.string("/"))
                }
                Err(refused) => refused,
            },
            _ => return None,
        })
    }

    fn open_session(&mut self, body: &mut Reader<'_>) -> Option<Answer> {
        let algorithm = body.string()?;
        assert_eq!(algorithm, "dh-ietf1024-sha256-aes128-cbc-pkcs7", "secrets cross the bus encrypted");
        let public = (body.signature()? == "ay").then(|| body.bytes())??;
        let session = self.sessions.open(public);
        Some(Answer::of("vo", |answer| answer.signature(b"ay").bytes(PUBLIC_KEY).string(&session)))
    }

    fn create_item(&mut self, body: &mut Reader<'_>) -> Option<Answer> {
        let properties = body.array(8, |property| {
            property.align(8)?;
            match (property.string()?, property.signature()?) {
                ("org.freedesktop.Secret.Item.Label", "s") => property.string().map(|_| None),
                ("org.freedesktop.Secret.Item.Attributes", "a{ss}") => read_attributes(property).map(Some),
                _ => None,
            }
        })?;
        let sealed = Sealed::read(body)?;
        assert!(!body.boolean()?, "nothing is replaced by a creation");
        let attributes = properties.into_iter().flatten().next()?;
        assert_eq!(attributes, self::attributes(), "the identity of the cache");
        if self.locked {
            return Some(IS_LOCKED);
        }
        Some(match self.sessions.open_secret(&sealed) {
            Some(secret) => {
                let path = self.add(attributes, &secret);
                Answer::of("oo", |answer| answer.string(&path).string("/"))
            }
            None => NO_SESSION,
        })
    }

    /// The item that a call is about.
    fn item(&self, call: &Call) -> Result<usize, Answer> {
        let number = self.items.iter().position(|item| item.path == call.path).ok_or(NO_SUCH_OBJECT)?;
        if self.locked { Err(IS_LOCKED) } else { Ok(number) }
    }
}

/// The attributes of the cache, each and no other.
pub(super) fn attributes() -> Attributes {
    ItemIdentity::of_file(FILE).attributes
}

/// An answer with these collections.
pub(super) fn collections(paths: &[&str]) -> Answer {
    Answer::of("v", |answer| answer.signature(b"ao").paths(paths.iter().copied()))
}

/// An answer with the properties of an item.
pub(super) fn properties(attributes: &Attributes, locked: bool) -> Answer {
    Answer::of("a{sv}", |answer| {
        answer.array(8, |properties| {
            properties.align(8).string("Attributes").signature(b"a{ss}").array(8, |array| {
                for (name, value) in attributes {
                    array.align(8).string(name).string(value);
                }
            });
            properties.align(8).string("Locked").signature(b"b").boolean(locked);
        })
    })
}

fn read_attributes(body: &mut Reader<'_>) -> Option<Attributes> {
    let pairs = body.array(8, |pair| {
        pair.align(8)?;
        Some((pair.string()?.to_owned(), pair.string()?.to_owned()))
    })?;
    Some(pairs.into_iter().collect())
}

pub(super) const NO_SUCH_OBJECT: Answer = Answer::Error("org.freedesktop.Secret.Error.NoSuchObject");
const IS_LOCKED: Answer = Answer::Error("org.freedesktop.Secret.Error.IsLocked");
const NO_SESSION: Answer = Answer::Error("org.freedesktop.Secret.Error.NoSession");

/// The file of the cache, which names its item.
pub(super) const FILE: &str = "fuzz.nocae";

pub(super) const COLLECTION: &str = "/org/freedesktop/secrets/collection/one";
pub(super) const SESSION_COLLECTION: &str = "/org/freedesktop/secrets/collection/session";
pub(super) const PROMPT: &str = "/org/freedesktop/secrets/prompt/p1";
