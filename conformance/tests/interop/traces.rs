//! Traces: items and files of one are those of the other, to a reader who knows neither.

use std::collections::BTreeMap;

use sealcheck::{adapter::AdapterCommand, case::Partition, observation::KeyringItem};

use crate::{
    courier::SOURCE,
    world::{FIRST, File, Protection, SECOND, Test, World, open, put, suffix},
};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = vec![
        (
            "keyring: each changes the other's item and makes no second one".into(),
            Box::new(one_item_for_both),
        ),
        ("plaintext: both keep the tokens in the same private file".into(), Box::new(one_file_for_both)),
    ];
    for partition in [Partition::Nocae, Partition::Cae] {
        let name =
            format!("keyring, {}: both make the same item and the same signal file", suffix(partition));
        tests.push((name, Box::new(move |python| both_make_the_same_item(python, partition))));
    }
    tests
}

fn both_make_the_same_item(python: &AdapterCommand, partition: Partition) {
    let mut world = World::build();
    let condition = Protection::Keyring.condition();
    world.play(python, condition, &[open("cache", "python", None), put("cache", partition, FIRST)]);
    let of_python = world.files();
    let steps = [open(SOURCE, "python", None), open("copy", "rust", None), put("copy", partition, FIRST)];
    world.play(&world.courier.clone(), condition, &steps);

    let suffix = suffix(partition);
    let (theirs, ours) = (world.item(&format!("python.{suffix}")), world.item(&format!("rust.{suffix}")));
    assert_eq!(
        ours.attributes,
        BTreeMap::from([
            ("xdg:schema".to_owned(), format!("rust.{suffix}")),
            ("MsalClientID".to_owned(), "Microsoft.Developer.IdentityService".to_owned()),
        ])
    );
    assert_eq!(without_name(&ours), without_name(&theirs));

    assert_eq!(of_python.keys().collect::<Vec<_>>(), [&format!("python.{suffix}")]);
    let files = world.files();
    let (theirs, ours) = (files[&format!("python.{suffix}")], files[&format!("rust.{suffix}")]);
    assert_eq!((ours.bytes, theirs.bytes), (0, 0), "signal files are empty");
}

fn one_item_for_both(python: &AdapterCommand) {
    let mut world = World::build();
    let (condition, partition) = (Protection::Keyring.condition(), Partition::Nocae);
    world.play(python, condition, &[open("cache", "shared", None), put("cache", partition, FIRST)]);
    let made = world.item("shared.nocae");
    let steps = [open(SOURCE, "shared", None), put(SOURCE, partition, FIRST)];
    world.play(&world.courier.clone(), condition, &steps);
    let changed = world.item("shared.nocae");
    assert_ne!(changed.bytes, made.bytes, "the reference wrote its own form of the document");
    assert_eq!(KeyringItem { bytes: made.bytes, ..changed }, made);
    world.play(python, condition, &[open("cache", "shared", None), put("cache", partition, SECOND)]);
    assert_eq!(without_name(&world.item("shared.nocae")), without_name(&made));
    assert_eq!(world.count_items(), 1);
}

fn one_file_for_both(python: &AdapterCommand) {
    let mut world = World::build();
    let (condition, partition) = (Protection::Plaintext.condition(), Partition::Nocae);
    world.play(python, condition, &[open("cache", "shared", Some(true)), put("cache", partition, FIRST)]);
    let made = world.files();
    assert_eq!(made.keys().collect::<Vec<_>>(), ["shared.nocae"]);
    let steps = [open(SOURCE, "shared", Some(true)), put(SOURCE, partition, FIRST)];
    world.play(&world.courier.clone(), condition, &steps);
    let changed = world.files();
    assert_ne!(changed["shared.nocae"].bytes, made["shared.nocae"].bytes);
    // Beside it there may be locks, which hold no secret: our own stays, empty.
    for (name, file) in &changed {
        match name.as_str() {
            "shared.nocae" => assert_eq!(file.mode, 0o600),
            "shared.nocae.lock" => assert_eq!(*file, File { bytes: 0, mode: 0o600 }),
            other => panic!("{other} is left behind"),
        }
    }
}

/// What an item is apart from its name, its place and the length of its document.
fn without_name(item: &KeyringItem) -> (String, String, String, Vec<String>) {
    let keys = item.attributes.keys().cloned().collect();
    (item.collection.clone(), item.label.clone(), item.content_type.clone(), keys)
}
