//! The steps of a script in plain words.

use crate::{
    case::{
        Case, Condition, End, Fault, Interaction, Once, Options, Partition, Place, Plant, PlantKind,
        Rendezvous, Session, Step,
    },
    observation::SessionIndex,
    protocol::{CredentialKind, LocationRole, RenderWhat},
};

/// What a session is: its number, its world, how it ends.
pub(super) fn session(case: &Case, index: usize, session: &Session) -> String {
    let world = condition(session.condition.unwrap_or(case.world.condition));
    let place = match session.place {
        Place::Home => "",
        Place::Relocated => ", in a fresh home with copies of all files and an empty keyring",
    };
    let end = match session.end {
        End::Bye => "",
        End::Kill => ", killed at its end",
    };
    let together = if session.overlaps { ", together with the one before" } else { "" };
    format!("{} ({world}{place}{together}{end})", SessionIndex(index))
}

/// The state of bus and keyring.
pub(super) fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Usable => "keyring usable",
        Condition::NoBus => "no bus",
        Condition::DeadSocket => "a bus address on which nobody listens",
        Condition::NoService => "a bus without a Secret Service",
        Condition::NoDefaultCollection => "a Secret Service without a default collection",
        Condition::Locked => "a locked default collection",
    }
}

/// What a step asks for.
pub(super) fn step(step: &Step) -> String {
    let said = match step {
        Step::Open { store, name, allow_unencrypted_storage, interaction, credential, options, .. } => {
            let kind = credential.map_or("", credential_kind);
            let name = match (options, name) {
                (Options::None, _) => "no options at all".into(),
                (Options::Given, Some(name)) => format!("the name {name:?}"),
                (Options::Given, None) => "no name".into(),
            };
            let opt_in = match allow_unencrypted_storage {
                Some(true) => ", unencrypted storage allowed",
                Some(false) => ", unencrypted storage not allowed",
                None => "",
            };
            let dialogue = match interaction {
                Interaction::Never => "",
                Interaction::Allow => ", dialogues allowed",
            };
            format!("open {store}{kind} with {name}{opt_in}{dialogue}")
        }
        Step::Put { store, partition: half, canary, padding, .. } => {
            let padding = if *padding == 0 { String::new() } else { format!(" and {padding} further bytes") };
            format!("make {store} persist the secret {{{canary}}}{padding}{}", partition(*half))
        }
        Step::Get { store, partition: half, canary, .. } => {
            format!("ask {store} for what was persisted as {{{canary}}}{}", partition(*half))
        }
        Step::Remove { store, partition: half, .. } => {
            format!("remove what {store} persists{}", partition(*half))
        }
        Step::Render { store, what, .. } => {
            let owner = store.as_deref().map_or_else(String::new, |store| format!(" of {store}"));
            format!("render {}{owner}", rendered(*what))
        }
        Step::Close { store } => format!("close {store}"),
    };
    match step.label() {
        Some(label) => format!("{said} — `{label}`"),
        None => said,
    }
}

/// How a credential comes by its tokens.
fn credential_kind(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ClientSecret => ", a credential with a secret of the client's,",
        CredentialKind::DeviceCode => ", a credential whose user enters a code on another device,",
        CredentialKind::Interactive => ", a credential whose user signs in in a browser,",
        CredentialKind::SharedTokenCache => {
            ", a credential that lives on what others left in the shared cache,"
        }
    }
}

/// What is planted, where, and before which session.
pub(super) fn plant(plant: &Plant) -> String {
    let what = match &plant.kind {
        PlantKind::File { mode, text, canary, age_seconds } => {
            let content = match (text, canary) {
                (_, Some(role)) => format!("with the secret {{{role}}}"),
                (Some(_), None) => "with text of its own".into(),
                (None, None) => "that is empty".into(),
            };
            let age = if *age_seconds == 0 { String::new() } else { format!(", {age_seconds} s old") };
            format!("a file {content}, mode {mode}{age}")
        }
        PlantKind::Corrupt { mode, file } => format!("the corrupt cache {file}, mode {mode}"),
        PlantKind::Symlink {} => "a symbolic link to a file outside the library's folder".into(),
        PlantKind::Absence {} => "no file; one that is there is removed".into(),
        PlantKind::Directory { mode } => format!("a folder with mode {mode}"),
    };
    let cache = plant
        .name
        .as_deref()
        .map_or_else(|| "the default cache".into(), |name| format!("the cache {name:?}"));
    format!(
        "before {}: {what}, as {} of {cache}{}",
        SessionIndex(plant.before_session),
        location(plant.location),
        partition(plant.partition)
    )
}

/// What goes wrong, and during which session.
pub(super) fn fault(fault: &Fault) -> String {
    format!("during {}: {}", SessionIndex(fault.during_session), fault.kind)
}

/// Who is held where, and until when.
pub(super) fn rendezvous(rendezvous: &Rendezvous) -> String {
    let Rendezvous { hold, until, once } = rendezvous;
    let come = match once {
        Once::Passed => "passed",
        Once::Reached => "reached",
    };
    format!(
        "{} is held before {}, until {} has {come} {}",
        SessionIndex(hold.session),
        hold.at,
        SessionIndex(until.session),
        until.at
    )
}

/// What a declared file or folder is for.
pub(super) fn location(role: LocationRole) -> &'static str {
    match role {
        LocationRole::Directory => "the folder",
        LocationRole::Signal => "the signal file",
        LocationRole::Plaintext => "the plaintext file",
        LocationRole::Ciphertext => "the ciphertext file",
        LocationRole::Lock => "the lock file",
    }
}

/// The half of a cache; nothing for the one that is always there.
pub(super) fn partition(partition: Partition) -> &'static str {
    match partition {
        Partition::Nocae => "",
        Partition::Cae => " (partition cae)",
    }
}

fn rendered(what: RenderWhat) -> &'static str {
    match what {
        RenderWhat::Options => "the options",
        RenderWhat::Store => "the cache or credential",
        RenderWhat::LastError => "the last error",
        RenderWhat::DebugLog => "the most talkative log",
    }
}
