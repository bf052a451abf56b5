//! What the other process does.
#![expect(clippy::disallowed_methods, reason = "the process that started this one tells it so what to do")]

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use token_cache::{Environment, Error, SecretBytes, TokenCache, TokenCachePersistenceOptions};

/// The variable that says that this is the other process, and what it does.
pub(crate) const VARIABLE: &str = "TOKEN_CACHE_JOB";

/// The local application data, where the system would choose them itself.
pub(crate) const DATA: &str = "TOKEN_CACHE_DATA";

/// The job of this process, if it is the other one.
pub(crate) fn wanted() -> Option<String> {
    env::var_os(VARIABLE).map(|job| job.into_string().expect("a job is a word"))
}

/// Does it, in the environment of this process, and says on standard output what came of it.
pub(crate) fn run(job: &str) -> ExitCode {
    match job {
        "read" => said(open().and_then(|cache| cache.read()).map(|read| read.map(text))),
        "write" => said(open().and_then(|cache| cache.write(secret("of another process")))),
        "add" => said(open().and_then(|cache| (0..ROUNDS).try_for_each(|_| add(&cache)))),
        "hold" => said(open().and_then(|cache| cache.update(|_| hold()))),
        "write-on" => said(open().and_then(|cache| write_on(&cache))),
        other => panic!("there is no job {other}"),
    }
}

/// How often one process adds.
pub(crate) const ROUNDS: usize = 25;

/// A cache of the user's, as an application opens it.
fn open() -> Result<TokenCache, Error> {
    let mut environment = Environment::system();
    if let Some(data) = env::var_os(DATA) {
        environment.local_app_data = Some(data.into());
    }
    TokenCache::builder(&TokenCachePersistenceOptions::new().name("test"))
        .environment(environment)
        .deadline(Duration::from_secs(60))
        .open()
}

fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> ExitCode {
    match result {
        Ok(value) => say(&format!("ok {value:?}")),
        Err(error) => say(&format!("error {:?}", error.kind())),
    }
    ExitCode::SUCCESS
}

fn add(cache: &TokenCache) -> Result<(), Error> {
    cache.update(|stored| {
        let count: usize = stored.map_or(0, |stored| text(stored.clone()).parse().expect("a number"));
        Ok(secret(&(count + 1).to_string()))
    })
}

fn hold() -> Result<SecretBytes, Box<dyn std::error::Error + Send + Sync>> {
    say("held");
    io::stdin().read_line(&mut String::new())?;
    Ok(secret("of the holder"))
}

fn write_on(cache: &TokenCache) -> Result<(), Error> {
    for number in 0.. {
        // Long enough to be torn if it could be.
        cache.write(secret(&format!("{number} ").repeat(10_000)))?;
        say(&number.to_string());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn say(line: &str) {
    println!("{line}");
    io::stdout().flush().expect("somebody reads");
}

fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn text(bytes: SecretBytes) -> String {
    String::from_utf8(bytes.expose().to_vec()).expect("text")
}
