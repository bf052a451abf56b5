//! What this machine can do, asked of the parts themselves.

use super::Ability;
use crate::{
    adapter,
    case::{Condition, Platform},
    observation::Observer,
    run::unwatched,
    supervisor,
    world::{BrokerKind, ProviderKind},
};

/// Every ability, those first without which no world can be made.
pub(super) fn all() -> Vec<Ability> {
    let mut abilities = vec![witness()];
    abilities.extend(observers());
    abilities.extend(conditions());
    abilities.extend(brokers());
    abilities.extend(providers());
    abilities.extend(adapters());
    abilities
}

fn witness() -> Ability {
    Ability {
        group: "world",
        name: "supervised sessions".into(),
        state: supervisor::probe().map(Into::into).map_err(|cause| cause.to_string()),
        is_needed: true,
    }
}

/// The witness of system calls also sees processes; the others are the harness's own.
fn observers() -> impl Iterator<Item = Ability> {
    let supervised = supervisor::probe().is_ok();
    let state = move |observer| {
        if let Some(reason) = unwatched(observer) {
            return Err(reason.to_owned());
        }
        match observer {
            Observer::SystemCalls | Observer::Processes if !supervised => {
                Err("sessions cannot be supervised here".into())
            }
            Observer::Harness
            | Observer::Files
            | Observer::SystemCalls
            | Observer::Processes
            | Observer::Output
            | Observer::Bus
            | Observer::Keyring
            | Observer::Network
            | Observer::Relocation => Ok("proved anew in every world".into()),
        }
    };
    Observer::ALL.into_iter().map(move |observer| Ability {
        group: "observers",
        name: observer.as_str().into(),
        state: state(observer),
        is_needed: false,
    })
}

fn conditions() -> impl Iterator<Item = Ability> {
    Condition::ALL.into_iter().map(|condition| Ability {
        group: "conditions",
        name: condition.as_str().into(),
        state: match Platform::CURRENT {
            Platform::Linux => Ok("proved by the harness's own client before each session".into()),
            Platform::Macos | Platform::Windows => Err("only worlds on Linux have it".into()),
        },
        is_needed: false,
    })
}

fn brokers() -> impl Iterator<Item = Ability> {
    BrokerKind::ALL.into_iter().map(|broker| Ability {
        group: "brokers",
        name: broker.as_str().into(),
        state: Ok(broker.state().into()),
        is_needed: false,
    })
}

fn providers() -> impl Iterator<Item = Ability> {
    ProviderKind::ALL.into_iter().map(|provider| Ability {
        group: "providers",
        name: provider.as_str().into(),
        state: provider.probe(),
        is_needed: false,
    })
}

fn adapters() -> Vec<Ability> {
    let ability =
        |name: &str, state| Ability { group: "adapters", name: name.into(), state, is_needed: false };
    let catalogue = match adapter::Catalogue::embedded() {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![ability("built-in adapters", Err(error.to_string()))],
    };
    let state = adapter::state_folder();
    let ready = |adapter: &adapter::Adapter| match adapter::resolve(adapter, state.as_deref()) {
        Ok(command) => Ok(format!("{} ({})", command.program.display(), adapter.summary())),
        Err(error) => Err(error.to_string()),
    };
    catalogue.iter().map(|adapter| ability(adapter.name(), ready(adapter))).collect()
}
