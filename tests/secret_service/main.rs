//! The Secret Service store on a private bus with a real gnome-keyring.
//!
//! Where a program is missing, the tests that need it are listed as ignored, with the name of the program.

#![cfg(target_os = "linux")]

mod scripted;
mod world;

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use nix::sys::signal::Signal;
use token_cache::store::{Absence, Breakage, Deadline, Interaction, Misconfiguration, Obstacle, Store};
use token_cache::{LockGuard, SecretBytes};
use zbus::OwnedObjectPath;

use scripted::Fault;
use world::{Start, World, create_beside, create_collection, missing, soon};

fn main() -> ExitCode {
    let trials = TESTS
        .iter()
        .map(|(name, needs, test)| {
            let trial = Trial::test(*name, || {
                test();
                Ok(())
            });
            match missing(needs) {
                None => trial,
                Some(program) => trial.with_kind(format!("not run: no {program}")).with_ignored_flag(true),
            }
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

type Test = (&'static str, &'static [&'static str], fn());

#[rustfmt::skip]
const TESTS: &[Test] = &[
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
    ("a_sound_scripted_service_round_trips", BUS, a_sound_scripted_service_round_trips),
    ("a_service_without_encrypted_sessions_is_never_given_a_secret", BUS, a_service_without_encrypted_sessions_is_never_given_a_secret),
    ("a_weak_public_key_is_refused", BUS, a_weak_public_key_is_refused),
    ("a_prompt_for_a_write_is_dismissed_and_refused", BUS, a_prompt_for_a_write_is_dismissed_and_refused),
    ("a_prompt_to_unlock_is_shown_only_where_that_is_allowed", BUS, a_prompt_to_unlock_is_shown_only_where_that_is_allowed),
    ("an_item_that_was_given_other_attributes_is_taken_back", BUS, an_item_that_was_given_other_attributes_is_taken_back),
    ("a_dropped_write_is_noticed", BUS, a_dropped_write_is_noticed),
    ("a_write_that_is_never_answered_has_an_unknown_outcome", BUS, a_write_that_is_never_answered_has_an_unknown_outcome),
    ("a_write_whose_service_leaves_has_an_unknown_outcome", BUS, a_write_whose_service_leaves_has_an_unknown_outcome),
    ("a_secret_of_another_session_is_refused", BUS, a_secret_of_another_session_is_refused),
    ("denied_access_is_refused_without_the_service_s_words", BUS, denied_access_is_refused_without_the_service_s_words),
];

const BUS: &[&str] = &["dbus-daemon"];
const KEYRING: &[&str] = &["dbus-daemon", "gnome-keyring-daemon"];
const PYTHON: &[&str] = &["dbus-daemon", "gnome-keyring-daemon", "python3"];
const TOOL: &[&str] = &["dbus-daemon", "gnome-keyring-daemon", "secret-tool"];

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
        world.run("python3", &["-c", &script], "")
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

fn a_sound_scripted_service_round_trips() {
    let (world, _service) = World::scripted(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    write(&store, "second").expect("a sound service");
    assert_eq!(read(&store).as_deref(), Some("second"));
}

fn a_service_without_encrypted_sessions_is_never_given_a_secret() {
    let (world, service) = World::scripted(Fault::PlainOnly);
    let written = broken(write(&world.store(NAME), "in clear"));
    assert!(matches!(written, Breakage::Protocol { call: "OpenSession", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_weak_public_key_is_refused() {
    let (world, service) = World::scripted(Fault::SendsWeakKey);
    let written = broken(write(&world.store(NAME), "for everybody"));
    assert!(matches!(written, Breakage::Protocol { call: "OpenSession", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_prompt_for_a_write_is_dismissed_and_refused() {
    let (world, service) = World::scripted(Fault::PromptsForCreation);
    let written = write(&world.store(NAME), "never asked for");
    assert!(matches!(written, Err(Obstacle::Refused { .. })), "{written:?}");
    assert_eq!(service.state().prompts, ["Dismiss"]);
}

fn a_prompt_to_unlock_is_shown_only_where_that_is_allowed() {
    let (world, service) = World::scripted(Fault::PromptsForUnlock);
    let store = world.store(NAME);
    assert!(matches!(store.probe(Interaction::Never, soon()), Err(Obstacle::Locked)));
    assert!(matches!(write(&store, "locked out"), Err(Obstacle::Locked)));
    assert!(service.state().prompts.is_empty());
    store.probe(Interaction::Allow, soon()).expect("the user answers");
    assert_eq!(service.state().prompts, ["Prompt"]);
    write(&store, "let in").expect("an unlocked service");
}

fn an_item_that_was_given_other_attributes_is_taken_back() {
    let (world, service) = World::scripted(Fault::AddsAttribute);
    let written = broken(write(&world.store(NAME), "misplaced"));
    assert!(matches!(written, Breakage::Protocol { call: "CreateItem", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_dropped_write_is_noticed() {
    let (world, service) = World::scripted(Fault::DropsWrites);
    let store = world.store(NAME);
    assert_eq!(broken(write(&store, "lost")), Breakage::ReadBackDiffers);
    service.state().fault = Fault::None;
    write(&store, "kept").expect("a sound service");
    service.state().fault = Fault::DropsWrites;
    let kept = service.state().item.clone();
    assert_eq!(broken(write(&store, "lost")), Breakage::ReadBackDiffers);
    assert_eq!(service.state().item, kept);
}

fn a_write_that_is_never_answered_has_an_unknown_outcome() {
    let (world, service) = World::scripted(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    service.state().fault = Fault::HangsOnChange;
    let second = SecretBytes::from(b"second".to_vec());
    let brief = Deadline::after(Duration::from_millis(300));
    let written = broken(store.write(&LockGuard::without_lock(), &second, brief));
    assert_eq!(written, Breakage::OutcomeUnknown { call: "SetSecret" });
}

fn a_write_whose_service_leaves_has_an_unknown_outcome() {
    let (world, service) = World::scripted(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    service.state().fault = Fault::LeavesOnChange;
    assert_eq!(broken(write(&store, "second")), Breakage::OutcomeUnknown { call: "SetSecret" });
}

fn a_secret_of_another_session_is_refused() {
    let (world, service) = World::scripted(Fault::None);
    let store = world.store(NAME);
    write(&store, "ours").expect("a sound service");
    service.state().fault = Fault::SendsOtherSession;
    let read = broken(store.read(soon()).map(drop));
    assert!(matches!(read, Breakage::Protocol { call: "GetSecret", .. }), "{read:?}");
}

fn denied_access_is_refused_without_the_service_s_words() {
    let (world, service) = World::scripted(Fault::None);
    let store = world.store(NAME);
    write(&store, "ours").expect("a sound service");
    service.state().fault = Fault::DeniesAccess;
    let Err(refused @ Obstacle::Refused { .. }) = store.read(soon()) else { panic!("access was denied") };
    assert!(!refused.to_string().contains("12345"));
}

fn broken(result: Result<(), Obstacle>) -> Breakage {
    match result {
        Err(Obstacle::Broken(breakage)) => breakage,
        other => panic!("{other:?}"),
    }
}

fn read(store: &impl Store) -> Option<String> {
    let bytes = store.read(soon()).expect("an unlocked keyring")?;
    Some(String::from_utf8(bytes.expose().to_vec()).expect("text"))
}

fn write(store: &impl Store, value: &str) -> Result<(), Obstacle> {
    store.write(&LockGuard::without_lock(), &SecretBytes::from(value.as_bytes().to_vec()), soon())
}

fn clear(store: &impl Store) -> Result<(), Obstacle> {
    store.clear(&LockGuard::without_lock(), soon())
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

const NAME: &str = "msal.cache.nocae";
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
