//! The closed set of things that can be judged, each with typed parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CanaryRole, Partition, StepLabel};
use crate::protocol::{Declaration, ErrorCategory, Level, LocationRole};

/// What a check asserts about the observation of its case.
///
/// Every variant says what witnesses it. There is no string language and no function per case: a case that needs a
/// new kind of assertion adds a variant here, with its evidence, its positive control and its mutant.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(tag = "predicate", rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicate {
    /// The step was answered with an error of one of the categories, and nothing was persisted.
    ///
    /// The error is the adapter's claim. It counts only when the canary of the step was seen in no file, write or
    /// keyring item, and when `confirm`, a `get` of a fresh process, does not give the canary back (and, at credential level,
    /// asked the authority again). If the step succeeds, or the canary is seen, the check fails.
    Refused {
        /// The step that must fail.
        step: StepLabel,
        /// The categories that are right.
        categories: Vec<ErrorCategory>,
        /// The canary that must not be persisted.
        canary: CanaryRole,
        /// The later `get` that confirms it.
        confirm: StepLabel,
    },
    /// The step, in a later process than the `put`, gave exactly the canary back, and until then the authority was not asked
    /// for that canary's token in that session.
    ValueEquals {
        /// The `get`.
        step: StepLabel,
        /// The canary that it must give.
        canary: CanaryRole,
    },
    /// The step gave exactly one of the canaries back: what was there before a save that went wrong, or what it was to leave;
    /// never nothing, another value or an error.
    ///
    /// An error whose category is in `or_error` will do, unless the authority was asked before, for then nothing was found.
    ValueOneOf {
        /// The `get`.
        step: StepLabel,
        /// The canaries that will do.
        canaries: Vec<CanaryRole>,
        /// Errors that say to come again.
        #[serde(default)]
        or_error: Vec<ErrorCategory>,
    },
    /// The save ended with an error; or what it stored is what the other step, in a later process, gives back.
    SaveReported {
        /// The `put` that goes wrong.
        save: StepLabel,
        /// The `get` that gives back its canary, if it went right after all.
        confirm: StepLabel,
    },
    /// The step did not give the canary back: another cache's, partition's or a removed value.
    ///
    /// An error whose category is in `or_error` is as good as no value.
    ValueAbsent {
        /// The `get`.
        step: StepLabel,
        /// The canary that it must not give.
        canary: CanaryRole,
        /// Errors that also mean "nothing is there".
        #[serde(default)]
        or_error: Vec<ErrorCategory>,
    },
    /// The canary was seen in none of the scopes during the whole case, its adversary's scans included.
    CanaryAbsent {
        /// The canary.
        canary: CanaryRole,
        /// Where it must not be.
        scopes: Vec<Scope>,
    },
    /// The canary was seen in every one of the scopes.
    CanaryPresent {
        /// The canary.
        canary: CanaryRole,
        /// Where it must be.
        scopes: Vec<Scope>,
    },
    /// At the end of the case the canary is in no file: the residue is gone, whatever was there before.
    ResidueGone {
        /// The canary.
        canary: CanaryRole,
        /// The role of the declared path in which it may be.
        #[serde(default)]
        besides: Option<LocationRole>,
    },
    /// At the end of the case the canary is in no file and in no item of the keyring, and it was in one before.
    Erased {
        /// The canary.
        canary: CanaryRole,
    },
    /// Every file in which the canary lay after the session that put it there was named in what that session printed.
    Announced {
        /// The canary.
        canary: CanaryRole,
    },
    /// In no snapshot is the canary in a file below the declared folder while others may write to the folder.
    FolderGuarded {
        /// The role of the folder.
        location: LocationRole,
        /// The canary.
        canary: CanaryRole,
    },
    /// The step did not say that nothing is there: it gave the canary back, or failed by another error than `not_found`.
    ///
    /// For a `get` where something is stored that cannot be read now; the twin proves that it is stored.
    NotTakenForAbsent {
        /// The `get`.
        step: StepLabel,
        /// The canary that is stored.
        canary: CanaryRole,
    },
    /// In the step's session no prompt of the keyring was asked to be shown.
    NotPrompted {
        /// The step, whose `open` forbids dialogues.
        step: StepLabel,
    },
    /// The step was answered, with whatever: its process did not die by a signal of its own or with an exit code before.
    ///
    /// Only in a case with a twin, in which the same step must be answered: otherwise a crash is the adapter's.
    Survived {
        /// The step.
        step: StepLabel,
    },
    /// The canary was in a file or in the secret of an item, and is so at the end of the case: whatever was interrupted left a
    /// copy. Or the control, to which the same was done without an interruption, is gone too.
    Kept {
        /// The canary.
        canary: CanaryRole,
        /// The canary to which the same was done, and nothing went wrong.
        control: CanaryRole,
    },
    /// After the step's session, which was to remove it, the canary is in no file; or the step ended with an error; or what
    /// that session printed names the file in which it still is. Whether it told the truth about it is not known.
    ResidueReported {
        /// The canary.
        canary: CanaryRole,
        /// The step during which it was to be removed.
        step: StepLabel,
    },
    /// Every file that held the canary under another name than its last was made exclusively, for the user alone, under a
    /// name of its own, in the folder in which it stayed.
    TemporaryGuarded {
        /// The canary.
        canary: CanaryRole,
    },
    /// Between the start and the end of the step's session, nothing was created under the home or the temporary folder, not
    /// even an empty file, by the tree and by the system call witness.
    NothingCreated {
        /// The step that must not have created anything: its session is looked at.
        step: StepLabel,
    },
    /// Everything that the sessions created, wrote, linked, renamed or truncated lies in the declared folder.
    ///
    /// Making the folder and those above it is allowed. In the temporary and the runtime folder, where language runtimes
    /// leave files of their own, only what carries a canary counts.
    StaysInside {
        /// The role of the declared folder.
        location: LocationRole,
    },
    /// After the last session the declared path exists, is of the right kind, belongs to the session's user, and has no mode
    /// bits outside `at_most`. While a canary is in it, no earlier snapshot may show it looser either.
    PathPrivate {
        /// The role of the path.
        location: LocationRole,
        /// The cache; the default name if absent.
        #[serde(default)]
        name: Option<String>,
        /// The partition.
        #[serde(default)]
        partition: Partition,
        /// The mode bits that are allowed, octal.
        at_most: String,
    },
    /// After the last session the declared path exists: the name became the place that was declared.
    PathExists {
        /// The role of the path.
        location: LocationRole,
        /// The cache; the default name if absent.
        #[serde(default)]
        name: Option<String>,
        /// The partition.
        #[serde(default)]
        partition: Partition,
    },
    /// No file that was opened for writing with a canary in it ever had group or other bits, from its first system call on.
    BornPrivate {
        /// The canary.
        canary: CanaryRole,
    },
    /// The canaries lie in different objects: no keyring item and no file holds both, and each lies somewhere.
    StorageDistinct {
        /// The first canary.
        first: CanaryRole,
        /// The second canary.
        second: CanaryRole,
    },
    /// The item that holds the canary has exactly these attributes (templates of the statement are filled in).
    ItemAttributes {
        /// The canary.
        canary: CanaryRole,
        /// The cache; the default name if absent.
        #[serde(default)]
        name: Option<String>,
        /// The partition.
        #[serde(default)]
        partition: Partition,
    },
    /// The bus was asked for the Secret Service before the first write that carries the canary.
    ProtectorTriedFirst {
        /// The canary.
        canary: CanaryRole,
        /// The step during whose session that must have happened.
        step: StepLabel,
    },
    /// The authority issued at most this many tokens in the session of the step. Credential level only.
    AuthorityRequestsAtMost {
        /// The step.
        step: StepLabel,
        /// How many.
        requests: usize,
    },
    /// The canary of the step was issued for a refresh token, and in the step's session nobody was asked to sign in before:
    /// what an earlier process was given was persisted. Credential level only.
    RenewedSilently {
        /// The `put`, in a later session than the sign-in.
        step: StepLabel,
        /// The canary that it must have been given.
        canary: CanaryRole,
    },
    /// No refresh token was used after it had been replaced by a newer one, and one that replaced another was used.
    /// Credential level only.
    RefreshTokensReplaced {},
    /// A fresh process with copies of all files and a fresh keyring did not give the canary back.
    NotReturnedAfterRelocation {
        /// The `get` of the relocated session.
        step: StepLabel,
        /// The canary.
        canary: CanaryRole,
    },
    /// The step was answered, with whatever, within the time.
    WithinDeadline {
        /// The step.
        step: StepLabel,
        /// How long it may take, in milliseconds.
        milliseconds: u64,
    },
}

