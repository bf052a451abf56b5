//! The store and gnome-keyring, and other readers of the same items.

use std::collections::HashMap;
use std::time::Duration;

use nix::sys::signal::Signal;
use token_cache::store::{Absence, Breakage, Deadline, Interaction, Misconfiguration, Obstacle, Store};
use token_cache::{LockGuard, SecretBytes};
use zbus::OwnedObjectPath;

use super::world::{self, Start, World, create_beside, create_collection, soon};
use super::{BUS, KEYRING, NAME, PYTHON, TOOL, Test, clear, read, write};

#[rustfmt::skip]
pub(crate) const TESTS: &[Test] = &[
    ("a_bus_without_a_service_is_absent", BUS, a_bus_without_a_service_is_absent),
    ("a_keyring_that_nobody_ever_unlocked_has_no_collection", KEYRING, a_keyring_that_nobody_ever_unlocked_has_no_collection),
    ("an_unlocked_keyring_is_usable_and_the_probe_stores_nothing", TOOL, an_unlocked_keyring_is_usable_and_the_probe_stores_nothing),
    ("what_was_written_is_read_by_another_store", KEYRING, what_was_written_is_read_by_another_store),
    ("what_was_written_outlives_the_keyring_s_process", KEYRING, what_was_written_outlives_the_keyring_s_process),
    ("writing_again_changes_the_one_item", TOOL, writing_again_changes_the_one_item),
    ("names_do_not_see_each_other", KEYRING, names_do_not_see_each_other),
    ("a_megabyte_survives", KEYRING, a_megabyte_survives),
    ("what_we_write_is_found_by_secret_tool", TOOL, what_we_write_is_found_by_secret_tool),
    ("what_secret_tool_writes_is_read_and_changed_in_place", TOOL, what_secret_tool_writes_is_read_and_changed_in_place),
    ("python_s_libsecret_and_we_read_each_other", PYTHON, python_s_libsecret_and_we_read_each_other),
    ("an_item_with_further_attributes_is_neither_read_nor_changed_nor_removed", TOOL, an_item_with_further_attributes_is_neither_read_nor_changed_nor_removed),
    ("two_exact_items_are_ambiguous_until_they_are_cleared", KEYRING, two_exact_items_are_ambiguous_until_they_are_cleared),
    ("clearing_removes_the_item_and_clearing_nothing_is_no_error", TOOL, clearing_removes_the_item_and_clearing_nothing_is_no_error),
    ("a_locked_keyring_is_locked_for_every_call", KEYRING, a_locked_keyring_is_locked_for_every_call),
    ("a_prompt_that_nobody_can_answer_is_refused", KEYRING, a_prompt_that_nobody_can_answer_is_refused),
    ("a_default_alias_on_the_session_collection_is_misconfigured", KEYRING, a_default_alias_on_the_session_collection_is_misconfigured),
    ("a_missing_default_alias_beside_a_collection_is_misconfigured", KEYRING, a_missing_default_alias_beside_a_collection_is_misconfigured),
    ("a_restarted_keyring_is_noticed", KEYRING, a_restarted_keyring_is_noticed),
    ("a_keyring_that_stops_answering_ends_at_the_deadline", KEYRING, a_keyring_that_stops_answering_ends_at_the_deadline),
    ("a_store_works_inside_a_tokio_runtime", KEYRING, a_store_works_inside_a_tokio_runtime),
    ("one_store_serves_many_threads", KEYRING, one_store_serves_many_threads),
];

fn a_bus_without_a_service_is_absent() {
    let world = World::without_service();
    let probed = world.store(NAME).probe(Interaction::Never, soon());
    assert!(matches!(probed, Err(Obstacle::Absent(Absence::NoService))), "{probed:?}");
}

fn a_keyring_that_nobody_ever_unlocked_has_no_collection() {
    let mut world = World::without_service();
    world.start(Start::Locked);
    let probed = world.store(NAME).probe(Interaction::Never, soon());
    assert!(matches!(probed, Err(Obstacle::Absent(Absence::NoCollection))), "{probed:?}");
}

fn an_unlocked_keyring_is_usable_and_the_probe_stores_nothing() {
    let world = World::unlocked();
    let before = world.keyrings();
    assert!(!before.is_empty());
    for interaction in [Interaction::Never, Interaction::Allow] {
        world.store(NAME).probe(interaction, soon()).expect("an unlocked keyring");
    }
    assert_eq!(world.keyrings(), before);
    assert_eq!(world.attempt("secret-tool", &[&["search", "--all"], &ITEM[..]].concat(), "").1, "");
}

fn what_was_written_is_read_by_another_store() {
    let world = World::unlocked();
    let store = world.store(NAME);
    assert_eq!(read(&store), None);
    write(&store, "first").expect("an unlocked keyring");
    assert_eq!(read(&store).as_deref(), Some("first"));
    assert_eq!(read(&world.store(NAME)).as_deref(), Some("first"));
}

