//! `org.freedesktop.Secret.Service`.

use std::collections::{BTreeMap, HashMap};

use zbus::{OwnedObjectPath, OwnedVariant};

use super::{
    contents::Item,
    dispatch::Request,
    keyring::{COLLECTION, Keyring, no_prompt},
    path::{self, NONE, Object},
    prompt::{Deed, Prompt},
    refusal::Refusal,
    session::{Secret, Session, WireSecret},
};
use crate::world::bus::Body;

impl Keyring {
    pub(super) fn answer_service(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        match request.member() {
            "OpenSession" => self.open_session(request),
            "CreateCollection" => self.begin_collection(request),
            "SearchItems" => self.search_everywhere(request),
            "Unlock" => self.unlock(request),
            "Lock" => self.lock(request),
            "GetSecrets" => self.secrets(request),
            "ReadAlias" => {
                let (alias,): (String,) = request.arguments()?;
                let target = self.alias(&alias).map_or_else(|| NONE.to_owned(), |id| path::collection(id));
                Ok(Body::encode(&path::on_wire(&target))?)
            }
            "SetAlias" => self.point_alias(request),
            _ => Err(request.no_method()),
        }
    }

    fn open_session(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (algorithm, input): (String, OwnedVariant) = request.arguments()?;
        let (session, output) = Session::open(request.client(), &algorithm, input)?;
        let path = self.fresh_path("session", 's');
        self.sessions.insert(path.clone(), session);
        Ok(Body::encode(&(output, path::on_wire(&path)))?)
    }

    fn begin_collection(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (properties, alias): (HashMap<String, OwnedVariant>, String) = request.arguments()?;
        if let Some(id) = self.alias(&alias) {
            return Ok(Body::encode(&(path::on_wire(&path::collection(id)), no_prompt()))?);
        }
        let label = match properties.get(&format!("{COLLECTION}.Label")) {
            Some(label) => String::try_from(label.clone())?,
            None => String::new(),
        };
        let prompt = self.prompt(request, Deed::Create { label, alias });
        Ok(Body::encode(&(path::on_wire(NONE), prompt))?)
    }

    fn search_everywhere(&self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (attributes,): (BTreeMap<String, String>,) = request.arguments()?;
        let (mut unlocked, mut locked) = (Vec::new(), Vec::new());
        for id in self.visible() {
            let found = self.matching(id, &attributes).into_iter();
            let paths = found.map(|number| path::on_wire(&path::item(id, number)));
            if self.is_locked(id) { locked.extend(paths) } else { unlocked.extend(paths) }
        }
        Ok(Body::encode(&(unlocked, locked))?)
    }

    fn unlock(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (objects,): (Vec<OwnedObjectPath>,) = request.arguments()?;
        let (mut done, mut wanted) = (Vec::new(), Vec::new());
        for object in objects {
            match self.collection_of(&object) {
                Some(id) if self.is_locked(&id) => wanted.push((object, id)),
                Some(_) => done.push(object),
                None => {}
            }
        }
        let prompt = if wanted.is_empty() { no_prompt() } else { self.prompt(request, Deed::Unlock(wanted)) };
        Ok(Body::encode(&(done, prompt))?)
    }

    fn lock(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (objects,): (Vec<OwnedObjectPath>,) = request.arguments()?;
        let mut done = Vec::new();
        for object in objects {
            if let Some(id) = self.collection_of(&object) {
                self.set_locked(&id, true);
                if self.is_locked(&id) {
                    done.push(object);
                }
            }
        }
        Ok(Body::encode(&(done, no_prompt()))?)
    }

    fn secrets(&self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (items, session): (Vec<OwnedObjectPath>, OwnedObjectPath) = request.arguments()?;
        let through = self.session(request.client(), session.as_str())?;
        let mut secrets: HashMap<OwnedObjectPath, WireSecret> = HashMap::new();
        for item in items {
            let Object::Item(name, number) = Object::of(item.as_str()) else { continue };
            let Some(id) = self.find(&name).filter(|id| !self.is_locked(id)) else { continue };
            let copy = |item: &mut Item| Secret {
                value: item.secret.clone(),
                content_type: item.content_type.clone(),
            };
            if let Some(secret) = self.with_item(&id, number, copy) {
                secrets.insert(item, through.send(session.as_str(), &secret));
            }
        }
        Ok(Body::encode(&secrets)?)
    }

    fn point_alias(&mut self, request: &Request<'_>) -> Result<Body, Refusal> {
        let (alias, collection): (String, OwnedObjectPath) = request.arguments()?;
        if collection.as_str() == NONE {
            self.set_alias(&alias, None);
        } else {
            let Object::Collection(name) = Object::of(collection.as_str()) else {
                return Err(Refusal::NoSuchObject);
            };
            let id = self.find(&name).ok_or(Refusal::NoSuchObject)?;
            self.set_alias(&alias, Some(&id));
        }
        Ok(Body::encode(&())?)
    }

    /// The collection that a path names, or whose item it names.
    fn collection_of(&self, object: &OwnedObjectPath) -> Option<String> {
        match Object::of(object.as_str()) {
            Object::Collection(name) => self.find(&name),
            Object::Item(name, number) => {
                self.find(&name).filter(|id| self.with_item(id, number, |_| ()).is_some())
            }
            Object::Service | Object::Session(_) | Object::Prompt(_) | Object::Nothing => None,
        }
    }

    fn prompt(&mut self, request: &Request<'_>, deed: Deed) -> OwnedObjectPath {
        let letter = match deed {
            Deed::Unlock(_) => 'u',
            Deed::Create { .. } => 'p',
        };
        let path = self.fresh_path("prompt", letter);
        self.prompts.insert(path.clone(), Prompt::new(request.client(), deed));
        path::on_wire(&path)
    }
}
