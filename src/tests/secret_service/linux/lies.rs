//! The store and a service that says what no honest one can.

use std::time::{Duration, Instant};

use token_cache::store::secret_service::SecretService;
use token_cache::store::{Breakage, Deadline, Obstacle, Store};
use token_cache::{LockGuard, SecretBytes};

use super::liar::{Liar, Lie, world_with_liar};
use super::world::{World, soon};
use super::{BUS, NAME, Test, clear, read, write};

#[rustfmt::skip]
pub(crate) const TESTS: &[Test] = &[
    ("an_answer_of_another_type_is_a_breach_of_protocol_at_every_call", BUS, an_answer_of_another_type_is_a_breach_of_protocol_at_every_call),
    ("a_property_of_another_type_or_none_is_a_breach_of_protocol", BUS, a_property_of_another_type_or_none_is_a_breach_of_protocol),
    ("an_item_that_is_listed_twice_is_one_item", BUS, an_item_that_is_listed_twice_is_one_item),
    ("an_item_that_turns_out_to_have_further_attributes_is_left_alone", BUS, an_item_that_turns_out_to_have_further_attributes_is_left_alone),
    ("an_item_that_is_ours_and_is_not_found_is_not_taken_back", BUS, an_item_that_is_ours_and_is_not_found_is_not_taken_back),
    ("items_without_end_are_looked_through_until_the_deadline", BUS, items_without_end_are_looked_through_until_the_deadline),
    ("the_largest_secret_is_written_and_a_larger_one_is_not_sent", BUS, the_largest_secret_is_written_and_a_larger_one_is_not_sent),
    ("a_vast_secret_is_unreadable", BUS, a_vast_secret_is_unreadable),
    ("what_is_said_after_an_answer_changes_nothing", BUS, what_is_said_after_an_answer_changes_nothing),
    ("a_service_that_leaves_in_the_middle_is_lost_or_in_doubt_and_absent_next", BUS, a_service_that_leaves_in_the_middle_is_lost_or_in_doubt_and_absent_next),
    ("a_service_that_is_replaced_in_the_middle_is_spoken_to_next_and_not_in_the_same_request", BUS, a_service_that_is_replaced_in_the_middle_is_spoken_to_next_and_not_in_the_same_request),
];

/// A sound service so far, in which something is stored.
fn stored() -> (World, Liar, SecretService) {
    let (world, liar) = world_with_liar();
    let store = world.store(NAME);
    write(&store, "before").expect("a sound service");
    assert_eq!(read(&store).as_deref(), Some("before"));
    (world, liar, store)
}

fn an_answer_of_another_type_is_a_breach_of_protocol_at_every_call() {
    let named = [
        ("OpenSession", "OpenSession"),
        ("ReadAlias", "ReadAlias"),
        ("Get", "Locked"),
        ("SearchItems", "SearchItems"),
        ("GetAll", "GetAll"),
        ("GetSecret", "GetSecret"),
    ];
    for (member, call) in named {
        for lie in [Lie::Another, Lie::Nothing] {
            let (world, liar, _) = stored();
            // A store of its own, as a session is opened once.
            let store = world.store(NAME);
            liar.lie(member, lie);
            assert_eq!(breach(store.read(soon()).map(drop)), call, "{member} {lie:?}");
            assert_eq!(breach(write(&store, "after")), call, "{member} {lie:?}");
            assert_eq!(liar.count("SetSecret"), usize::from(member == "GetSecret"), "{member} {lie:?}");
            works_again(&liar, &store);
        }
    }
}

fn a_property_of_another_type_or_none_is_a_breach_of_protocol() {
    for property in ["Attributes", "Locked"] {
        for lie in [Lie::Mistyped(property), Lie::Lacking(property)] {
            let (_world, liar, store) = stored();
            liar.lie("GetAll", lie);
            assert_eq!(breach(store.read(soon()).map(drop)), property, "{lie:?}");
            assert_eq!(breach(write(&store, "after")), property, "{lie:?}");
            assert_eq!(breach(clear(&store)), property, "{lie:?}");
            assert_eq!(liar.count("SetSecret") + liar.count("Delete"), 0);
        }
    }
}

fn an_item_that_is_listed_twice_is_one_item() {
    let (_world, liar, store) = stored();
    liar.lie("SearchItems", Lie::ItemTwice);
    assert_eq!(read(&store).as_deref(), Some("before"));
    write(&store, "after").expect("there is one item");
    assert_eq!(read(&store).as_deref(), Some("after"));
    clear(&store).expect("it is removed once");
    assert_eq!(read(&store), None);
}

fn an_item_that_turns_out_to_have_further_attributes_is_left_alone() {
    let (_world, liar, store) = stored();
    let asked = liar.count("GetSecret");
    liar.lie("GetAll", Lie::Superset);
    assert_eq!(read(&store), None);
    assert_eq!(liar.count("GetSecret"), asked);
    // The service calls it the one that it has just made. What was there before is not taken back.
    assert_eq!(broken(write(&store, "after")), Breakage::ReadBackDiffers);
    clear(&store).expect("there is nothing of ours");
    assert_eq!(liar.count("Delete"), 0);
}

