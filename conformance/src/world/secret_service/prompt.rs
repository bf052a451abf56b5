//! `org.freedesktop.Secret.Prompt`: shown to nobody, answered by the script.

use zbus::{OwnedObjectPath, Variant};

use super::{
    dispatch::Request,
    keyring::{Keyring, PROMPT},
    path::{self, NONE},
    refusal::Refusal,
    script::OnPrompt,
};
use crate::world::bus::Body;

/// A question that waits for a client to have it shown.
pub(super) struct Prompt {
    owner: String,
    deed: Deed,
}

/// What is done once the question is answered.
pub(super) enum Deed {
    /// Unlocks collections; with the paths as the client named them.
    Unlock(Vec<(OwnedObjectPath, String)>),
    /// Makes a collection.
    Create {
        /// Its label.
        label: String,
        /// The alias that will lead to it, or empty.
        alias: String,
    },
}

impl Prompt {
    /// A client's question.
    pub(super) fn new(owner: &str, deed: Deed) -> Self {
        Self { owner: owner.to_owned(), deed }
    }
}

impl Keyring {
    pub(super) fn answer_prompt(&mut self, request: &Request<'_>, path: &str) -> Result<Body, Refusal> {
        let outcome = match request.member() {
            "Prompt" => {
                let (_window,): (String,) = request.arguments()?;
                self.on_prompt
            }
            "Dismiss" => OnPrompt::Dismiss,
            _ => return Err(request.no_method()),
        };
        if self.prompts.get(path).is_none_or(|prompt| prompt.owner != request.client()) {
            return Err(request.no_object());
        }
        let prompt = self.prompts.remove(path).ok_or_else(|| request.no_object())?;
        match outcome {
            OnPrompt::Dismiss => {
                let result = match prompt.deed {
                    Deed::Unlock(_) => Variant::from(Vec::<OwnedObjectPath>::new()),
                    Deed::Create { .. } => Variant::from(path::on_wire(NONE)),
                };
                self.emit(path, PROMPT, "Completed", &(true, result));
            }
            OnPrompt::Complete => {
                let result = self.carry_out(prompt.deed);
                self.emit(path, PROMPT, "Completed", &(false, result));
            }
        }
        Ok(Body::encode(&())?)
    }

    fn carry_out(&mut self, deed: Deed) -> Variant<'static> {
        match deed {
            Deed::Unlock(wanted) => {
                for (_, id) in &wanted {
                    self.set_locked(id, false);
                }
                let unlocked: Vec<_> = wanted.into_iter().map(|(object, _)| object).collect();
                Variant::from(unlocked)
            }
            Deed::Create { label, alias } => {
                let id = self.create_collection(&label, &alias);
                Variant::from(path::on_wire(&path::collection(&id)))
            }
        }
    }
}
