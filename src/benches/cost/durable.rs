//! Updating a plaintext cache so that it is on the disk, against the calls that this takes.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the other side is the bare system calls"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;
use token_cache::{Environment, Platform, Protection, SecretBytes, TokenCache};

use crate::document;
use crate::startup::options;
use crate::turns::{Target, heading, in_turn, print};

pub(crate) fn measure(rounds: usize) {
    heading(&format!("a durable update of a plaintext cache, {rounds} times"));
    for size in [4 * 1024, 64 * 1024] {
        let home = tempfile::tempdir().expect("a folder");
        let environment = Environment {
            platform: Platform::Linux,
            home: Some(home.path().to_owned()),
            ..Environment::default()
        };
        let cache = TokenCache::builder(&options(true)).environment(environment).open().expect("a cache");
        assert!(matches!(cache.protection(), Protection::Plaintext { .. }));
        let texts = [document::of_size(size), document::of_size(size + 1)];
        let (mut ours, mut theirs) = (texts.iter().cycle(), texts.iter().cycle());
        let update = || {
            let next = ours.next().expect("a cycle");
            cache.update(|_| Ok(next.clone())).expect("stored");
        };
        let bare = home.path().join("bare");
        fs::create_dir(&bare).expect("made");
        let replace = || replace(&bare, theirs.next().expect("a cycle"));
        let (ours, other) = in_turn(rounds, update, replace);
        let name = format!("{} KiB: tempfile, fsync, rename, fsync of the folder", size / 1024);
        print(&name, &ours, &other, Target::AtMost(1.2));
    }
}

/// Reads the file, and replaces it.
fn replace(folder: &Path, bytes: &SecretBytes) {
    let path = folder.join("cache");
    let mut before = Vec::new();
    if let Ok(mut file) = File::open(&path) {
        file.read_to_end(&mut before).expect("read");
    }
    let mut file = NamedTempFile::new_in(folder).expect("made");
    file.write_all(bytes.expose()).expect("written");
    file.as_file().sync_all().expect("on the disk");
    file.persist(&path).expect("renamed");
    File::open(folder).and_then(|folder| folder.sync_all()).expect("on the disk");
}
