//! Reading and updating an item in gnome-keyring, against the bare calls.
//!
//! A read makes the six calls that it is compared with; what it adds is one switch to the thread that speaks D-Bus and
//! back, a look at the signal file, and decryption, as the bare session is not encrypted. An update makes 23 calls where
//! 13 would do: the store reads back what it has stored before it says so, and the cache reads back once more, whatever
//! its store says. It also takes two locks and marks the signal twice.

use std::collections::HashMap;

use token_cache::{Protection, SecretBytes, TokenCache};

use crate::bare::Bare;
use crate::document;
use crate::startup::options;
use crate::turns::{Target, heading, in_turn, print};
use crate::world::{World, missing};

pub(crate) fn measure(rounds: usize) {
    if let Some(program) = missing(&["dbus-daemon", "gnome-keyring-daemon"]) {
        println!("not run: no {program}");
        return;
    }
    for size in [4 * 1024, 64 * 1024] {
        // A keyring of its own: what others have stored costs its service time.
        let world = World::unlocked();
        let open = || TokenCache::builder(&options(false)).environment(world.environment()).open();
        let cache = open().expect("an unlocked keyring");
        assert!(matches!(cache.protection(), Protection::Encrypted { .. }));
        let bytes = document::of_size(size);
        cache.write(bytes.clone()).expect("stored");
        let attributes = HashMap::from([
            ("xdg:schema", "cost.nocae"),
            ("MsalClientID", "Microsoft.Developer.IdentityService"),
        ]);
        let bare = Bare::connect(world.address(), attributes);
        heading(&format!("{} KiB in gnome-keyring, within one process, {rounds} times", size / 1024));

        let read = || assert!(cache.read().expect("read").is_some_and(|read| read.len() == bytes.len()));
        let same_calls = || {
            let item = bare.find(&bare.collection());
            assert_eq!(bare.secret(&item).len(), bytes.len());
        };
        let (ours, other) = in_turn(rounds, read, same_calls);
        print("read: the same six calls", &ours, &other, Target::AtMost(1.3));

        let rounds = rounds.min(UPDATES);
        let texts = [bytes.clone(), changed(&bytes)];
        let (mut ours, mut theirs) = (texts.iter().cycle(), texts.iter().cycle());
        let update = || {
            let next = ours.next().expect("a cycle");
            cache.update(|_| Ok(next.clone())).expect("stored");
        };
        let needed = || {
            let next = theirs.next().expect("a cycle");
            let item = bare.find(&bare.collection());
            bare.secret(&item);
            bare.set_secret(&item, next.expose());
            let item = bare.find(&bare.collection());
            assert!(bare.secret(&item) == next.expose());
        };
        // Both change the same item, so the other one never finds what it is about to store.
        let (ours, other) = in_turn(rounds, update, needed);
        print("update: look, read, set, look, read back", &ours, &other, Target::None);
    }
}

/// Another document of the same size.
fn changed(bytes: &SecretBytes) -> SecretBytes {
    let text = String::from_utf8(bytes.expose().to_vec()).expect("text");
    text.replace("rrr", "sss").into_bytes().into()
}

/// More updates than this say no more.
const UPDATES: usize = 100;
