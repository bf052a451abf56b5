//! Names that become the wrong files and items.

use std::{collections::hash_map::RandomState, hash::BuildHasher, sync::LazyLock};

use token_cache::{
    CacheName, Error, Partition,
    seams::{Seams, file_name},
};

use super::{Mutant, Part};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "default-name-of-its-own",
        part: Part::Name,
        defect: "The default cache has a name of this library's own, so no other tool shares it.",
        killers: &["naming/default-name#item", "naming/default-name#place"],
        seams: || {
            naming(|name, partition| {
                file_name(if is_default(name) { "token.cache" } else { name }, partition)
            })
        },
    },
    Mutant {
        name: "empty-name-is-the-default",
        part: Part::Name,
        defect: "An empty name, as an unset variable gives it, is taken for no name.",
        killers: &["input/empty-name#not-the-default"],
        seams: || {
            naming(|name, partition| {
                file_name(if name.is_empty() { CacheName::DEFAULT } else { name }, partition)
            })
        },
    },
    Mutant {
        name: "name-hashed-with-a-salt",
        part: Part::Name,
        defect: "The file is named after a hash that every process salts anew.",
        killers: &["naming/default-name#reached-by-its-name"],
        seams: || naming(|name, partition| file_name(&format!("{:016x}", SALT.hash_one(name)), partition)),
    },
    Mutant {
        name: "name-ignored",
        part: Part::Name,
        defect: "Every cache is the default one, whatever its name.",
        killers: &[
            "isolation/names-keyring#not-overwritten",
            "isolation/names-keyring#not-read",
            "isolation/names-keyring#stored-apart",
            "isolation/names-plaintext#not-overwritten",
            "isolation/names-plaintext#not-read",
            "isolation/names-plaintext#stored-apart",
        ],
        seams: || naming(|_, partition| file_name(CacheName::DEFAULT, partition)),
    },
    Mutant {
        name: "name-is-a-path",
        part: Part::Name,
        defect: "The name is joined to the folder as it is.",
        killers: &["input/absolute-path#stays-inside", "input/parent-traversal#stays-inside"],
        seams: || naming(|name, partition| Ok(format!("{name}{}", partition.suffix()))),
    },
    Mutant {
        name: "partition-ignored",
        part: Part::Name,
        defect: "Both partitions are one cache.",
        killers: &[
            "isolation/partitions-keyring#not-overwritten",
            "isolation/partitions-keyring#not-read",
            "isolation/partitions-keyring#stored-apart",
            "isolation/partitions-plaintext#not-overwritten",
            "isolation/partitions-plaintext#not-read",
            "isolation/partitions-plaintext#stored-apart",
        ],
        seams: || naming(|name, _| file_name(name, Partition::NoCae)),
    },
    Mutant {
        name: "suffix-for-the-default-only",
        part: Part::Name,
        defect: "Only the default name gets a suffix; a name that was given is used as it is.",
        killers: &["naming/partition-suffix#item", "naming/partition-suffix#place"],
        seams: || {
            naming(|name, partition| {
                let full = file_name(name, partition)?;
                Ok(if is_default(name) { full } else { name.to_owned() })
            })
        },
    },
];

fn naming(name: fn(&str, Partition) -> Result<String, Error>) -> Seams {
    Seams { name: Box::new(name), ..Seams::real() }
}

fn is_default(name: &str) -> bool {
    name == CacheName::DEFAULT
}

/// The same in one process, another one in the next.
static SALT: LazyLock<RandomState> = LazyLock::new(RandomState::new);