impl Predicate {
    /// The word that names the predicate in case files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::ValueEquals { .. } => "value_equals",
            Self::ValueOneOf { .. } => "value_one_of",
            Self::SaveReported { .. } => "save_reported",
            Self::ValueAbsent { .. } => "value_absent",
            Self::CanaryAbsent { .. } => "canary_absent",
            Self::CanaryPresent { .. } => "canary_present",
            Self::ResidueGone { .. } => "residue_gone",
            Self::Erased { .. } => "erased",
            Self::Announced { .. } => "announced",
            Self::FolderGuarded { .. } => "folder_guarded",
            Self::NotTakenForAbsent { .. } => "not_taken_for_absent",
            Self::NotPrompted { .. } => "not_prompted",
            Self::Survived { .. } => "survived",
            Self::Kept { .. } => "kept",
            Self::ResidueReported { .. } => "residue_reported",
            Self::TemporaryGuarded { .. } => "temporary_guarded",
            Self::NothingCreated { .. } => "nothing_created",
            Self::StaysInside { .. } => "stays_inside",
            Self::PathPrivate { .. } => "path_private",
            Self::PathExists { .. } => "path_exists",
            Self::BornPrivate { .. } => "born_private",
            Self::StorageDistinct { .. } => "storage_distinct",
            Self::ItemAttributes { .. } => "item_attributes",
            Self::ProtectorTriedFirst { .. } => "protector_tried_first",
            Self::AuthorityRequestsAtMost { .. } => "authority_requests_at_most",
            Self::RenewedSilently { .. } => "renewed_silently",
            Self::RefreshTokensReplaced {} => "refresh_tokens_replaced",
            Self::NotReturnedAfterRelocation { .. } => "not_returned_after_relocation",
            Self::WithinDeadline { .. } => "within_deadline",
        }
    }

    /// The steps that it names, each with the request that the step must be, where only one makes sense.
    pub fn steps(&self) -> Vec<(&StepLabel, Option<&'static str>)> {
        match self {
            Self::Refused { step, confirm, .. } => vec![(step, Some("put")), (confirm, Some("get"))],
            Self::ValueEquals { step, .. }
            | Self::ValueOneOf { step, .. }
            | Self::ValueAbsent { step, .. }
            | Self::NotTakenForAbsent { step, .. }
            | Self::NotReturnedAfterRelocation { step, .. } => vec![(step, Some("get"))],
            Self::SaveReported { save, confirm } => vec![(save, Some("put")), (confirm, Some("get"))],
            Self::ProtectorTriedFirst { step, .. } | Self::RenewedSilently { step, .. } => {
                vec![(step, Some("put"))]
            }
            Self::ResidueReported { step, .. }
            | Self::NothingCreated { step }
            | Self::NotPrompted { step }
            | Self::Survived { step }
            | Self::AuthorityRequestsAtMost { step, .. }
            | Self::WithinDeadline { step, .. } => vec![(step, None)],
            Self::CanaryAbsent { .. }
            | Self::CanaryPresent { .. }
            | Self::ResidueGone { .. }
            | Self::Erased { .. }
            | Self::Announced { .. }
            | Self::Kept { .. }
            | Self::TemporaryGuarded { .. }
            | Self::FolderGuarded { .. }
            | Self::StaysInside { .. }
            | Self::PathPrivate { .. }
            | Self::PathExists { .. }
            | Self::BornPrivate { .. }
            | Self::StorageDistinct { .. }
            | Self::ItemAttributes { .. }
            | Self::RefreshTokensReplaced {} => Vec::new(),
        }
    }

    /// The canaries that it names.
    pub fn canaries(&self) -> Vec<&CanaryRole> {
        match self {
            Self::Refused { canary, .. }
            | Self::ValueEquals { canary, .. }
            | Self::ValueAbsent { canary, .. }
            | Self::CanaryAbsent { canary, .. }
            | Self::CanaryPresent { canary, .. }
            | Self::ResidueGone { canary, .. }
            | Self::Erased { canary }
            | Self::Announced { canary }
            | Self::ResidueReported { canary, .. }
            | Self::TemporaryGuarded { canary }
            | Self::FolderGuarded { canary, .. }
            | Self::NotTakenForAbsent { canary, .. }
            | Self::BornPrivate { canary }
            | Self::ItemAttributes { canary, .. }
            | Self::ProtectorTriedFirst { canary, .. }
            | Self::RenewedSilently { canary, .. }
            | Self::NotReturnedAfterRelocation { canary, .. } => vec![canary],
            Self::ValueOneOf { canaries, .. } => canaries.iter().collect(),
            Self::Kept { canary, control } => vec![canary, control],
            Self::StorageDistinct { first, second } => vec![first, second],
            Self::SaveReported { .. }
            | Self::NothingCreated { .. }
            | Self::NotPrompted { .. }
            | Self::Survived { .. }
            | Self::StaysInside { .. }
            | Self::PathPrivate { .. }
            | Self::PathExists { .. }
            | Self::AuthorityRequestsAtMost { .. }
            | Self::RefreshTokensReplaced {}
            | Self::WithinDeadline { .. } => Vec::new(),
        }
    }

    /// What an implementation must declare for it to mean anything.
    pub fn needs(&self) -> Option<Declaration> {
        match self {
            Self::StaysInside { location }
            | Self::FolderGuarded { location, .. }
            | Self::PathPrivate { location, .. }
            | Self::PathExists { location, .. } => Some(Declaration::Location(*location)),
            Self::ResidueGone { besides, .. } => besides.map(Declaration::Location),
            Self::ItemAttributes { .. } => Some(Declaration::Item),
            Self::AuthorityRequestsAtMost { .. }
            | Self::RenewedSilently { .. }
            | Self::RefreshTokensReplaced {} => Some(Declaration::Level(Level::Credential)),
            Self::Refused { .. }
            | Self::ValueEquals { .. }
            | Self::ValueOneOf { .. }
            | Self::SaveReported { .. }
            | Self::ValueAbsent { .. }
            | Self::CanaryAbsent { .. }
            | Self::CanaryPresent { .. }
            | Self::Erased { .. }
            | Self::Announced { .. }
            | Self::ResidueReported { .. }
            | Self::Kept { .. }
            | Self::TemporaryGuarded { .. }
            | Self::NotTakenForAbsent { .. }
            | Self::NotPrompted { .. }
            | Self::Survived { .. }
            | Self::NothingCreated { .. }
            | Self::BornPrivate { .. }
            | Self::StorageDistinct { .. }
            | Self::ProtectorTriedFirst { .. }
            | Self::NotReturnedAfterRelocation { .. }
            | Self::WithinDeadline { .. } => None,
        }
    }
}

/// Where a canary is looked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Contents, names and extended attributes of every file below the home, the temporary and the runtime folder, in every
    /// snapshot. A relocated home is not looked at.
    Files,
    /// Bytes that were written to files, those without a name and those that are gone again included.
    Writes,
    /// Standard output and standard error, without the values of protocol replies.
    Output,
    /// Errors, rendered texts and opaque states in protocol replies.
    Errors,
    /// Arguments of every process.
    Arguments,
    /// Environment of every process.
    Environment,
    /// The bytes that crossed the bus.
    Bus,
    /// The secrets of keyring items.
    KeyringSecrets,
    /// Labels and attributes of keyring items.
    KeyringAttributes,
    /// Requests to the authority.
    Network,
}

impl Scope {
    /// The word in case files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Writes => "writes",
            Self::Output => "output",
            Self::Errors => "errors",
            Self::Arguments => "arguments",
            Self::Environment => "environment",
            Self::Bus => "bus",
            Self::KeyringSecrets => "keyring_secrets",
            Self::KeyringAttributes => "keyring_attributes",
            Self::Network => "network",
        }
    }
}
