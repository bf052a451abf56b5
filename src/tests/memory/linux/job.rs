//! What the other process does with a cache before it searches.

use std::error::Error as StdError;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use token_cache::{
    BusAddress, Environment, Platform, Protection, Tenure, TokenCache, TokenCachePersistenceOptions,
};

use super::canary::Canary;
use super::scan::Search;

/// Uses a cache in every way, drops it, and says what a search finds: while it is in use, of two controls, and then.
///
/// The arguments are the size of the document, the address of a bus with a keyring, if the cache is to be encrypted,
/// and the home.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [size, bus, home] = arguments else { panic!("three arguments, not {arguments:?}") };
    let canary = Canary::new(size.parse().expect("a number"));
    let (leaked, freed) = (Canary::new(CONTROL), Canary::new(CONTROL));
    let mut search = Search::prepare();

    let cache = open(home.into(), bus);
    use_in_every_way(&cache, &canary).expect("a sound cache");
    let read = cache.read().expect("read").expect("stored");
    let in_use = search.find(&canary);
    drop((read, cache));
    let dropped = search.find(&canary);

    // Neither of them is there if the compiler finds that nobody wants it.
    let leak = black_box(leaked.document());
    let leaked = search.find(&leaked);
    // What comes after it keeps the allocator from giving it back to the system.
    let (document, after) = (freed.document(), vec![0_u8; CONTROL]);
    drop(black_box(document));
    let freed = search.find(&freed);
    drop((black_box(leak), black_box(after)));

    [in_use, leaked, freed, dropped].iter().for_each(say);
    ExitCode::SUCCESS
}

fn open(home: PathBuf, bus: &str) -> TokenCache {
    let address = (!bus.is_empty()).then(|| bus.to_owned());
    let encrypted = address.is_some();
    let environment = Environment {
        platform: Platform::Linux,
        home: Some(home),
        bus: BusAddress { address, runtime_directory: None },
        ..Environment::default()
    };
    let options = TokenCachePersistenceOptions::new().name("searched").allow_unencrypted_storage(!encrypted);
    let cache =
        TokenCache::builder(&options).environment(environment).deadline(PATIENCE).open().expect("a cache");
    assert_eq!(matches!(cache.protection(), Protection::Encrypted { .. }), encrypted);
    cache
}

fn use_in_every_way(cache: &TokenCache, canary: &Canary) -> Result<(), Box<dyn StdError>> {
    cache.write(canary.secret())?;
    // Twice, as the first write makes what the second one changes.
    cache.write(canary.secret())?;
    assert!(cache.read()?.is_some_and(|read| read == canary.secret()));
    cache.update(|stored| Ok(stored.expect("stored").clone()))?;
    let lease = cache.lease("alex", Duration::from_secs(60))?;
    let tenure = lease.conclude(|stored| Ok(stored.expect("stored").clone()))?;
    assert_eq!(tenure, Tenure::Kept);
    assert!(!cache.changed()?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn say(found: &Option<String>) {
    match found {
        None => println!("nothing"),
        Some(place) => println!("found {place}"),
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

/// The size of the controls: one that an allocator keeps when it is given back.
const CONTROL: usize = 3000;
