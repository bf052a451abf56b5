//! The load, and how this library carries it.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use token_cache::{Environment, Error, Platform, SecretBytes, TokenCache, TokenCachePersistenceOptions};

/// So many processes with so many threads each, and so many updates by each thread.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) processes: usize,
    pub(crate) threads: usize,
    pub(crate) updates: usize,
}

impl Load {
    /// The same number of writers, once as processes and once as threads.
    pub(crate) fn shapes(self) -> [(String, Self); 2] {
        let Self { processes: writers, updates, .. } = self;
        [
            (format!("{writers} processes x {updates}"), self),
            (format!("{writers} threads x {updates}"), Self { processes: 1, threads: writers, updates }),
        ]
    }

    /// How many updates there are.
    pub(crate) fn total(self) -> usize {
        self.processes * self.threads * self.updates
    }
}

/// The line that one update adds.
pub(crate) fn mark(process: usize, thread: usize, update: usize) -> String {
    format!("{process:02}.{thread:02}.{update:04}\n")
}

/// Opens the cache in `home`, as an application without a keyring does.
pub(crate) fn open(home: &Path) -> TokenCache {
    let environment =
        Environment { platform: Platform::Linux, home: Some(home.to_owned()), ..Environment::default() };
    let options = TokenCachePersistenceOptions::new().name("contended").allow_unencrypted_storage(true);
    TokenCache::builder(&options).environment(environment).open().expect("a plaintext cache")
}

/// A worker process: says that it is ready, waits for a line, carries its part of the load, and tells of each update.
///
/// The arguments are the folder, the number of the process, of threads and of updates.
pub(crate) fn work(arguments: &[String]) {
    let number = |index: usize| arguments[index].parse::<usize>().expect("a number");
    let (home, process) = (PathBuf::from(&arguments[0]), number(1));
    let (threads, updates) = (number(2), number(3));
    let cache = open(&home);
    println!("ready");
    std::io::stdin().lock().read_line(&mut String::new()).expect("the parent starts all workers together");

    let told: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let cache = &cache;
                scope.spawn(move || each(cache, process, thread, updates))
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    std::io::stdout().write_all(told.concat().as_bytes()).expect("the parent reads");
}

fn each(cache: &TokenCache, process: usize, thread: usize, updates: usize) -> Vec<String> {
    (0..updates)
        .map(|number| {
            let mark = mark(process, thread, number);
            match update(cache, &mark) {
                Ok(wait) => format!("done {} {mark}", wait.as_micros()),
                Err(error) => format!("error {error}\n"),
            }
        })
        .collect()
}

/// Adds the mark; how long it took until the cache was ours.
fn update(cache: &TokenCache, mark: &str) -> Result<Duration, Error> {
    let begun = Instant::now();
    let mut wait = Duration::ZERO;
    cache.update(|stored| {
        wait = begun.elapsed();
        let stored = stored.map_or(&[][..], SecretBytes::expose);
        Ok([stored, mark.as_bytes()].concat().into())
    })?;
    Ok(wait)
}

/// The first argument of a worker process.
pub(crate) const WORKER: &str = "worker";
