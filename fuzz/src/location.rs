//! Locations: every file of a cache lies in the one folder, and no two of them are the same.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use token_cache::{CacheName, Environment, Error, Location, Partition, Platform};

use crate::{Seeds, text};

/// A platform, and on one line each: the home, the folder of application data, and a name.
pub fn check(bytes: &[u8]) {
    let mut rest = bytes;
    let platform = PLATFORMS[usize::from(text::byte(&mut rest)) % PLATFORMS.len()];
    let [home, local] = [text::line(&mut rest), text::line(&mut rest)].map(folder);
    let Ok(name) = std::str::from_utf8(rest).map(CacheName::parse) else { return };
    let Ok(name) = name else { return };
    let environment =
        Environment { platform, home: home.clone(), local_app_data: local.clone(), ..Environment::default() };

    let parent = if platform == Platform::Windows { local } else { home };
    let mut names = BTreeSet::new();
    for partition in [Partition::NoCae, Partition::Cae] {
        let location = match Location::new(&environment, name.file_name(partition)) {
            Ok(location) => location,
            Err(Error::NoHome { variable }) => {
                assert_eq!(variable, if platform == Platform::Windows { "LOCALAPPDATA" } else { "HOME" });
                let usable = parent.as_ref().is_some_and(|parent| parent.is_absolute());
                assert!(!usable || platform == Platform::Windows, "{parent:?} would do on {platform:?}");
                continue;
            }
            Err(other) => panic!("a location is refused for its parent only, not for {other}"),
        };
        let parent = parent.as_ref().expect("without a parent there is no location");
        if platform == Platform::current() {
            assert!(parent.is_absolute(), "{parent:?} depends on where the program runs");
        }
        assert_eq!(location.directory(), parent.join(".IdentityService"));
        assert_eq!(
            location.directory().components().next_back(),
            Some(Component::Normal(".IdentityService".as_ref()))
        );
        assert_eq!(location.plaintext_path(), location.directory().join(location.plaintext()));
        assert_eq!(location.shares_one_file(), location.file() == location.plaintext());
        let mut files = vec![location.file().to_owned(), location.lock(), location.courtesy_lock()];
        if !location.shares_one_file() {
            files.push(location.plaintext().to_owned());
        }
        for file in files {
            let components: Vec<_> = Path::new(&file).components().collect();
            assert_eq!(components, [Component::Normal(file.as_ref())], "{file:?} is one component");
            // Partitions share nothing, and neither do the files of one.
            assert!(names.insert(file.clone()), "{file:?} has two meanings");
        }
    }
}

/// Homes that are usual, missing, relative, the root, and no text.
pub fn seeds() -> Seeds {
    let lines: [&[u8]; 8] = [
        b"\0/home/alex\n\nmsal.cache",
        b"\x01/Users/alex\n\nmy_application",
        b"\x02\nC:\\Users\\alex\\AppData\\Local\nmsal.cache",
        b"\x03/home/alex\n\nmsal.cache",
        b"\0\n\nmsal.cache",
        b"\0/\n\nmsal.cache",
        b"\0./here\n\nmsal.cache",
        b"\0/home/\xff\xfe\n/\n\xc3\xa9.cae",
    ];
    lines.map(<[u8]>::to_vec).to_vec()
}

fn folder(bytes: &[u8]) -> Option<PathBuf> {
    (!bytes.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(bytes)))
}

const PLATFORMS: [Platform; 4] =
    [Platform::Linux, Platform::MacOs, Platform::Windows, Platform::Other("a system of its own")];
