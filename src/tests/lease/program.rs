//! A program that needs an access token, as another process.

use std::error::Error as StdError;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use token_cache::{Environment, Lease, Platform, SecretBytes, TokenCache, TokenCachePersistenceOptions};

use crate::service::PATIENCE;

/// The first argument of the other process.
pub(crate) const WORKER: &str = "worker";

/// Whether a program takes a lease before it redeems.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Care {
    /// It does, for this term.
    Leases(Duration),
    /// It does not: what happens then is why there are leases.
    None,
}

/// The cache in `home`, whose content says whether its token has expired, and which one it is.
///
/// What is measured here is leases: `deadline` says how slow the cache may be.
pub(crate) fn open(home: &Path, deadline: Duration) -> TokenCache {
    let environment = Environment {
        platform: Platform::Other("a system without a keyring"),
        home: Some(home.to_owned()),
        ..Environment::default()
    };
    let options = TokenCachePersistenceOptions::new().name("rotated").allow_unencrypted_storage(true);
    TokenCache::builder(&options)
        .environment(environment)
        .deadline(deadline)
        .open()
        .expect("a plaintext cache")
}

pub(crate) fn bytes(text: &str) -> SecretBytes {
    text.as_bytes().to_vec().into()
}

/// The other process: says when it is ready, waits for a line, gets a token in each thread, and says what it got.
///
/// The arguments are the folder, the service, the term in milliseconds (0: none) and the number of threads.
pub(crate) fn work(arguments: &[String]) {
    let (home, service) = (PathBuf::from(&arguments[0]), arguments[1].parse().expect("an address"));
    let term = Duration::from_millis(arguments[2].parse().expect("a term"));
    let threads: usize = arguments[3].parse().expect("a number");
    let care = if term.is_zero() { Care::None } else { Care::Leases(term) };
    let cache = open(&home, PATIENCE);
    say("ready");
    io::stdin().lock().read_line(&mut String::new()).expect("somebody says when");
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| match access(&cache, service, care) {
                Ok(token) => say(&format!("got {token}")),
                Err(error) => say(&format!("error {error}")),
            });
        }
    });
}

/// Gets a token as the documentation of leases says it.
fn access(
    cache: &TokenCache,
    service: SocketAddr,
    care: Care,
) -> Result<String, Box<dyn StdError + Send + Sync>> {
    let lease = match care {
        Care::Leases(term) => Some(cache.lease("alex@example.com", term)?),
        Care::None => None,
    };
    let used = cache.read()?.ok_or("nobody is signed in")?;
    let Some(expired) = text(&used).strip_prefix("expired ").map(str::to_owned) else {
        return Ok(text(&used));
    };
    let fresh = bytes(&format!("fresh {}", redeem(service, &expired, lease.as_ref())?));
    let mut current = fresh.clone();
    let change = |stored: Option<&SecretBytes>| {
        let stored = stored.ok_or("the user has signed out meanwhile")?;
        if *stored != used {
            current = stored.clone();
        }
        Ok(current.clone())
    };
    match lease {
        Some(lease) => {
            let tenure = lease.conclude(change)?;
            say(&format!("{tenure:?}"));
        }
        None => cache.update(change)?,
    }
    Ok(text(&current))
}

fn redeem(
    service: SocketAddr,
    token: &str,
    lease: Option<&Lease>,
) -> Result<String, Box<dyn StdError + Send + Sync>> {
    let within = lease.map_or(PATIENCE, Lease::remaining);
    if within.is_zero() {
        return Err("the term is over".into());
    }
    let mut stream = TcpStream::connect(service)?;
    stream.set_read_timeout(Some(within))?;
    writeln!(stream, "{token}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match answer.trim() {
        "reused" => Err("the token was redeemed before".into()),
        fresh => Ok(fresh.to_owned()),
    }
}

fn text(bytes: &SecretBytes) -> String {
    String::from_utf8(bytes.expose().to_vec()).expect("text")
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn say(line: &str) {
    println!("{line}");
}

/// The other process, from the side of the one that started it; it ends with this.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    /// Starts it, and waits until it has opened the cache.
    pub(crate) fn start(home: &Path, service: SocketAddr, care: Care, threads: usize) -> Self {
        let term = match care {
            Care::Leases(term) => term.as_millis(),
            Care::None => 0,
        };
        let mut child = Command::new(std::env::current_exe().expect("this program has a path"))
            .arg(WORKER)
            .arg(home)
            .args([service.to_string(), term.to_string(), threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("the output is a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let program = Self { input: child.stdin.take(), child, lines };
        assert_eq!(program.line(), "ready");
        program
    }

    /// Has it begin.
    pub(crate) fn go(&mut self) {
        let mut input = self.input.take().expect("it begins once");
        input.write_all(b"go\n").expect("it listens");
    }

    /// What it says next.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("it says something in time")
    }

    /// Everything that it says until it ends.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return lines,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it hangs after {lines:?}"),
            }
        }
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("our own child");
    }

    /// Its id.
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