fn what_was_written_outlives_the_keyring_s_process() {
    let mut world = World::unlocked();
    write(&world.store(NAME), "kept").expect("an unlocked keyring");
    world.stop();
    world.start(Start::Unlocked);
    assert_eq!(read(&world.store(NAME)).as_deref(), Some("kept"));
}

fn writing_again_changes_the_one_item() {
    let world = World::unlocked();
    let store = world.store(NAME);
    write(&store, "first").expect("an unlocked keyring");
    let created = items(&world);
    write(&store, "second").expect("an unlocked keyring");
    assert_eq!(items(&world), created);
    assert_eq!(created.len(), 1);
    assert_eq!(read(&store).as_deref(), Some("second"));
}

fn names_do_not_see_each_other() {
    let world = World::unlocked();
    let (one, other) = (world.store("one.nocae"), world.store("one.cae"));
    write(&one, "of one").expect("an unlocked keyring");
    assert_eq!(read(&other), None);
    write(&other, "of the other").expect("an unlocked keyring");
    clear(&one).expect("an unlocked keyring");
    assert_eq!(read(&one), None);
    assert_eq!(read(&other).as_deref(), Some("of the other"));
}

fn a_megabyte_survives() {
    let world = World::unlocked();
    let store = world.store(NAME);
    let large = "0123456789abcdef".repeat(1 << 16);
    write(&store, &large).expect("an unlocked keyring");
    assert!(read(&store).as_deref() == Some(large.as_str()));
}

fn what_we_write_is_found_by_secret_tool() {
    let world = World::unlocked();
    write(&world.store(NAME), "seen by others").expect("an unlocked keyring");
    assert_eq!(world.run("secret-tool", &[&["lookup"], &ITEM[..]].concat(), ""), "seen by others");
}

fn what_secret_tool_writes_is_read_and_changed_in_place() {
    let world = World::unlocked();
    let store = world.store(NAME);
    world.run("secret-tool", &[&["store", "--label=MSALCache"], &ITEM[..]].concat(), "from outside");
    assert_eq!(read(&store).as_deref(), Some("from outside"));
    let created = items(&world);
    write(&store, "from inside").expect("an unlocked keyring");
    assert_eq!(items(&world), created);
    assert_eq!(world.run("secret-tool", &[&["lookup"], &ITEM[..]].concat(), ""), "from inside");
}

fn python_s_libsecret_and_we_read_each_other() {
    let world = World::unlocked();
    let store = world.store(NAME);
    let python = |action: &str| {
        let script = format!("{LIBSECRET}{action}");
        world.run(world::PYTHON, &["-c", &script], "")
    };
    python("assert Secret.password_store_sync(schema, attributes, None, 'MSALCache', 'by python', None)");
    assert_eq!(read(&store).as_deref(), Some("by python"));
    write(&store, "by us").expect("an unlocked keyring");
    assert_eq!(python("print(Secret.password_lookup_sync(schema, attributes, None))"), "by us\n");
    assert_eq!(items(&world).len(), 1);
}

fn an_item_with_further_attributes_is_neither_read_nor_changed_nor_removed() {
    let world = World::unlocked();
    let store = world.store(NAME);
    let wider = [&ITEM[..], &["owner", "somebody else"]].concat();
    world.run("secret-tool", &[&["store", "--label=wider"], &wider[..]].concat(), "not ours");
    assert_eq!(read(&store), None);
    clear(&store).expect("an unlocked keyring");
    write(&store, "ours").expect("an unlocked keyring");
    assert_eq!(read(&store).as_deref(), Some("ours"));
    clear(&store).expect("an unlocked keyring");
    assert_eq!(read(&store), None);
    assert_eq!(world.run("secret-tool", &[&["lookup"], &wider[..]].concat(), ""), "not ours");
}

fn two_exact_items_are_ambiguous_until_they_are_cleared() {
    let world = World::unlocked();
    let store = world.store(NAME);
    for value in [b"one", b"two"] {
        create_beside(&world, attributes(), value);
    }
    let before = items(&world);
    assert_eq!(before.len(), 2);
    assert!(matches!(store.read(soon()), Err(Obstacle::Ambiguous { count: 2 })));
    assert!(matches!(write(&store, "three"), Err(Obstacle::Ambiguous { count: 2 })));
    assert_eq!(items(&world), before);
    clear(&store).expect("an unlocked keyring");
    assert_eq!(read(&store), None);
    write(&store, "three").expect("an unlocked keyring");
    assert_eq!(items(&world).len(), 1);
}

fn clearing_removes_the_item_and_clearing_nothing_is_no_error() {
    let world = World::unlocked();
    let store = world.store(NAME);
    clear(&store).expect("nothing to remove");
    write(&store, "short-lived").expect("an unlocked keyring");
    clear(&store).expect("an unlocked keyring");
    assert_eq!(read(&store), None);
    assert!(!world.attempt("secret-tool", &[&["lookup"], &ITEM[..]].concat(), "").0);
}

