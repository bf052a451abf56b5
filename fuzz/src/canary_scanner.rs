//! The search for canaries: one is found in whatever it is written down and hidden, and nothing else is.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use sealcheck::canary::{CanarySet, Hit, Needle, Scanner, Seed, StreamScanner};
use sealcheck::case::CanaryRole;

use crate::{Seeds, seeds, text};

/// Two forms, where the stream is cut, and what is around the canary: before it up to a line feed, the rest behind it.
pub fn check(bytes: &[u8]) {
    let worlds = worlds();
    let mut rest = bytes;
    let inner = FORMS[usize::from(text::byte(&mut rest)) % FORMS.len()];
    let outer = OUTER[usize::from(text::byte(&mut rest)) % OUTER.len()];
    let cut = usize::from(text::byte(&mut rest)) * 256 + usize::from(text::byte(&mut rest));
    let junk = rest;
    let before = text::line(&mut rest);

    assert_eq!(worlds.scanner.scan(junk), [], "nothing is found where nothing is");
    let hidden = outer.write(&inner.write(worlds.canary.as_bytes()));
    let written = [before, b"\n!", &hidden, b"!\n", rest].concat();
    assert_eq!(worlds.stranger.scan(&written), [], "a canary of another world is none");

    let search = worlds.scanner.search(&written);
    assert!(search.exhausted || search.hits.iter().any(is_ours), "{outer:?} of {inner:?} is not seen");
    let places: BTreeSet<_> = search.hits.iter().map(kind).collect();
    assert_eq!(places.len(), search.hits.len(), "each needle is found once per encoding");
    for hit in &search.hits {
        assert!(is_ours(hit), "{hit:?} is somebody else's");
        assert!(hit.offset < written.len() as u64, "{hit:?} is outside");
    }
    stream(worlds, &written, cut % (written.len() + 1), &places, search.exhausted);
    redacted(worlds, before, rest);
}

/// Junk of the kinds in which tokens are found: documents, archives, pickles, escapes.
pub fn seeds() -> Seeds {
    let junk = seeds::files("fixtures/corrupt", &[".json", ".bin"]);
    let forms = u8::try_from(FORMS.len()).expect("there are few");
    let numbered = junk.into_iter().zip(0_u8..);
    let mut seeds: Seeds = numbered
        .map(|(junk, number)| {
            [&[number % forms, number / forms, number, 17], &junk[..junk.len().min(1500)]].concat()
        })
        .collect();
    for inner in 0..forms {
        for outer in 0..u8::try_from(OUTER.len()).expect("there are few") {
            seeds.push(
                [&[inner, outer, 0, 9][..], b"{\"a\\u00e9\": \"%41\n\x1f\x8b\x08 x\x9c AAAA\"}"].concat(),
            );
        }
    }
    seeds
}

/// The stream's end sees the whole, so it finds whatever the whole holds, wherever it is cut.
fn stream(worlds: &Worlds, written: &[u8], cut: usize, places: &BTreeSet<(Needle, String)>, exhausted: bool) {
    let mut stream = StreamScanner::new(worlds.scanner.clone());
    let mut hits = stream.push(&written[..cut]);
    hits.extend(stream.push(&written[cut..]));
    hits.extend(stream.finish());
    let found: BTreeSet<_> = hits.iter().map(kind).collect();
    assert_eq!(found.len(), hits.len(), "a stream says each thing once");
    assert!(exhausted || found.is_superset(places), "a cut at {cut} hides something");
    assert_eq!(stream.position(), written.len() as u64);
}

fn redacted(worlds: &Worlds, before: &[u8], after: &[u8]) {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let canary = &worlds.canary;
    let shown = worlds.scanner.redact(&format!("{before}{canary}{after}"));
    assert_eq!(shown, format!("{before}{{alice}}{after}"), "redaction leaves the text around");
}

fn kind(hit: &Hit) -> (Needle, String) {
    (hit.needle.clone(), hit.encoding.to_string())
}

fn is_ours(hit: &Hit) -> bool {
    hit.needle == Needle::Canary(alice())
}

/// Two worlds whose canaries nobody who makes up bytes can know.
struct Worlds {
    canary: String,
    scanner: Scanner,
    stranger: Scanner,
}

fn worlds() -> &'static Worlds {
    static WORLDS: OnceLock<Worlds> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let set =
            |name: &str| CanarySet::of(&"5ea1".parse::<Seed>().expect("a seed").world(&[name]), [alice()]);
        let ours = set("ours");
        let canary = ours.text(&alice()).expect("the set has the role").to_owned();
        Worlds { canary, scanner: ours.scanner(), stranger: set("another").scanner() }
    })
}

fn alice() -> CanaryRole {
    CanaryRole("alice".into())
}

/// A way to write bytes down.
#[derive(Clone, Copy, Debug)]
enum Form {
    Raw,
    Base64,
    UrlBase64,
    Hex,
    Utf16,
    Percent,
    JsonEscapes,
    Gzip,
    Zlib,
}

impl Form {
    fn write(self, bytes: &[u8]) -> Vec<u8> {
        let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|byte| write(*byte)).collect::<String>();
        match self {
            Self::Raw => bytes.to_vec(),
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::UrlBase64 => URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            Self::Hex => each(&|byte| format!("{byte:02x}")).into_bytes(),
            Self::Utf16 => bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
            Self::Percent => each(&|byte| format!("%{byte:02X}")).into_bytes(),
            Self::JsonEscapes => each(&|byte| format!("\\u{byte:04x}")).into_bytes(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory does not fail")
            }
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory does not fail")
            }
        }
    }
}

const FORMS: [Form; 9] = [
    Form::Raw,
    Form::Base64,
    Form::UrlBase64,
    Form::Hex,
    Form::Utf16,
    Form::Percent,
    Form::JsonEscapes,
    Form::Gzip,
    Form::Zlib,
];

/// The forms that are undone wherever they are met; hexadecimal and UTF-16 are looked for, and not undone.
const OUTER: [Form; 7] =
    [Form::Raw, Form::Base64, Form::UrlBase64, Form::Percent, Form::JsonEscapes, Form::Gzip, Form::Zlib];
