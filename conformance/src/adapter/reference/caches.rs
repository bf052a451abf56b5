//! The caches of one handle, each opened at its first use.

use std::{collections::HashMap, time::Duration};

use token_cache::{Interaction, TokenCache, TokenCachePersistenceOptions, seams::Seams};

use crate::{
    case,
    protocol::{Open, OpenOptions},
};

/// Makes the parts of each cache that a session opens.
pub type MakeSeams = dyn Fn() -> Seams;

/// What `open` said, and the caches that were opened since.
pub(super) struct Caches {
    options: TokenCachePersistenceOptions,
    interaction: Interaction,
    deadline: Duration,
    opened: HashMap<case::Partition, TokenCache>,
}

impl Caches {
    /// Caches with these options; nothing is opened yet.
    pub(super) fn new(options: TokenCachePersistenceOptions, open: &Open) -> Self {
        Self {
            options,
            interaction: match open.interaction {
                case::Interaction::Never => Interaction::Never,
                case::Interaction::Allow => Interaction::Allow,
            },
            // The library's own deadline comes first, so that its error is seen and not the harness's.
            deadline: Duration::from_millis(open.deadline_ms / 2),
            opened: HashMap::new(),
        }
    }

    /// The cache of a partition.
    ///
    /// # Errors
    ///
    /// What the library says when it is opened.
    pub(super) fn of(
        &mut self,
        partition: case::Partition,
        seams: &MakeSeams,
    ) -> Result<&TokenCache, token_cache::Error> {
        if !self.opened.contains_key(&partition) {
            let cache = TokenCache::builder(&self.options)
                .partition(match partition {
                    case::Partition::Nocae => token_cache::Partition::NoCae,
                    case::Partition::Cae => token_cache::Partition::Cae,
                })
                .interaction(self.interaction)
                .deadline(self.deadline)
                .seams(seams())
                .open()?;
            self.opened.insert(partition, cache);
        }
        Ok(&self.opened[&partition])
    }

    /// The library's own text of the options.
    pub(super) fn options_text(&self) -> String {
        format!("{:?}", self.options)
    }

    /// The library's own texts of the caches.
    pub(super) fn text(&self) -> String {
        let caches = self.opened.values();
        caches.map(|cache| format!("{cache:?} {:?}", cache.notices())).collect::<Vec<_>>().join("\n")
    }
}

/// Options as the library has them; what was not said is left to it.
pub(super) fn options(said: OpenOptions) -> TokenCachePersistenceOptions {
    let mut options = TokenCachePersistenceOptions::new();
    if let Some(name) = said.name {
        options = options.name(name);
    }
    if let Some(allow) = said.allow_unencrypted_storage {
        options = options.allow_unencrypted_storage(allow);
    }
    options
}
