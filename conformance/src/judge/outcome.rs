//! The result of a check.