fn an_item_that_is_ours_and_is_not_found_is_not_taken_back() {
    let (_world, liar, store) = stored();
    liar.lie("SearchItems", Lie::FindsNothing);
    assert_eq!(broken(write(&store, "after")), Breakage::ReadBackDiffers);
    assert_eq!(liar.count("Delete"), 0);
}

fn items_without_end_are_looked_through_until_the_deadline() {
    let (_world, liar, store) = stored();
    liar.lie("SearchItems", Lie::ItemsWithoutEnd);
    let begun = Instant::now();
    let read = store.read(Deadline::after(Duration::from_millis(500)));
    assert!(matches!(read, Err(Obstacle::Broken(Breakage::TimedOut { .. }))), "{read:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    works_again(&liar, &store);
}

fn the_largest_secret_is_written_and_a_larger_one_is_not_sent() {
    let (_world, liar, store) = stored();
    let write = |bytes| {
        let secret = SecretBytes::from(vec![b'x'; bytes]);
        store.write(&LockGuard::without_lock(), &secret, Deadline::after(Duration::from_secs(60)))
    };
    let largest = 16 * 1024 * 1024;
    write(largest).expect("within the limit");
    assert_eq!(liar.count("SetSecret"), 1);
    assert_eq!(broken(write(largest + 1)), Breakage::TooLarge { bytes: largest + 1 });
    assert_eq!(liar.count("SetSecret"), 1);
}

fn a_vast_secret_is_unreadable() {
    let (_world, liar, store) = stored();
    let bytes = 16 * 1024 * 1024 + 32;
    liar.lie("GetSecret", Lie::Vast(bytes));
    let read = store.read(soon()).map(drop);
    assert!(
        matches!(&read, Err(Obstacle::Unreadable { reason }) if *reason == format!("{bytes} bytes are too many")),
        "{read:?}"
    );
    works_again(&liar, &store);
}

fn what_is_said_after_an_answer_changes_nothing() {
    for call in ["OpenSession", "ReadAlias", "Get", "SearchItems", "GetAll", "GetSecret", "SetSecret"] {
        for lie in [Lie::AnswerThenError, Lie::AnswerTwice] {
            let (world, liar, _) = stored();
            let store = world.store(NAME);
            liar.lie(call, lie);
            for text in ["after", "and after that"] {
                write(&store, text).unwrap_or_else(|obstacle| panic!("{call} {lie:?} {obstacle:?}"));
                assert_eq!(read(&store).as_deref(), Some(text), "{call} {lie:?}");
            }
        }
    }
}

fn a_service_that_leaves_in_the_middle_is_lost_or_in_doubt_and_absent_next() {
    for (member, expected) in [
        ("SearchItems", Breakage::Disconnected { call: "SearchItems" }),
        ("GetAll", Breakage::Disconnected { call: "GetAll" }),
        ("SetSecret", Breakage::OutcomeUnknown { call: "SetSecret" }),
    ] {
        let (_world, liar, store) = stored();
        liar.lie(member, Lie::Leaves);
        assert_eq!(broken(write(&store, "after")), expected, "{member}");
        let next = store.read(soon());
        assert!(matches!(next, Err(Obstacle::Absent(_))), "{member} {next:?}");
    }
}

fn a_service_that_is_replaced_in_the_middle_is_spoken_to_next_and_not_in_the_same_request() {
    for (member, expected) in [
        ("ReadAlias", Breakage::Disconnected { call: "ReadAlias" }),
        ("GetSecret", Breakage::Disconnected { call: "GetSecret" }),
    ] {
        let (_world, liar, store) = stored();
        liar.lie(member, Lie::Replaced);
        assert_eq!(broken(store.read(soon()).map(drop)), expected, "{member}");
        // The new one knows no session of the old one, and what is sealed for another session is no secret of this one.
        let sessions = liar.count("OpenSession");
        let new = SecretBytes::from(b"after".to_vec());
        let written = store.write(&LockGuard::without_lock(), &new, soon());
        assert!(written.is_ok(), "{member} {written:?}");
        assert_eq!(liar.count("OpenSession"), sessions + 1, "{member}");
        assert_eq!(read(&store).as_deref(), Some("after"), "{member}");
    }
}

/// Nothing is left of what was said, where the service does not lie any more.
///
/// It keeps what it was sent as it is, so an item of an earlier session is read by nobody.
fn works_again(liar: &Liar, store: &SecretService) {
    liar.mend();
    write(store, "later").expect("a sound service");
    assert_eq!(read(store).as_deref(), Some("later"));
}

/// The call whose answer was a breach of the protocol.
fn breach(result: Result<(), Obstacle>) -> &'static str {
    match broken(result) {
        Breakage::Protocol { call, .. } => call,
        other => panic!("{other:?}"),
    }
}

fn broken(result: Result<(), Obstacle>) -> Breakage {
    match result {
        Err(Obstacle::Broken(breakage)) => breakage,
        other => panic!("{other:?}"),
    }
}
