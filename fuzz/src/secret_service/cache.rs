//! What must hold of a whole cache: as of its store, and no secret is in a file unless the application accepts it and
//! there may be no keyring.

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use token_cache::{
    Builder, BusAddress, Environment, Error, ErrorKind, Interaction, Partition, Platform, Protection,
    SecretBytes, TokenCache, TokenCachePersistenceOptions,
};

use super::bus::Bus;
use super::property::{Begun, CANARY, has_no_secret, patience, secret};
use super::script::{Script, Step};
use super::store;

/// A cache is opened for each step, as by another process.
pub(super) fn play(script: &Script, bus: &Bus, folder: &Path) {
    let home = folder.join("home");
    fs::create_dir(&home).expect("a new folder");
    let mut no_keyring = !bus.service().is_there();
    for (number, step) in script.steps.iter().enumerate() {
        drop(bus.service().take_record());
        let wait = patience(script);
        // Opening is given its time, and so is what follows.
        let begun = Begun::with(2 * wait);
        let outcome = make(builder(script, bus, &home, wait), *step, number);
        begun.is_late();
        bus.settle();
        let mut service = bus.service();
        let record = service.take_record();
        no_keyring |= record.no_keyring;
        let may_be_plain = script.consents() && no_keyring;
        assert!(may_be_plain || !holds_secret(&home), "a secret in a file after {step:?}");
        match outcome {
            Ok(Made { protection: Protection::Plaintext { .. }, .. }) => assert!(may_be_plain, "{step:?}"),
            Ok(Made { protection: _, read }) => match (step, read) {
                (Step::Write, _) => store::written(&record, &service.keyring, number),
                (Step::Read, Some(bytes)) => store::was_told(&bytes, &record),
                (Step::Read, None) => assert!(record.no_item, "nobody said that there is no item"),
                (Step::Probe | Step::Unlock | Step::Clear, _) => {}
            },
            Err(error) => {
                has_no_secret(&format!("{error} {error:?}"));
                let mut cause = error.source();
                while let Some(source) = cause {
                    has_no_secret(&source.to_string());
                    cause = source.source();
                }
                assert_ne!(error.kind(), ErrorKind::Busy, "nobody else holds the cache");
            }
        }
    }
}

/// What was reported of a step.
struct Made {
    protection: Protection,
    read: Option<SecretBytes>,
}

fn make(builder: Builder, step: Step, number: usize) -> Result<Made, Error> {
    let builder = match step {
        Step::Unlock => builder.interaction(Interaction::Allow),
        Step::Probe | Step::Read | Step::Write | Step::Clear => builder,
    };
    let cache = builder.open()?;
    let read = match step {
        Step::Probe | Step::Unlock => None,
        Step::Read => cache.read()?,
        Step::Write => {
            cache.write(secret(number).into())?;
            None
        }
        Step::Clear => {
            drop(cache.clear()?);
            None
        }
    };
    Ok(Made { protection: cache.protection(), read })
}

fn builder(script: &Script, bus: &Bus, home: &Path, wait: Duration) -> Builder {
    let options =
        TokenCachePersistenceOptions::new().name("fuzz").allow_unencrypted_storage(script.consents());
    let environment = Environment {
        platform: Platform::Linux,
        home: Some(home.to_owned()),
        bus: BusAddress { address: Some(bus.address()), runtime_directory: None },
        ..Environment::default()
    };
    TokenCache::builder(&options).environment(environment).partition(Partition::NoCae).deadline(wait)
}

/// Whether a file below a folder holds a secret.
fn holds_secret(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds_secret(&path);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    })
}
