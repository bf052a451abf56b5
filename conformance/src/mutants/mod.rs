//! Deliberately wrong implementations, legally different ones, and the kill matrix.
