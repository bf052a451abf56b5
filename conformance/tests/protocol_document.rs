//! The examples and lists of `PROTOCOL.md`, read with the parsers and types that read adapters.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use sealcheck::{
    adapter::{AdapterFiles, MAX_UNTAGGED_BYTES, Manifest},
    case::Platform,
    protocol::{
        CredentialKind, ErrorCategory, Fallback, Level, LocationRole, LogLevel, MAX_LINE_BYTES,
        OnProtectorRefusal, Partition, Phase, Protector, RenderWhat, Reply, ReplyBody, Request, RequestKind,
        Statement, Tag, decode_reply, decode_request,
    },
    world::sandbox::Sandbox,
};
use serde_json::Value;

#[test]
fn every_request_is_shown_as_the_harness_sends_it() {
    let mut shown = BTreeSet::new();
    for Exchange { request, .. } in exchanges() {
        let body = tag().strip(request.as_bytes()).expect("each line begins with the tag");
        let (seq, decoded) = decode_request(body).unwrap_or_else(|error| panic!("{error}: {request}"));
        // Adapters must ignore members that they do not know, so decoding alone would let a misspelt one through.
        assert_eq!(json(&tag().encode_request(&seq, &decoded)), json(&request));
        shown.insert(decoded.kind().as_str());
    }
    assert_eq!(shown, words::<RequestKind>().iter().map(String::as_str).collect());
}

#[test]
fn every_kind_of_reply_is_shown_and_read_strictly() {
    let mut shown = BTreeSet::new();
    let mut successes = BTreeSet::new();
    for Exchange { request, reply } in exchanges() {
        let kind = kind_of(&request);
        let decoded = decode(&reply, &request).unwrap_or_else(|error| panic!("{error}: {reply}"));
        let outcome = match &decoded {
            Reply::Ok(_) => {
                successes.insert(kind.as_str());
                "ok"
            }
            Reply::Error(_) => "error",
            Reply::Unsupported(_) => "unsupported",
            Reply::AdapterError(_) => "adapter_error",
        };
        shown.insert(outcome);
    }
    assert_eq!(shown, BTreeSet::from(["adapter_error", "error", "ok", "unsupported"]));
    assert_eq!(successes, BTreeSet::from(["bye", "get", "hello", "open", "put", "render"]));
}

#[test]
fn a_reply_with_a_misspelt_member_would_be_noticed() {
    for Exchange { request, reply } in exchanges() {
        let misspelt = reply.replacen('}', ",\"misspelt\":1}", 1);
        assert!(decode(&misspelt, &request).is_err(), "{misspelt}");
    }
}

#[test]
fn the_statement_answers_every_key_and_is_the_one_of_hello() {
    let [shown] = blocks("json").try_into().expect("there is one block of JSON");
    let statement: Statement = serde_json::from_str(&shown).expect("the statement fits");
    let value = json(&shown);
    assert_eq!(serde_json::to_value(&statement).expect("a statement is plain data"), value);
    for key in value.as_object().expect("a statement is an object").keys() {
        assert!(names(key), "the key {key} is not explained");
    }
    let exchange = &exchanges()[0];
    let Ok(Reply::Ok(ReplyBody::Hello(hello))) = decode(&exchange.reply, &exchange.request) else {
        panic!("the first exchange is hello");
    };
    assert_eq!(hello.statement, statement);
}

#[test]
fn the_manifest_is_read_and_shows_every_key() {
    let [shown] = blocks("toml").try_into().expect("there is one block of TOML");
    let manifest = manifest(&shown).expect("the manifest fits");
    // Without a rest pattern: a new key has to be shown here as well.
    let Manifest {
        name,
        language,
        library,
        summary,
        platforms,
        program,
        arguments,
        packages,
        system,
        baseline,
        environment,
        startup_ms,
        operation_ms,
        variant,
        folder: _,
    } = manifest;
    assert!([name, language, library, summary, program].iter().all(|text| !text.is_empty()));
    assert!(!platforms.is_empty() && !arguments.is_empty() && !environment.is_empty());
    assert!(packages.is_some() && baseline.is_some());
    assert!(system.iter().all(|requirement| requirement.debian.is_some()) && !system.is_empty());
    assert!(variant.iter().all(|variant| variant.baseline.is_some()) && !variant.is_empty());
    assert!(shown.contains("startup_ms") && shown.contains("operation_ms"));
    assert_eq!((startup_ms, operation_ms), (30_000, 10_000));
    assert!(manifest_error(&format!("misspelt = 1\n{shown}")).contains("unknown field `misspelt`"));
}

