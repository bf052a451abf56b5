//! `org.freedesktop.Secret.Item`.

use zbus::OwnedObjectPath;

use super::{
    contents::now,
    dispatch::Request,
    keyring::{Keyring, no_prompt},
    refusal::Refusal,
    session::{Secret, WireSecret},
};
use crate::world::bus::Body;

impl Keyring {
    pub(super) fn answer_item(
        &mut self,
        request: &Request<'_>,
        id: &str,
        number: u64,
    ) -> Result<Body, Refusal> {
        match request.member() {
            "Delete" => {
                if self.is_locked(id) {
                    return Err(Refusal::IsLocked("Cannot delete a locked item"));
                }
                self.with_collection(id, |collection| collection.items.remove(&number));
                self.item_changed(id, number, "ItemDeleted");
                Ok(Body::encode(&no_prompt())?)
            }
            "GetSecret" => {
                let (session,): (OwnedObjectPath,) = request.arguments()?;
                let through = self.session(request.client(), session.as_str())?;
                if self.is_locked(id) {
                    return Err(Refusal::IsLocked("Cannot get secret of a locked object"));
                }
                let secret = self
                    .with_item(id, number, |item| Secret {
                        value: item.secret.clone(),
                        content_type: item.content_type.clone(),
                    })
                    .ok_or_else(|| request.no_object())?;
                Ok(Body::encode(&(through.send(session.as_str(), &secret),))?)
            }
            "SetSecret" => {
                let (secret,): (WireSecret,) = request.arguments()?;
                let secret = self.receive(request.client(), secret)?;
                if self.is_locked(id) {
                    return Err(Refusal::IsLocked("Cannot set secret of a locked item"));
                }
                self.with_item(id, number, |item| {
                    item.secret = secret.value;
                    item.content_type = secret.content_type;
                    item.modified = now();
                });
                self.item_changed(id, number, "ItemChanged");
                Ok(Body::encode(&())?)
            }
            _ => Err(request.no_method()),
        }
    }
}
