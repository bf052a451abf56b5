//! The scanner finds every canary in every encoding, nothing else, and stays bounded.

use std::{collections::HashSet, io::Write, time::Instant};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use sealcheck::{
    canary::{CanarySet, Hit, Needle, StreamScanner, cache_document},
    case::CanaryRole,
    observation::{Encoding, Observer},
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn a_canary_is_found_in_every_form_between_any_bytes(
        before in vec(any::<u8>(), 0..200),
        after in vec(any::<u8>(), 0..200),
        form in form(),
    ) {
        let set = set();
        // Layers of base64 are decoded from the first character of their run; all else may stand anywhere.
        let written = [before.as_slice(), b"\n!", &form.write(text(&set)), b"!\n", &after].concat();
        let hits = set.scanner().scan(&written);
        prop_assert!(hits.iter().any(|hit| is_form(hit, form)), "{form:?}: {hits:?}");
        prop_assert!(hits.iter().all(|hit| hit.needle == Needle::Canary(alice())));
    }

    #[test]
    fn a_form_needs_no_border(
        before in "[A-Za-z0-9]{0,80}",
        after in "[A-Za-z0-9]{0,80}",
        form in form(),
    ) {
        prop_assume!(form.encoding() != Encoding::Base64);
        let set = set();
        let written = [before.as_bytes(), &form.write(text(&set)), after.as_bytes()].concat();
        let hits = set.scanner().scan(&written);
        prop_assert!(hits.iter().any(|hit| is_form(hit, form)), "{form:?}: {hits:?}");
    }

    #[test]
    fn base64_of_a_longer_text_is_found_at_every_alignment(
        before in vec(any::<u8>(), 0..200),
        after in vec(any::<u8>(), 0..200),
        width in 1_usize..80,
    ) {
        let set = set();
        let whole = [before.as_slice(), text(&set).as_bytes(), &after].concat();
        let url_safe = URL_SAFE_NO_PAD.encode(&whole);
        let lines = broken(STANDARD.encode(&whole).as_bytes(), width, b"\r\n");
        for written in [url_safe.as_bytes(), &lines] {
            let hits = set.scanner().scan(written);
            prop_assert!(hits.iter().any(|hit| is_form(hit, Form::Base64)), "{hits:?}");
        }
    }

    #[test]
    fn bytes_without_a_canary_never_hit(junk in vec(any::<u8>(), 0..4000)) {
        prop_assert_eq!(set().scanner().scan(&junk), []);
    }

    #[test]
    fn canaries_of_another_world_never_hit(form in form()) {
        let written = form.write(text(&set()));
        prop_assert_eq!(set().scanner().scan(&written), []);
    }

    #[test]
    fn a_canary_without_its_first_or_last_letter_is_none(form in form()) {
        let set = set();
        let canary = text(&set);
        prop_assert_eq!(set.scanner().scan(&form.write(&canary[1..])), []);
        prop_assert_eq!(set.scanner().scan(&form.write(&canary[..canary.len() - 1])), []);
        prop_assert_ne!(set.scanner().scan(&form.write(canary)), []);
    }

    #[test]
    fn a_stream_hits_once_wherever_it_is_cut(
        before in vec(any::<u8>(), 0..100),
        cuts in vec(any::<Index>(), 0..6),
        form in form(),
    ) {
        let set = set();
        let written = [before.as_slice(), b"\n!", &form.write(text(&set))].concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(written.len())).collect();
        cuts.extend([0, written.len()]);
        cuts.sort_unstable();
        let mut stream = StreamScanner::new(set.scanner());
        let mut hits: Vec<Hit> = cuts.windows(2).flat_map(|cut| stream.push(&written[cut[0]..cut[1]])).collect();
        hits.extend(stream.finish());
        prop_assert!(hits.iter().any(|hit| is_form(hit, form)), "{form:?}: {hits:?}");
        let distinct: HashSet<_> = hits.iter().map(|hit| (&hit.needle, hit.encoding)).collect();
        prop_assert_eq!(distinct.len(), hits.len());
        prop_assert_eq!(stream.position(), written.len() as u64);
        prop_assert!(!stream.exhausted());
    }

    #[test]
    fn redaction_leaves_the_text_around_and_no_canary(before in ".{0,40}", after in ".{0,40}") {
        let set = set();
        let text = text(&set);
        let redacted = set.scanner().redact(&format!("{before}{text}{after}{text}"));
        prop_assert_eq!(redacted, format!("{before}{{alice}}{after}{{alice}}"));
    }
}

#[test]
fn a_hit_tells_where_its_form_begins() {
    let set = set();
    for form in FORMS {
        let written = [b"123456789\n".as_slice(), &form.write(text(&set))].concat();
        let hits = set.scanner().scan(&written);
        let hit = hits.iter().find(|hit| is_form(hit, form)).expect("the canary is there");
        // The first letter of UTF-16BE is the second byte, and the first character of base64 may belong to others.
        assert!((10..=14).contains(&hit.offset), "{form:?}: {hit:?}");
    }
}

