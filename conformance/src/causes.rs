//! Errors with their causes, in one line.

use std::error::Error;

/// The message of an error and those of its causes, each after a colon.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the world was not made")]
    struct Outer(#[source] io::Error);

    #[test]
    fn every_cause_is_told() {
        assert_eq!(causes(&Outer(io::Error::other("no room"))), "the world was not made: no room");
    }
}
