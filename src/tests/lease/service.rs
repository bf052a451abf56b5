//! A token service that rotates: the token that it gave out last is the only one that it takes.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use token_cache::TokenCache;

/// The service, from the side of whoever runs it.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    /// Requests as they come in; each waits until it is let through.
    requests: Receiver<Request>,
    current: Arc<Mutex<u32>>,
}

/// A request that was read and not yet answered.
pub(crate) struct Request {
    stream: TcpStream,
    token: u32,
    current: Arc<Mutex<u32>>,
}

impl Service {
    /// Starts it; the token that it takes first is `1`.
    ///
    /// Whenever it is asked, it looks whether the cache can be changed: somebody who holds it across the network is told.
    pub(crate) fn start(cache: &TokenCache) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let address = listener.local_addr().expect("bound");
        let (sender, requests) = channel();
        let current = Arc::new(Mutex::new(1));
        let (cache, theirs) = (cache.clone(), Arc::clone(&current));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (cache, current, sender) = (cache.clone(), Arc::clone(&theirs), sender.clone());
                thread::spawn(move || receive(stream.expect("accepted"), &cache, current, &sender));
            }
        });
        Self { address, requests, current }
    }

    /// The next request.
    pub(crate) fn request(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("somebody asks")
    }

    /// Requests that came in and that nobody has looked at.
    pub(crate) fn further_requests(&self) -> usize {
        self.requests.try_iter().count()
    }

    /// How often a token was redeemed.
    pub(crate) fn redeemed(&self) -> u32 {
        *self.current.lock().expect("not poisoned") - 1
    }
}

impl Request {
    /// Answers it; says whether the token was good.
    pub(crate) fn answer(mut self) -> bool {
        let mut current = self.current.lock().expect("not poisoned");
        let good = self.token == *current;
        *current += u32::from(good);
        let answer = if good { current.to_string() } else { "reused".to_owned() };
        // Whoever asked may be dead by now.
        let _ = writeln!(self.stream, "{answer}");
        good
    }
}

fn receive(stream: TcpStream, cache: &TokenCache, current: Arc<Mutex<u32>>, sender: &Sender<Request>) {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).expect("a request");
    cache
        .update(|stored| Ok(stored.expect("somebody is signed in").clone()))
        .expect("nobody holds the cache");
    let token = line.trim().parse().expect("a token");
    // The test may be over.
    let _ = sender.send(Request { stream, token, current });
}

/// Longer than anything takes here that does not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
