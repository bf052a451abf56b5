//! Names of caches: what is accepted is one ordinary file name on every system, and no two names share a file.

use std::path::{Component, Path};

use serde_json::Value;
use token_cache::{CacheName, NameError, Partition};

use crate::{Seeds, seeds, text};

/// Two names, one a line; bytes that are no text are no name.
pub fn check(bytes: &[u8]) {
    let mut rest = bytes;
    let (Ok(first), Ok(second)) = (std::str::from_utf8(text::line(&mut rest)), std::str::from_utf8(rest))
    else {
        return;
    };
    let accepted = [first, second].map(one_name);
    let [Some(left), Some(right)] = accepted else { return };
    for of_left in PARTITIONS {
        for of_right in PARTITIONS {
            let same = left.file_name(of_left) == right.file_name(of_right);
            assert_eq!(same, first == second && of_left == of_right, "{first:?} and {second:?} share a file");
        }
    }
}

/// The names of the vectors, and each beside the next one.
pub fn seeds() -> Seeds {
    let vectors: Value =
        serde_json::from_slice(&seeds::file("fixtures/names/names.json")).expect("it is JSON");
    let names: Vec<&str> = vectors["vectors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|vector| vector["name"].as_str().expect("a name"))
        .collect();
    names.windows(2).map(|pair| format!("{}\n{}", pair[0], pair[1]).into_bytes()).collect()
}

fn one_name(name: &str) -> Option<CacheName> {
    let parsed = CacheName::parse(name);
    match &parsed {
        Ok(parsed) => accepted(name, parsed),
        Err(error) => refused(name, error),
    }
    parsed.ok()
}

fn accepted(name: &str, parsed: &CacheName) {
    assert_eq!(parsed.as_str(), name, "a name is never repaired");
    assert_eq!(name.parse().as_ref(), Ok(parsed), "both ways to parse agree");
    for partition in PARTITIONS {
        let file = parsed.file_name(partition);
        for name in [file.clone(), format!("{file}.lockfile"), format!("{file}.plaintext")] {
            let components: Vec<_> = Path::new(&name).components().collect();
            assert_eq!(components, [Component::Normal(name.as_ref())], "{name:?} is one component");
            assert!(name.len() <= 255, "{name:?} fits into a file name");
            assert!(!windows_changes(&name), "Windows takes {name:?} for something else");
        }
    }
}

/// Whether Windows would open another file, or none, by this name; said again, from its documentation.
fn windows_changes(name: &str) -> bool {
    let reserved =
        name.chars().any(|letter| letter < ' ' || "<>:\"/\\|?*".contains(letter) && ":/\\".contains(letter));
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end_matches(' ').to_ascii_lowercase();
    let device = ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&stem.as_str())
        || ["com", "lpt"].iter().any(|port| {
            let number = stem.strip_prefix(port).unwrap_or_default();
            number.chars().count() == 1
                && number.contains(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '¹', '²', '³'])
        });
    reserved || device || name.ends_with([' ', '.'])
}

fn refused(name: &str, error: &NameError) {
    let shown = error.to_string();
    assert!(!shown.chars().any(char::is_control), "{shown:?} can be printed");
    // Each rule that can be told from the name alone is told rightly.
    let right = match error {
        NameError::Blank => name.trim().is_empty(),
        NameError::TooLong { bytes, limit } => name.len() == *bytes && bytes > limit,
        NameError::Dots => name == "." || name == "..",
        NameError::Separator => name.contains(['/', '\\']),
        NameError::Colon => name.contains(':'),
        NameError::Control { code } | NameError::Bidi { code } => {
            name.chars().any(|letter| u32::from(letter) == *code)
        }
        NameError::TrailingDotOrSpace => name.ends_with(|end: char| end == '.' || end.is_whitespace()),
        NameError::Device => name.len() >= 3,
        _ => false,
    };
    assert!(right, "{name:?}: {error}");
}

const PARTITIONS: [Partition; 2] = [Partition::NoCae, Partition::Cae];
