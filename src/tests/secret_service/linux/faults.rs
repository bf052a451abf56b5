//! The store and a service that does one thing wrong.

use std::time::Duration;

use token_cache::store::{Absence, Breakage, Deadline, Interaction, Obstacle, Store};
use token_cache::{LockGuard, SecretBytes};

use super::scripted::{Fault, world_with};
use super::world::soon;
use super::{BUS, NAME, Test, read, write};

#[rustfmt::skip]
pub(crate) const TESTS: &[Test] = &[
    ("a_sound_scripted_service_round_trips", BUS, a_sound_scripted_service_round_trips),
    ("a_service_without_encrypted_sessions_is_never_given_a_secret", BUS, a_service_without_encrypted_sessions_is_never_given_a_secret),
    ("a_weak_public_key_is_refused", BUS, a_weak_public_key_is_refused),
    ("a_collection_of_the_session_is_none_that_lasts", BUS, a_collection_of_the_session_is_none_that_lasts),
    ("a_prompt_for_a_write_is_dismissed_and_refused", BUS, a_prompt_for_a_write_is_dismissed_and_refused),
    ("a_prompt_to_unlock_is_shown_only_where_that_is_allowed", BUS, a_prompt_to_unlock_is_shown_only_where_that_is_allowed),
    ("an_item_that_was_given_other_attributes_is_taken_back", BUS, an_item_that_was_given_other_attributes_is_taken_back),
    ("a_dropped_write_is_noticed", BUS, a_dropped_write_is_noticed),
    ("a_write_that_is_never_answered_has_an_unknown_outcome", BUS, a_write_that_is_never_answered_has_an_unknown_outcome),
    ("a_write_whose_service_leaves_has_an_unknown_outcome", BUS, a_write_whose_service_leaves_has_an_unknown_outcome),
    ("a_secret_of_another_session_is_refused", BUS, a_secret_of_another_session_is_refused),
    ("an_altered_secret_is_unreadable_and_stays_where_it_is", BUS, an_altered_secret_is_unreadable_and_stays_where_it_is),
    ("denied_access_is_refused_without_the_service_s_words", BUS, denied_access_is_refused_without_the_service_s_words),
];

fn a_sound_scripted_service_round_trips() {
    let (world, _service) = world_with(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    write(&store, "second").expect("a sound service");
    assert_eq!(read(&store).as_deref(), Some("second"));
}

fn a_service_without_encrypted_sessions_is_never_given_a_secret() {
    let (world, service) = world_with(Fault::PlainOnly);
    let written = broken(write(&world.store(NAME), "in clear"));
    assert!(matches!(written, Breakage::Protocol { call: "OpenSession", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_weak_public_key_is_refused() {
    let (world, service) = world_with(Fault::SendsWeakKey);
    let written = broken(write(&world.store(NAME), "for everybody"));
    assert!(matches!(written, Breakage::Protocol { call: "OpenSession", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_collection_of_the_session_is_none_that_lasts() {
    for fault in [Fault::HasSession, Fault::HasAliasedSession] {
        let (world, _service) = world_with(fault);
        let probed = world.store(NAME).probe(Interaction::Never, soon());
        assert!(matches!(probed, Err(Obstacle::Absent(Absence::NoCollection))), "{fault:?}: {probed:?}");
    }
}

fn a_prompt_for_a_write_is_dismissed_and_refused() {
    let (world, service) = world_with(Fault::PromptsForCreation);
    let written = write(&world.store(NAME), "never asked for");
    assert!(matches!(written, Err(Obstacle::Refused { .. })), "{written:?}");
    assert_eq!(service.state().prompts, ["Dismiss"]);
}

fn a_prompt_to_unlock_is_shown_only_where_that_is_allowed() {
    let (world, service) = world_with(Fault::PromptsForUnlock);
    let store = world.store(NAME);
    assert!(matches!(store.probe(Interaction::Never, soon()), Err(Obstacle::Locked)));
    assert!(matches!(write(&store, "locked out"), Err(Obstacle::Locked)));
    assert!(service.state().prompts.is_empty());
    store.probe(Interaction::Allow, soon()).expect("the user answers");
    assert_eq!(service.state().prompts, ["Prompt"]);
    write(&store, "let in").expect("an unlocked service");
}

fn an_item_that_was_given_other_attributes_is_taken_back() {
    let (world, service) = world_with(Fault::AddsAttribute);
    let written = broken(write(&world.store(NAME), "misplaced"));
    assert!(matches!(written, Breakage::Protocol { call: "CreateItem", .. }), "{written:?}");
    assert!(service.state().item.is_none());
}

fn a_dropped_write_is_noticed() {
    let (world, service) = world_with(Fault::DropsWrites);
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
    let (world, service) = world_with(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    service.state().fault = Fault::HangsOnChange;
    let second = SecretBytes::from(b"second".to_vec());
    let brief = Deadline::after(Duration::from_millis(300));
    let written = broken(store.write(&LockGuard::without_lock(), &second, brief));
    assert_eq!(written, Breakage::OutcomeUnknown { call: "SetSecret" });
}

fn a_write_whose_service_leaves_has_an_unknown_outcome() {
    let (world, service) = world_with(Fault::None);
    let store = world.store(NAME);
    write(&store, "first").expect("a sound service");
    service.state().fault = Fault::LeavesOnChange;
    assert_eq!(broken(write(&store, "second")), Breakage::OutcomeUnknown { call: "SetSecret" });
}

fn a_secret_of_another_session_is_refused() {
    let (world, service) = world_with(Fault::None);
    let store = world.store(NAME);
    write(&store, "ours").expect("a sound service");
    service.state().fault = Fault::SendsOtherSession;
    let read = broken(store.read(soon()).map(drop));
    assert!(matches!(read, Breakage::Protocol { call: "GetSecret", .. }), "{read:?}");
}

fn an_altered_secret_is_unreadable_and_stays_where_it_is() {
    let (world, service) = world_with(Fault::None);
    let store = world.store(NAME);
    let text = "a document that is longer than the four blocks of its cipher, and then some";
    write(&store, text).expect("a sound service");
    service.state().fault = Fault::AltersSecrets;
    let read = store.read(soon()).map(drop);
    assert!(
        matches!(&read, Err(Obstacle::Unreadable { reason }) if reason == "its 75 bytes are no text"),
        "{read:?}"
    );
    service.state().fault = Fault::None;
    assert_eq!(self::read(&store).as_deref(), Some(text));
}

fn denied_access_is_refused_without_the_service_s_words() {
    let (world, service) = world_with(Fault::None);
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
