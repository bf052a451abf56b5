//! Names that become the wrong files and items.

use std::{collections::hash_map::RandomState, hash::BuildHasher, process::Command, sync::LazyLock};

use token_cache::{
    CacheName, Error, Partition,
    seams::{Seams, file_name},
};

use super::{Mutant, Part};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "blank-name-is-the-default",
        part: Part::Name,
        defect: "A name is trimmed, and what is left of a blank one is taken for no name.",
        killers: &["input/blank-name#not-the-default"],
        seams: || {
            naming(|name, partition| {
                let is_blank = !name.is_empty() && name.trim().is_empty();
                file_name(if is_blank { CacheName::DEFAULT } else { name }, partition)
            })
        },
    },
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
        name: "name-cut-at-a-line-break",
        part: Part::Name,
        defect: "A name ends at its first line break, as in a file of settings.",
        killers: &["input/newline-name#not-cut-off"],
        seams: || naming(|name, partition| file_name(name.lines().next().unwrap_or(name), partition)),
    },
    Mutant {
        name: "name-cut-at-nul",
        part: Part::Name,
        defect: "A name ends at its first NUL, as in C.",
        killers: &["input/nul-name#not-cut-off"],
        seams: || naming(|name, partition| file_name(name.split('\0').next().unwrap_or(name), partition)),
    },
    Mutant {
        name: "name-cut-short",
        part: Part::Name,
        defect: "A name is cut to the length of a column in somebody's table.",
        killers: &["input/long-name#not-cut-short"],
        seams: || naming(|name, partition| file_name(name.get(..64).unwrap_or(name), partition)),
    },
    Mutant {
        name: "name-folded",
        part: Part::Name,
        defect: "Names are written in lower case, as one file system would compare them.",
        killers: &["isolation/letter-case#not-overwritten", "isolation/letter-case#not-read"],
        seams: || naming(|name, partition| file_name(&name.to_lowercase(), partition)),
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
        name: "name-through-a-shell",
        part: Part::Name,
        defect: "A shell is asked to make the name of the file.",
        killers: &["input/shell-name#nothing-ran"],
        seams: || {
            naming(|name, partition| {
                // What the shell says of it, and whether there is one, matters to nobody.
                let _said = Command::new("/bin/sh").arg("-c").arg(format!("echo {name}")).output();
                file_name(name, partition)
            })
        },
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
        name: "suffix-at-most-once",
        part: Part::Name,
        defect: "A name that ends in a suffix already gets none.",
        killers: &["isolation/composite-name#not-overwritten", "isolation/composite-name#not-read"],
        seams: || {
            naming(|name, partition| {
                let full = file_name(name, partition)?;
                let has_one = name.ends_with(".cae") || name.ends_with(".nocae");
                Ok(if has_one { name.to_owned() } else { full })
            })
        },
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
