//! Adapters: where they are, how they are set up, and how a session is driven.
