//! Every property holds of every seed, and of everything that ever failed.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use sealcheck_fuzz::{TARGETS, Target, seeds};

#[test]
fn every_property_holds_of_its_seeds() {
    let mut broken = Vec::new();
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} begins somewhere", target.name);
        broken.extend(seeds.iter().enumerate().filter(|(_, seed)| !holds(target, seed)).map(
            |(number, seed)| {
                format!(
                    "{} {number}: {:?}",
                    target.name,
                    String::from_utf8_lossy(&seed[..seed.len().min(300)])
                )
            },
        ));
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn what_once_failed_fails_no_more() {
    let mut broken = Vec::new();
    for target in TARGETS {
        let folder = seeds::repository().join("fixtures/fuzz").join(target.name);
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let paths = entries.map(|entry| entry.expect("an entry").path());
        broken.extend(paths.filter(|path| !holds(target, &std::fs::read(path).expect("readable"))));
    }
    assert_eq!(broken, [""; 0].map(PathBuf::from));
}

fn holds(target: &Target, bytes: &[u8]) -> bool {
    catch_unwind(|| (target.check)(bytes)).is_ok()
}

#[test]
fn the_control_fails_on_its_word_alone() {
    let control = TARGETS.iter().find(|target| target.name == "control").expect("it is in the list");
    assert!(catch_unwind(|| (control.check)(b"seal")).is_err());
    (control.check)(b"sea");
    (control.check)(b"seat");
}

#[test]
fn every_target_has_a_binary_of_its_name() {
    for target in TARGETS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("targets/{}.rs", target.name));
        let text = std::fs::read_to_string(&path).expect("there is such a file");
        assert!(text.contains(&format!("{}::check(bytes)", target.name)), "{}", path.display());
    }
}