#[test]
fn every_word_of_the_protocol_is_named() {
    let lists = [
        words::<ErrorCategory>(),
        words::<Phase>(),
        words::<RequestKind>(),
        words::<RenderWhat>(),
        words::<Level>(),
        words::<CredentialKind>(),
        words::<Fallback>(),
        words::<OnProtectorRefusal>(),
        words::<Protector>(),
        words::<LocationRole>(),
        words::<Partition>(),
        words::<Platform>(),
    ];
    for word in lists.iter().flatten() {
        assert!(names(word), "the word {word} is not named");
    }
    for word in words::<LogLevel>() {
        assert!(PAGE.contains(&format!("\"{word}\"")), "the log level {word} is not named");
    }
}

#[test]
fn the_environment_and_the_limits_are_those_of_the_harness() {
    let parent = tempfile::tempdir().expect("a folder is made");
    let sandbox = Sandbox::create(parent.path()).expect("the folder is writable");
    for (name, value) in sandbox.environment([]) {
        let fixed = format!("`{name}={value}`");
        assert!(names(&name) || PAGE.contains(&fixed), "the variable {name} is not named");
    }
    for bytes in [MAX_LINE_BYTES, MAX_UNTAGGED_BYTES] {
        assert!(PAGE.contains(&format!("{} MiB", bytes >> 20)), "the limit of {bytes} bytes is not named");
    }
}

/// A request of the page with the reply below it.
struct Exchange {
    request: String,
    reply: String,
}

fn exchanges() -> Vec<Exchange> {
    let lines: Vec<String> = blocks("jsonl")
        .iter()
        .flat_map(|block| block.lines().map(String::from).collect::<Vec<_>>())
        .collect();
    let pairs = lines.chunks(2).map(|pair| {
        let [request, reply] = pair else { panic!("{pair:?} has no reply") };
        Exchange { request: request.clone(), reply: reply.clone() }
    });
    pairs.collect()
}

fn decode(reply: &str, request: &str) -> Result<Reply, String> {
    let body = tag().strip(reply.as_bytes()).ok_or("the reply does not begin with the tag")?;
    decode_reply(body, &json(request)["seq"], kind_of(request)).map_err(|error| error.to_string())
}

fn kind_of(request: &str) -> RequestKind {
    let body = tag().strip(request.as_bytes()).expect("each line begins with the tag");
    let (_, request): (_, Request) = decode_request(body).expect("each example is a request");
    request.kind()
}

fn manifest(text: &str) -> Result<Manifest, String> {
    let files = AdapterFiles::new([
        ("adapter.toml".to_owned(), text.into()),
        ("requirements.txt".to_owned(), Vec::new()),
        ("baseline.toml".to_owned(), Vec::new()),
        ("baseline-async.toml".to_owned(), Vec::new()),
    ]);
    Manifest::parse("rust-example", &files).map_err(|error| error.to_string())
}

fn manifest_error(text: &str) -> String {
    manifest(text).expect_err("the manifest does not fit")
}

/// The JSON of a block, or of a line without its tag.
fn json(text: &str) -> Value {
    let body = tag().strip(text.as_bytes()).unwrap_or(text.as_bytes());
    serde_json::from_slice(body).expect("the example is JSON")
}

/// The contents of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let begun = PAGE.split(fence.as_str()).skip(1);
    begun.map(|rest| rest.split("```").next().expect("a split has a first part").to_owned()).collect()
}

/// Whether the page has the word in backticks, outside the blocks.
fn names(word: &str) -> bool {
    PAGE.contains(&format!("`{word}`"))
}

/// Every word of an enumeration, as its schema lists them.
fn words<T: JsonSchema>() -> BTreeSet<String> {
    let schema = schemars::schema_for!(T).to_value();
    let variants = schema["oneOf"].as_array().expect("each variant has a documentation");
    let words: BTreeSet<String> =
        variants.iter().filter_map(|variant| variant["const"].as_str().map(String::from)).collect();
    assert_eq!(words.len(), variants.len());
    words
}

fn tag() -> Tag {
    Tag::from_text("0123456789abcdef")
}

const PAGE: &str = include_str!("../PROTOCOL.md");