#[test]
fn a_stream_tells_offsets_from_its_beginning() {
    let set = set();
    let mut stream = StreamScanner::new(set.scanner());
    let filler = vec![b'.'; StreamScanner::RETAINED];
    assert_eq!(stream.push(&filler), []);
    let (first, second) = text(&set).split_at(17);
    assert_eq!(stream.push(first.as_bytes()), []);
    let hits = stream.push(second.as_bytes());
    assert_eq!(
        hits,
        [Hit {
            needle: Needle::Canary(alice()),
            encoding: Encoding::Raw,
            offset: StreamScanner::RETAINED as u64
        }]
    );
    assert!(stream.exhausted(), "a stream that long is not searched as a whole");
}

#[test]
fn every_needle_is_found_once_per_encoding() {
    let set = set();
    let liveness = set.liveness(Observer::Bus);
    let written = format!("{0} {0} {1} {liveness}", text(&set), hexadecimal(text(&set).as_bytes()));
    let hits: Vec<_> =
        set.scanner().scan(written.as_bytes()).into_iter().map(|hit| (hit.needle, hit.encoding)).collect();
    assert_eq!(
        hits,
        [
            (Needle::Canary(alice()), Encoding::Raw),
            (Needle::Canary(alice()), Encoding::Hex),
            (Needle::Liveness(Observer::Bus), Encoding::Raw),
        ]
    );
}

#[test]
fn a_cache_document_carries_its_canary_through_indentation_and_compression() {
    let set = set();
    let document: serde_json::Value = serde_json::from_slice(&cache_document(text(&set), 5000)).unwrap();
    let indented = serde_json::to_vec_pretty(&document).unwrap();
    assert_eq!(set.scanner().scan(&indented).len(), 1);
    let compressed = STANDARD.encode(gzip(&indented));
    assert_eq!(set.scanner().scan(compressed.as_bytes())[0].encoding, Encoding::Base64);
}

#[test]
fn a_compressed_stream_that_lost_its_end_is_read_as_far_as_it_goes() {
    let set = set();
    let mut stream = gzip(text(&set).as_bytes());
    stream.truncate(stream.len() - 8);
    assert_eq!(set.scanner().scan(&stream)[0].encoding, Encoding::Gzip);
}

#[test]
fn redaction_knows_the_forms_that_text_can_show() {
    let set = set();
    let encoded = STANDARD.encode(text(&set));
    let written = format!("<{}> <{encoded}>", hexadecimal(text(&set).as_bytes()));
    assert_eq!(set.scanner().redact(&written), "<{alice as hex}> <{alice as base64}>");
    let planted = format!("<{}>", set.liveness(Observer::Files));
    assert_eq!(set.scanner().redact(&planted), "<{beacon:files}>");
}

#[test]
fn debug_of_a_scanner_names_roles_and_no_canary() {
    let set = set();
    let shown = format!("{:?}", set.scanner());
    assert!(shown.contains("alice") && shown.contains("beacon:bus"));
    assert_eq!(set.scanner().scan(shown.as_bytes()), []);
}

#[test]
fn a_zip_bomb_is_cut_and_said_to_be() {
    let search = set().scanner().search(&gzip(&vec![0; 32 * 1024 * 1024]));
    assert_eq!(search.hits, []);
    assert!(search.exhausted);
}

#[test]
fn honest_bytes_exhaust_nothing() {
    let set = set();
    let document = cache_document(text(&set), 100_000);
    for form in FORMS {
        let search = set.scanner().search(&form.write(std::str::from_utf8(&document).unwrap()));
        assert!(!search.exhausted, "{form:?}");
        assert!(!search.hits.is_empty(), "{form:?}");
    }
}

#[test]
fn hostile_bytes_are_searched_in_bounded_time() {
    let scanner = set().scanner();
    let hostile: [(&str, Vec<u8>); 8] = [
        ("per cent signs", vec![b'%'; SIZE]),
        ("percent escapes", b"%25".repeat(SIZE / 3)),
        ("backslashes", vec![b'\\'; SIZE]),
        ("white space", vec![b' '; SIZE]),
        ("one run of base64", vec![b'A'; SIZE]),
        ("many runs of base64", [[b'A'; 40].as_slice(), b":"].concat().repeat(SIZE / 41)),
        ("headers of zlib", [0x78, 0x9c].repeat(SIZE / 2)),
        ("gzip, twenty deep", (0..20).fold(vec![0; SIZE], |data, _| gzip(&data))),
    ];
    for (what, data) in hostile {
        let began = Instant::now();
        assert_eq!(scanner.scan(&data), [], "{what}");
        let took = began.elapsed();
        assert!(took < DEADLINE, "{what} took {took:?}");
    }
}

/// One way to write text down.
#[derive(Clone, Copy, Debug)]
enum Form {
    Base64,
    Base64After1,
    Base64After2,
    Base64Lines,
    Base64OfGzip,
    Gzip,
    GzipOfZlib,
    Hex,
    HexUpperCase,
    JsonEscapes,
    JsonOfBase64Lines,
    Percent,
    PercentOfOneLetter,
    PercentTwice,
    Raw,
    Reversed,
    Utf16Be,
    Utf16Le,
    Zlib,
}