fn a_locked_keyring_is_locked_for_every_call() {
    let world = World::unlocked();
    let (kept, empty) = (world.store(NAME), world.store("never.nocae"));
    write(&kept, "kept").expect("an unlocked keyring");
    world.lock();
    for store in [&kept, &empty] {
        assert!(matches!(store.probe(Interaction::Never, soon()), Err(Obstacle::Locked)));
        assert!(matches!(store.read(soon()), Err(Obstacle::Locked)));
        assert!(matches!(write(store, "other"), Err(Obstacle::Locked)));
        assert!(matches!(clear(store), Err(Obstacle::Locked)));
    }
}

fn a_prompt_that_nobody_can_answer_is_refused() {
    let world = World::unlocked();
    world.lock();
    let probed = world.store(NAME).probe(Interaction::Allow, soon());
    assert!(matches!(probed, Err(Obstacle::Refused { .. })), "{probed:?}");
}

fn a_default_alias_on_the_session_collection_is_misconfigured() {
    let world = World::unlocked();
    world.set_alias("default", "/org/freedesktop/secrets/collection/session");
    let store = world.store(NAME);
    let expected = |obstacle: Option<Obstacle>| {
        matches!(obstacle, Some(Obstacle::Misconfigured(Misconfiguration::SessionAlias)))
    };
    assert!(expected(store.probe(Interaction::Never, soon()).err()));
    assert!(expected(write(&store, "lost at logout").err()));
}

fn a_missing_default_alias_beside_a_collection_is_misconfigured() {
    let mut world = World::without_service();
    world.start(Start::Locked);
    create_collection(&world, "second");
    let probed = world.store(NAME).probe(Interaction::Never, soon());
    assert!(matches!(probed, Err(Obstacle::Misconfigured(Misconfiguration::NoDefaultAlias))), "{probed:?}");
}

fn a_restarted_keyring_is_noticed() {
    let mut world = World::unlocked();
    let store = world.store(NAME);
    write(&store, "kept").expect("an unlocked keyring");
    world.stop();
    let away = store.read(soon());
    assert!(matches!(away, Err(Obstacle::Absent(Absence::NoService))), "{away:?}");
    world.start(Start::Locked);
    assert!(matches!(store.read(soon()), Err(Obstacle::Locked)));
    world.stop();
    world.start(Start::Unlocked);
    assert_eq!(read(&store).as_deref(), Some("kept"));
}

fn a_keyring_that_stops_answering_ends_at_the_deadline() {
    let world = World::unlocked();
    let store = world.store(NAME);
    write(&store, "kept").expect("an unlocked keyring");
    world.signal(Signal::SIGSTOP);
    let brief = || Deadline::after(Duration::from_millis(200));
    let timed_out =
        |obstacle: Option<Obstacle>| matches!(obstacle, Some(Obstacle::Broken(Breakage::TimedOut { .. })));
    assert!(timed_out(store.read(brief()).err()));
    let new = SecretBytes::from(b"new".to_vec());
    assert!(timed_out(store.write(&LockGuard::without_lock(), &new, brief()).err()));
    world.signal(Signal::SIGCONT);
    assert_eq!(read(&store).as_deref(), Some("kept"));
}

/// With the feature `zbus-tokio`, a bare `block_on` in the caller's thread panics here, and the store must not.
fn a_store_works_inside_a_tokio_runtime() {
    let world = World::unlocked();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let store = world.store(NAME);
    let value = runtime.block_on(async {
        write(&store, "inside").expect("an unlocked keyring");
        read(&store)
    });
    assert_eq!(value.as_deref(), Some("inside"));
    assert_eq!(read(&store).as_deref(), Some("inside"));
    let bare = std::panic::catch_unwind(|| runtime.block_on(async { zbus::block_on(async {}) }));
    assert_eq!(bare.is_err(), cfg!(feature = "zbus-tokio"));
}

fn one_store_serves_many_threads() {
    let world = World::unlocked();
    let store = world.store(NAME);
    write(&store, "shared").expect("an unlocked keyring");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(read(&store).as_deref(), Some("shared")));
        }
    });
}

/// The items that a search for our attributes finds.
fn items(world: &World) -> Vec<String> {
    let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
        world.call("/org/freedesktop/secrets", "Service", "SearchItems", attributes());
    let mut items: Vec<_> = open.iter().chain(&locked).map(ToString::to_string).collect();
    items.sort();
    items
}

fn attributes() -> HashMap<&'static str, &'static str> {
    HashMap::from([(ITEM[0], ITEM[1]), (ITEM[2], ITEM[3])])
}

const ITEM: [&str; 4] = ["xdg:schema", NAME, "MsalClientID", "Microsoft.Developer.IdentityService"];

/// The schema and the attributes as msal-extensions makes them.
const LIBSECRET: &str = "
import gi
gi.require_version('Secret', '1')
from gi.repository import Secret
schema = Secret.Schema.new('msal.cache.nocae', Secret.SchemaFlags.NONE,
                           {'MsalClientID': Secret.SchemaAttributeType.STRING})
attributes = {'MsalClientID': 'Microsoft.Developer.IdentityService'}
";
