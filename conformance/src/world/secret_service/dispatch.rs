//! From a call to a method of an object.

use zbus::Type;

use super::{
    keyring::{COLLECTION, ITEM, Keyring, PROMPT, PROPERTIES, SERVICE_INTERFACE, SESSION_INTERFACE},
    path::{self, Object},
    refusal::Refusal,
};
use crate::world::bus::{Body, Frame};

/// One call of one client.
pub(super) struct Request<'a> {
    frame: &'a Frame,
}

impl<'a> Request<'a> {
    pub(super) fn new(frame: &'a Frame) -> Self {
        Self { frame }
    }

    /// The client's unique name; a call that a bus has carried has one.
    pub(super) fn client(&self) -> &str {
        self.frame.header().sender.as_deref().unwrap_or_default()
    }

    /// The path as the client wrote it.
    pub(super) fn path(&self) -> &str {
        self.frame.header().path.as_deref().unwrap_or_default()
    }

    /// The method.
    pub(super) fn member(&self) -> &str {
        self.frame.header().member.as_deref().unwrap_or_default()
    }

    /// The arguments.
    pub(super) fn arguments<B>(&self) -> Result<B, Refusal>
    where
        B: Type + serde::de::DeserializeOwned,
    {
        Ok(self.frame.body()?)
    }

    /// What is said when the object does not exist.
    pub(super) fn no_object(&self) -> Refusal {
        Refusal::NoObjectAtPath(path::resolved(self.path()))
    }

    /// What is said when the interface has no such method.
    pub(super) fn no_method(&self) -> Refusal {
        Refusal::NoMethod(self.member().to_owned())
    }
}

impl Keyring {
    /// Answers a call.
    pub(super) fn answer(&mut self, frame: &Frame) -> Result<Body, Refusal> {
        let request = Request::new(frame);
        let interface = frame.header().interface.as_deref();
        if interface == Some(PEER) {
            return if request.member() == "Ping" {
                Ok(Body::encode(&())?)
            } else {
                Err(request.no_method())
            };
        }
        let object = Object::of(request.path());
        let own = self.interface_of(&object).ok_or_else(|| request.no_object())?;
        match interface {
            Some(PROPERTIES) => self.answer_properties(&request, &object, own),
            Some(other) if other != own => Err(Refusal::NoInterface(other.to_owned())),
            Some(_) | None => match object {
                Object::Service => self.answer_service(&request),
                Object::Collection(name) => {
                    let id = self.find(&name).ok_or_else(|| request.no_object())?;
                    self.answer_collection(&request, &id)
                }
                Object::Item(name, number) => {
                    let id = self.find(&name).ok_or_else(|| request.no_object())?;
                    self.answer_item(&request, &id, number)
                }
                Object::Session(path) => self.answer_session(&request, &path),
                Object::Prompt(path) => self.answer_prompt(&request, &path),
                Object::Nothing => Err(request.no_object()),
            },
        }
    }

    /// The interface of an object that exists.
    fn interface_of(&self, object: &Object) -> Option<&'static str> {
        match object {
            Object::Service => Some(SERVICE_INTERFACE),
            Object::Collection(name) => self.find(name).map(|_| COLLECTION),
            Object::Item(name, number) => {
                let id = self.find(name)?;
                self.with_item(&id, *number, |_| ITEM)
            }
            Object::Session(path) => self.sessions.get(path).map(|_| SESSION_INTERFACE),
            Object::Prompt(path) => self.prompts.get(path).map(|_| PROMPT),
            Object::Nothing => None,
        }
    }

    fn answer_session(&mut self, request: &Request<'_>, path: &str) -> Result<Body, Refusal> {
        match request.member() {
            "Close" => {
                self.session(request.client(), path)?;
                self.sessions.remove(path);
                Ok(Body::encode(&())?)
            }
            _ => Err(request.no_method()),
        }
    }
}

const PEER: &str = "org.freedesktop.DBus.Peer";
