//! What reading the schema of MSAL costs, against `serde_json` on the same bytes.
//!
//! ```text
//! cargo bench --bench msal                     10, 1,000 and 100,000 tokens; half a gigabyte of memory
//! cargo bench --bench msal -- --tokens 1000    one size
//! ```
//!
//! Two peers read the bytes bare: into `IgnoredAny`, which checks the grammar and keeps nothing, and into `Value`, as a
//! cache without a library of its own is read. Each round runs every program in turn. What is printed is the fastest
//! run of each, and ratios of those: what a busy machine adds is nobody's cost.
//!
//! The program fails when parsing and one query take more than 1.5 times as long as the bare parse into `Value`.
//! Without optimisation, as `cargo test` builds it, it only shows that it runs: such times mean nothing.
//!
//! | file | holds |
//! |---|---|
//! | `cache.rs` | the caches: how many tokens, how long, laid out as MSAL for Python does |
//! | `rounds.rs` | running programs in turn, and the ratios of their fastest runs |

#![expect(clippy::print_stdout, reason = "what was measured is printed")]

mod cache;
mod rounds;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use cache::{Cache, Secrets};
use rounds::{Program, Rounds};
use serde::de::IgnoredAny;
use serde_json::Value;
use token_cache::SecretBytes;
use token_cache::msal::{Document, Limits, Query};

fn main() -> ExitCode {
    let sizes = sizes(std::env::args().skip(1).filter(|argument| argument != "--bench"));
    println!(
        "{:>7} {:>9} {:>12}  {:32} {:>12} {:>14} {:>9}",
        "tokens", "secrets", "bytes/token", "", "ns/token", "÷ IgnoredAny", "÷ Value"
    );
    let mut worst: f64 = 0.0;
    for secrets in [Secrets::Long, Secrets::Short] {
        for tokens in &sizes {
            let cache = Cache { tokens: *tokens, secrets };
            worst = worst.max(measure(&cache));
        }
    }
    println!(
        "parse and query against serde_json's bare parse: at worst {worst:.2}; at most {TARGET} is wanted"
    );
    if cfg!(debug_assertions) || worst <= TARGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures one cache, and returns the ratio that is wanted to be small.
fn measure(cache: &Cache) -> f64 {
    let stored = cache.bytes();
    let query = cache.query_for(cache.tokens - 1);
    assert_eq!(parse(&stored).access_tokens(&query).count(), 1, "the query finds its token");

    let programs = [
        Program::new("IgnoredAny, bare", || {
            black_box(serde_json::from_slice::<IgnoredAny>(stored.expose()).expect("it is JSON"));
        }),
        Program::new("Value, bare", || {
            black_box(serde_json::from_slice::<Value>(stored.expose()).expect("it is JSON"));
        }),
        Program::new("parse", || {
            black_box(parse(&stored));
        }),
        Program::new("parse, query one", || {
            let document = parse(&stored);
            black_box(document.access_tokens(black_box(&query)).next().expect("it is there"));
        }),
        Program::new("parse, read all", || {
            let document = parse(&stored);
            black_box(
                document.access_tokens(&Query::new()).fold(0, |sum, token| sum + token.secret.expose().len()),
            );
        }),
        Program::new("parse, replace one, write", || {
            let mut document = parse(&stored);
            let token = document.access_tokens(&query).next().expect("it is there").into_owned();
            let mut token = token;
            token.secret = "another".into();
            document.upsert(&token).expect("it is a section");
            black_box(document.to_bytes());
        }),
    ];
    let rounds = Rounds::run(&programs, time_for(cache.tokens));
    for (at, program) in programs.iter().enumerate() {
        println!(
            "{:>7} {:>9} {:>12}  {:32} {:>12.0} {:>14.2} {:>9.2}",
            cache.tokens,
            cache.secrets.name(),
            stored.len() / cache.tokens,
            program.name,
            rounds.nanoseconds(at) / cache.tokens as f64,
            rounds.ratio(at, 0),
            rounds.ratio(at, 1),
        );
    }
    rounds.ratio(3, 1)
}

fn parse(stored: &SecretBytes) -> Document<'_> {
    // A cache in a file may have 16 MiB; here it is about what happens to more.
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    Document::parse_within(stored, limits).expect("it is a document")
}

fn time_for(tokens: usize) -> Duration {
    match (cfg!(debug_assertions), tokens) {
        (true, _) => Duration::ZERO,
        (false, 0..10_000) => Duration::from_secs(2),
        (false, _) => Duration::from_secs(10),
    }
}

fn sizes(arguments: impl Iterator<Item = String>) -> Vec<usize> {
    let arguments: Vec<String> = arguments.collect();
    match &*arguments {
        [] if cfg!(debug_assertions) => vec![10, 1_000],
        [] => vec![10, 1_000, 100_000],
        [option, tokens] if option == "--tokens" => {
            let tokens = tokens.parse().ok().filter(|tokens| *tokens > 0);
            vec![tokens.expect("--tokens takes a number above 0")]
        }
        _ => panic!("the only option is --tokens NUMBER, not {arguments:?}"),
    }
}

const TARGET: f64 = 1.5;
