//! Observers: one file each, each with a liveness canary.
