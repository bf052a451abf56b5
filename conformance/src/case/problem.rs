//! How a case can contradict itself.

/// A contradiction within a case's file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A required list or text is empty.
    #[error("`{key}` is empty; fill it in")]
    Empty {
        /// Its key.
        key: String,
    },
    /// A mode is not octal.
    #[error("{mode:?} of `{user}` is no octal mode; write it like \"0600\"")]
    Mode {
        /// The text.
        mode: String,
        /// What uses it.
        user: String,
    },
    /// Two steps have one label.
    #[error("two steps have the label {label:?}; rename one")]
    LabelTwice {
        /// The label.
        label: String,
    },
    /// Two checks have one id.
    #[error("two checks have the id {check:?}; rename one")]
    CheckTwice {
        /// The id's own word.
        check: String,
    },
    /// A label names no step.
    #[error("{user} names the step {label:?}, which does not exist")]
    NoSuchStep {
        /// What names it.
        user: String,
        /// The label.
        label: String,
    },
    /// A label names a step of the wrong kind.
    #[error("{user} names the step {label:?}, which is a {found}; it must be a {wanted}")]
    WrongStep {
        /// What names it.
        user: String,
        /// The label.
        label: String,
        /// What the step is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A `get` is not in a later session than a `put` of its canary.
    #[error("{user} needs a `get` in a later session than a `put` of the same canary; {label:?} is none")]
    NotLater {
        /// What needs it.
        user: String,
        /// The label of the `get`.
        label: String,
    },
    /// A `get` does not ask for the canary of the `put` that it is to confirm.
    #[error("{check} needs a `get` of the canary that its `put` stores; {label:?} asks for another one")]
    OtherCanary {
        /// The check.
        check: String,
        /// The label of the `get`.
        label: String,
    },
    /// A step uses a store that its session has not opened.
    #[error("session {session} uses the store {store:?} before it opens it")]
    NotOpened {
        /// The session, from 0.
        session: usize,
        /// The handle.
        store: String,
    },
    /// A session opens a store that is open.
    #[error("session {session} opens the store {store:?} twice; close it first, or use another handle")]
    OpenedTwice {
        /// The session, from 0.
        session: usize,
        /// The handle.
        store: String,
    },
    /// A canary is named that nothing brings into the world.
    #[error("{user} names the canary {canary:?}, which no put and no plant brings into the world")]
    NoSuchCanary {
        /// What names it.
        user: String,
        /// The role.
        canary: String,
    },
    /// A put names a role that tokens beside an access token have.
    #[error(
        "a put uses the canary {canary:?}, which is reserved for what is issued beside another; rename it"
    )]
    ReservedRole {
        /// The role.
        canary: String,
    },
    /// An open gives a credential options and says that it gets none.
    #[error("session {session} opens {store:?} without options, but {problem}")]
    WithoutOptions {
        /// The session, from 0.
        session: usize,
        /// The handle.
        store: String,
        /// What contradicts that.
        problem: &'static str,
    },
    /// A plant stands before a session that does not exist.
    #[error("a plant stands before session {session}, which does not exist")]
    PlantTooLate {
        /// The session, from 0.
        session: usize,
    },
    /// A fault or a rendezvous names a session that does not exist.
    #[error("{user} names session {session}, which does not exist")]
    NoSuchSession {
        /// What names it.
        user: &'static str,
        /// The session, from 0.
        session: usize,
    },
    /// Calls are counted from 1.
    #[error("{user} is to happen at call 0; calls are counted from 1")]
    CountsFromOne {
        /// What is counted wrongly.
        user: &'static str,
    },
    /// The secret of another item is to be given where no item can be stored.
    #[error(
        "a fault gives a foreign secret during session {session}, whose keyring is not usable; leave out its condition"
    )]
    ForeignWithoutKeyring {
        /// The session, counted from 0.
        session: usize,
    },
    /// An effect cannot happen to a class of calls.
    #[error("the effect {effect} cannot happen to calls of the class {class}")]
    UnfitEffect {
        /// The effect.
        effect: &'static str,
        /// The class.
        class: &'static str,
    },
    /// A session that overlaps another one is not in the same world.
    #[error("session {session} overlaps the one before it, but {difference}")]
    CannotOverlap {
        /// The session, from 0.
        session: usize,
        /// How it differs.
        difference: &'static str,
    },
    /// A rendezvous can never be met.
    #[error("a rendezvous of session {held} with session {other} can never be met: {why}")]
    NeverMet {
        /// The session that is held, from 0.
        held: usize,
        /// The session that it is held for, from 0.
        other: usize,
        /// Why not.
        why: &'static str,
    },
    /// A name of the twin is not a name of the script.
    #[error("the twin replaces the name {name:?}, which no open uses")]
    NoSuchName {
        /// The name.
        name: String,
    },
    /// A property is not in the catalogue.
    #[error("`properties` names {property:?}, which spec/properties.toml does not have")]
    NoSuchProperty {
        /// The property.
        property: String,
    },
    /// A check cites a sentence that does not exist, or one that is excluded.
    #[error("{check} cites {sentence:?}, which {problem}")]
    Sentence {
        /// The check.
        check: String,
        /// The sentence.
        sentence: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A check does not say where its requirement comes from.
    #[error("{check} has no {wanted}; a `must` cites sentences, a `should` cites sources")]
    NoRequirement {
        /// The check.
        check: String,
        /// What is missing.
        wanted: &'static str,
    },
    /// A predicate looks at something that need not be declared.
    #[error("{check} looks at what only a declaration names; add {declaration} to its `applies_when`")]
    Undeclared {
        /// The check.
        check: String,
        /// The declaration, as a case file spells it.
        declaration: String,
    },
    /// A check of S6 can be declared away.
    #[error("{check} cites S6 and has an `applies_when`; a promise cannot be declared away")]
    DeclaredAway {
        /// The check.
        check: String,
    },
    /// A check of S6 or S14 uses a world in which encryption is possible and refused.
    #[error("{check} cites S6 or S14 in a world with a locked keyring, where encryption is not impossible")]
    NotImpossible {
        /// The check.
        check: String,
    },
    /// A refusal accepts the category that means nothing.
    #[error("{check} accepts the category `other`, which satisfies no check")]
    AcceptsOther {
        /// The check.
        check: String,
    },
    /// Survival is judged where nothing is in the way.
    #[error("{check} judges survival, and its case is its own twin: a crash there is the adapter's")]
    NothingToSurvive {
        /// The check.
        check: String,
    },
    /// A relocation is judged at a step of an ordinary session.
    #[error("{check} judges {label:?} as relocated, but its session has not `place = \"relocated\"`")]
    NotRelocated {
        /// The check.
        check: String,
        /// The label.
        label: String,
    },
}
