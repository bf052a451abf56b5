//! What a case asks of the provider.

/// How the provider plays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProviderScript {
    /// Whether there is a default collection, and in which state it begins.
    pub default_collection: DefaultCollection,
    /// What happens when a client has a prompt shown.
    pub on_prompt: OnPrompt,
}

impl ProviderScript {
    /// An unlocked default collection: the usual desktop.
    pub const USABLE: Self = Self {
        default_collection: DefaultCollection::Present { locked: false },
        on_prompt: OnPrompt::Dismiss,
    };
    /// A default collection that is locked, with nobody there to unlock it.
    pub const LOCKED: Self = Self {
        default_collection: DefaultCollection::Present { locked: true },
        on_prompt: OnPrompt::Dismiss,
    };
    /// The session collection only, with nobody there to create another: a fresh headless machine.
    pub const NO_DEFAULT_COLLECTION: Self =
        Self { default_collection: DefaultCollection::Missing, on_prompt: OnPrompt::Dismiss };
}

/// The default collection at the beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DefaultCollection {
    /// There is one; it is made if the contents have none yet.
    Present {
        /// Whether it is locked.
        locked: bool,
    },
    /// There is none, and no other persistent collection either. What the contents hold stays out of sight.
    Missing,
}

/// What happens when a client has a prompt shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnPrompt {
    /// It is dismissed at once, as where nobody can answer it.
    Dismiss,
    /// It is answered at once: the collection is unlocked or created.
    Complete,
}
