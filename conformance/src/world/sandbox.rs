//! Folders and environment of a world.
