//! Questions that the service wants to put to the user.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use zbus::{ObjectPath, OwnedVariant};

use crate::store::{Breakage, Obstacle};

use super::error;
use super::service::{COMPLETED, DISMISS, PROMPT, Service};

/// Whether a path leads to a prompt; the root stands for none.
pub(super) fn is_prompt(path: &ObjectPath<'_>) -> bool {
    path.as_str() != "/"
}

/// Shows the prompt and waits for the answer, as long as the request may take.
///
/// # Errors
///
/// [`Obstacle::Refused`] when the user dismissed it.
pub(super) async fn show(service: &Service<'_>, prompt: &ObjectPath<'_>) -> Result<(), Obstacle> {
    // The answer may come before the call returns, so we listen first.
    let mut answers = service.signals(prompt, COMPLETED).await?;
    let () = service.ask(prompt, PROMPT, &"").await?;
    let answer = poll_fn(|context| Pin::new(&mut answers).poll_next(context))
        .await
        .ok_or(Obstacle::Broken(Breakage::Disconnected { call: COMPLETED.label }))?
        .map_err(|failure| error::obstacle(COMPLETED, &failure))?;
    let (dismissed, _result): (bool, OwnedVariant) = error::decode(COMPLETED, &answer)?;
    if dismissed {
        return Err(Obstacle::Refused { reason: "the prompt was dismissed".to_owned() });
    }
    Ok(())
}

/// Takes back a prompt that may not be shown; what it would have allowed has not happened.
///
/// # Errors
///
/// Only when the request has ended: a service that cannot dismiss forgets the prompt with the connection.
pub(super) async fn dismiss(service: &Service<'_>, prompt: &ObjectPath<'_>) -> Result<(), Obstacle> {
    match service.ask::<_, ()>(prompt, DISMISS, &()).await {
        Err(obstacle @ Obstacle::Broken(Breakage::TimedOut { .. } | Breakage::OutcomeUnknown { .. })) => {
            Err(obstacle)
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