impl Form {
    fn encoding(self) -> Encoding {
        match self {
            Self::Base64
            | Self::Base64After1
            | Self::Base64After2
            | Self::Base64Lines
            | Self::Base64OfGzip => Encoding::Base64,
            Self::Gzip | Self::GzipOfZlib => Encoding::Gzip,
            Self::Hex | Self::HexUpperCase => Encoding::Hex,
            Self::JsonEscapes | Self::JsonOfBase64Lines => Encoding::JsonEscape,
            Self::Percent | Self::PercentOfOneLetter | Self::PercentTwice => Encoding::Percent,
            Self::Raw => Encoding::Raw,
            Self::Reversed => Encoding::Reversed,
            Self::Utf16Be => Encoding::Utf16Be,
            Self::Utf16Le => Encoding::Utf16Le,
            Self::Zlib => Encoding::Zlib,
        }
    }

    fn write(self, text: &str) -> Vec<u8> {
        let raw = text.as_bytes();
        match self {
            Self::Base64 => STANDARD.encode(raw).into_bytes(),
            Self::Base64After1 => STANDARD.encode([b"\xfe", raw].concat()).into_bytes(),
            Self::Base64After2 => URL_SAFE_NO_PAD.encode([b"\xfe\xff", raw, b"\""].concat()).into_bytes(),
            Self::Base64Lines => broken(STANDARD.encode(raw).as_bytes(), 19, b"\r\n"),
            Self::Base64OfGzip => STANDARD.encode(gzip(raw)).into_bytes(),
            Self::Gzip => gzip(raw),
            Self::GzipOfZlib => gzip(&zlib(raw)),
            Self::Hex => hexadecimal(raw).into_bytes(),
            Self::HexUpperCase => hexadecimal(raw).to_uppercase().into_bytes(),
            Self::JsonEscapes => escaped(raw, |byte| format!("\\u{byte:04x}")),
            Self::JsonOfBase64Lines => broken(STANDARD.encode(raw).as_bytes(), 30, b"\\n"),
            Self::Percent => escaped(raw, |byte| format!("%{byte:02X}")),
            Self::PercentOfOneLetter => {
                [&raw[..20], escaped(&raw[20..21], |byte| format!("%{byte:02x}")).as_slice(), &raw[21..]]
                    .concat()
            }
            Self::PercentTwice => escaped(raw, |byte| format!("%25{byte:02X}")),
            Self::Raw => raw.to_vec(),
            Self::Reversed => raw.iter().rev().copied().collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Zlib => zlib(raw),
        }
    }
}

fn form() -> impl Strategy<Value = Form> {
    proptest::sample::select(FORMS.as_slice())
}

/// Whether it is the form that was written. The order of UTF-16 cannot be told in every surrounding, so both count.
fn is_form(hit: &Hit, form: Form) -> bool {
    let fold = |encoding| if encoding == Encoding::Utf16Be { Encoding::Utf16Le } else { encoding };
    hit.needle == Needle::Canary(alice()) && fold(hit.encoding) == fold(form.encoding())
}

fn set() -> CanarySet {
    CanarySet::generate([alice(), CanaryRole("bob".into())])
}

fn alice() -> CanaryRole {
    CanaryRole("alice".into())
}

fn text(set: &CanarySet) -> &str {
    set.text(&alice()).expect("the set has alice")
}

fn hexadecimal(raw: &[u8]) -> String {
    raw.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(raw: &[u8], escape: impl Fn(u8) -> String) -> Vec<u8> {
    raw.iter().flat_map(|byte| escape(*byte).into_bytes()).collect()
}

fn broken(text: &[u8], every: usize, by: &[u8]) -> Vec<u8> {
    text.chunks(every).collect::<Vec<_>>().join(by)
}

fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw).expect("memory takes every byte");
    encoder.write_all(&COMPRESSIBLE).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

fn zlib(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(raw).expect("memory takes every byte");
    encoder.write_all(&COMPRESSIBLE).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

const FORMS: [Form; 19] = [
    Form::Base64,
    Form::Base64After1,
    Form::Base64After2,
    Form::Base64Lines,
    Form::Base64OfGzip,
    Form::Gzip,
    Form::GzipOfZlib,
    Form::Hex,
    Form::HexUpperCase,
    Form::JsonEscapes,
    Form::JsonOfBase64Lines,
    Form::Percent,
    Form::PercentOfOneLetter,
    Form::PercentTwice,
    Form::Raw,
    Form::Reversed,
    Form::Utf16Be,
    Form::Utf16Le,
    Form::Zlib,
];

/// The longest line that an adapter may send.
const SIZE: usize = 4 * 1024 * 1024;

/// What makes a compressor compress: random letters alone are stored as they are, and found raw.
const COMPRESSIBLE: [u8; 400] = [b'.'; 400];

/// Generous: an unoptimised build on a busy machine takes a second or two.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);
