//! What tests ask of any system: to open a file to others, somebody else who is alive, and what Windows really is.

/// What others than the user may do with a file or folder.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Others {
    /// Nothing.
    Nothing,
    /// Read it.
    Read,
    /// Change it.
    Write,
}

/// Whether Windows is Wine, as whoever runs the tests there has to say.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "it is about the tests' own surroundings")]
pub(crate) fn under_wine() -> bool {
    std::env::var_os("TOKEN_CACHE_UNDER_WINE").is_some()
}
