//! Values: each reads what the other wrote, and neither loses what the other added.

use sealcheck::{
    adapter::AdapterCommand,
    case::{Condition, Partition},
};

use crate::{
    courier::SOURCE,
    world::{FIRST, Protection, SECOND, Test, World, get, open, put, role, suffix},
};

/// What holds for every protection and every partition.
type Behaviour = fn(&AdapterCommand, Protection, Partition);

pub(crate) fn tests() -> Vec<Test> {
    let behaviours: [(&str, Behaviour); 3] = [
        ("the reference reads what python wrote", the_reference_reads_what_python_wrote),
        ("python reads what the reference wrote", python_reads_what_the_reference_wrote),
        ("neither loses what the other added", neither_loses_what_the_other_added),
    ];
    let mut tests: Vec<Test> = Vec::new();
    for protection in Protection::ALL {
        for partition in [Partition::Nocae, Partition::Cae] {
            for (name, test) in behaviours {
                let name = format!("{}, {}: {name}", protection.as_str(), suffix(partition));
                tests.push((name, Box::new(move |python| test(python, protection, partition))));
            }
        }
    }
    let name = "plaintext of python is imported once there is a keyring, and python reads it there";
    tests.push((name.into(), Box::new(plaintext_of_python_is_imported)));
    tests
}

fn the_reference_reads_what_python_wrote(
    python: &AdapterCommand,
    protection: Protection,
    partition: Partition,
) {
    let mut world = World::build();
    let (condition, consent) = (protection.condition(), protection.consent());
    let wrote =
        world.play(python, condition, &[open("cache", NAME, consent), put("cache", partition, FIRST)]);
    assert_eq!(wrote.token_requests(), 1, "python got its token from the authority");

    let reference = world.reference.clone();
    let steps = [open("cache", NAME, consent), get("cache", partition, FIRST)];
    let read = world.play(&reference, condition, &steps);
    assert_eq!(read.exactly(), Some(role(FIRST)));

    // The other partition and another name are other caches, so what was read above was not read from anywhere.
    let other = match partition {
        Partition::Nocae => Partition::Cae,
        Partition::Cae => Partition::Nocae,
    };
    let steps = [open("cache", NAME, consent), get("cache", other, FIRST)];
    assert_eq!(world.play(&reference, condition, &steps).canaries(), [].into());
    let steps = [open("cache", "another", consent), get("cache", partition, FIRST)];
    assert_eq!(world.play(&reference, condition, &steps).canaries(), [].into());
}

fn python_reads_what_the_reference_wrote(
    python: &AdapterCommand,
    protection: Protection,
    partition: Partition,
) {
    let mut world = World::build();
    let (condition, consent) = (protection.condition(), protection.consent());
    world.play(python, condition, &[open("cache", NAME, consent), put("cache", partition, FIRST)]);
    let steps = [open(SOURCE, NAME, consent), open("copy", "copied", consent), put("copy", partition, FIRST)];
    world.play(&world.courier.clone(), condition, &steps);

    let steps = [open("cache", "copied", consent), get("cache", partition, FIRST)];
    let read = world.play(python, condition, &steps);
    assert_eq!(read.exactly(), Some(role(FIRST)));
    assert_eq!(read.token_requests(), 0, "python answered from its cache");

    // Where nobody wrote, Python asks the authority, which gives it something else.
    let steps = [open("cache", "not-copied", consent), get("cache", partition, FIRST)];
    let asked = world.play(python, condition, &steps);
    assert_eq!(asked.exactly(), None);
    assert_eq!(asked.token_requests(), 1);
}

fn neither_loses_what_the_other_added(python: &AdapterCommand, protection: Protection, partition: Partition) {
    let mut world = World::build();
    let (condition, consent) = (protection.condition(), protection.consent());
    world.play(python, condition, &[open("cache", NAME, consent), put("cache", partition, FIRST)]);
    let steps = [open(SOURCE, NAME, consent), put(SOURCE, partition, FIRST)];
    world.play(&world.courier.clone(), condition, &steps);
    world.play(python, condition, &[open("cache", NAME, consent), put("cache", partition, SECOND)]);

    let steps = [open("cache", NAME, consent), get("cache", partition, FIRST)];
    let read = world.play(&world.reference.clone(), condition, &steps);
    assert_eq!(read.canaries(), [role(FIRST), role(SECOND)].into());
    for secret in [FIRST, SECOND] {
        let read =
            world.play(python, condition, &[open("cache", NAME, consent), get("cache", partition, secret)]);
        assert_eq!((read.exactly(), read.token_requests()), (Some(role(secret)), 0));
    }
}

fn plaintext_of_python_is_imported(python: &AdapterCommand) {
    let mut world = World::build();
    let partition = Partition::Nocae;
    let steps = [open("cache", NAME, Some(true)), put("cache", partition, FIRST)];
    world.play(python, Condition::NoBus, &steps);
    assert_eq!(world.count_items(), 0);

    let steps = [open("cache", NAME, Some(true)), get("cache", partition, FIRST)];
    let imported = world.play(&world.reference.clone(), Condition::Usable, &steps);
    assert_eq!(imported.exactly(), Some(role(FIRST)));
    assert_eq!(world.files()["shared.nocae"].bytes, 0, "the plaintext is gone");

    let steps = [open("cache", NAME, None), get("cache", partition, FIRST)];
    let read = world.play(python, Condition::Usable, &steps);
    assert_eq!((read.exactly(), read.token_requests()), (Some(role(FIRST)), 0));
}

const NAME: &str = "shared";
