//! Where a search begins: what is in the repository already.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{
    baseline_file, bus_address, cache_name, canary_scanner, case_file, control, location, lock_file, msal,
    operations, options, protocol_line, secret_service,
};

/// Inputs from which a search begins.
pub type Seeds = Vec<Vec<u8>>;

/// A property and where a search for its failure begins.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its module.
    pub name: &'static str,
    /// Panics where the property does not hold of the bytes.
    pub check: fn(&[u8]),
    /// Where a search begins.
    pub seeds: fn() -> Seeds,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "baseline_file", check: baseline_file::check, seeds: baseline_file::seeds },
    Target { name: "bus_address", check: bus_address::check, seeds: bus_address::seeds },
    Target { name: "cache_name", check: cache_name::check, seeds: cache_name::seeds },
    Target { name: "canary_scanner", check: canary_scanner::check, seeds: canary_scanner::seeds },
    Target { name: "case_file", check: case_file::check, seeds: case_file::seeds },
    Target { name: "control", check: control::check, seeds: control::seeds },
    Target { name: "location", check: location::check, seeds: location::seeds },
    Target { name: "lock_file", check: lock_file::check, seeds: lock_file::seeds },
    Target { name: "msal", check: msal::check, seeds: msal::seeds },
    Target { name: "operations", check: operations::check, seeds: operations::seeds },
    Target { name: "options", check: options::check, seeds: options::seeds },
    Target { name: "protocol_line", check: protocol_line::check, seeds: protocol_line::seeds },
    Target { name: "secret_service", check: secret_service::check, seeds: secret_service::seeds },
];

/// Writes a target's seeds into the folder that `SEALCHECK_FUZZ_SEEDS` names, before libFuzzer reads it.
///
/// # Panics
///
/// Where there is no such target, or its seeds cannot be written: a search without them would look like one with them.
pub fn plant(name: &str) {
    let Some(folder) = std::env::var_os("SEALCHECK_FUZZ_SEEDS") else { return };
    let target = TARGETS.iter().find(|target| target.name == name).expect("every target is in the list");
    for (number, seed) in (target.seeds)().iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed-{number:04}"));
        fs::write(&path, seed).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// What is in the files below a folder of the repository whose names end in one of `suffixes`, in the order of names.
pub(crate) fn files(folder: &str, suffixes: &[&str]) -> Seeds {
    let mut paths = Vec::new();
    collect(&repository().join(folder), suffixes, &mut paths);
    assert!(!paths.is_empty(), "{folder} holds files that end in {suffixes:?}");
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// A file of the repository.
pub(crate) fn file(path: &str) -> Vec<u8> {
    read(&repository().join(path))
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the repository").to_owned()
}

fn collect(folder: &Path, suffixes: &[&str], paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        if path.is_dir() {
            collect(&path, suffixes, paths);
        } else if suffixes
            .iter()
            .any(|suffix| path.as_os_str().as_encoded_bytes().ends_with(suffix.as_bytes()))
        {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
