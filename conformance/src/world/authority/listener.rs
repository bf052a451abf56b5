//! Connections: TCP, or a proxy's tunnel, to TLS, each handshake on its own and with a deadline.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{discovery::PUBLIC_NAME, issuer::Issuer, request::MAX_BODY_BYTES};

/// Hands finished TLS connections to the server.
///
/// A handshake runs in a task of its own, so that a client that stalls in it holds up nobody else.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Begins to accept.
    pub(super) fn spawn(listener: TcpListener, tls: Arc<ServerConfig>, issuer: Arc<Issuer>) -> Self {
        let (sender, ready) = mpsc::channel(BACKLOG);
        tokio::spawn(accept_all(listener, TlsAcceptor::from(tls), issuer, sender));
        Self { ready }
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task lives as long as the runtime, which drops this future when it ends.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    issuer: Arc<Issuer>,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (acceptor, issuer, ready) = (acceptor.clone(), Arc::clone(&issuer), ready.clone());
                tokio::spawn(async move {
                    if let Some(stream) = handshake(stream, &acceptor, &issuer).await {
                        // The server is gone only when the runtime ends.
                        let _ = ready.send((stream, peer)).await;
                    }
                });
            }
            Err(error) => {
                issuer.lose(format!("a connection could not be accepted: {error}"));
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// One handshake, through a tunnel where one is asked for. A client that does neither is heard out and sent away.
///
/// A handshake that fails carried nothing of the client's own: there is no early data.
async fn handshake(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    issuer: &Issuer,
) -> Option<TlsStream<TcpStream>> {
    let mut first = [0_u8; 1];
    let peeked = timeout(HANDSHAKE, stream.peek(&mut first)).await.ok()?.ok()?;
    if peeked == 0 {
        return None;
    }
    if first[0] != TLS_HANDSHAKE_RECORD {
        let mut heard = Vec::new();
        // Whatever was heard before an error or the deadline is in the buffer.
        let _ = timeout(PLAIN, hear(&stream, &mut heard)).await;
        if !is_tunnel(&heard) {
            issuer.see("(not TLS)", "bytes", &heard);
            return None;
        }
        issuer.see("(proxy)", "bytes", &heard);
        timeout(PLAIN, say(&stream, ESTABLISHED)).await.ok()?.ok()?;
    }
    timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok()
}

/// Reads to the end of the stream, the longest body, or the end of a request for a tunnel.
async fn hear(stream: &TcpStream, heard: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0_u8; 4096];
    while heard.len() < MAX_BODY_BYTES && !is_tunnel(heard) {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => heard.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether a client wants to be led to the public authority. Nothing else is led anywhere.
fn is_tunnel(heard: &[u8]) -> bool {
    heard.starts_with(format!("CONNECT {PUBLIC_NAME}:443 HTTP/1.").as_bytes()) && heard.ends_with(b"\r\n\r\n")
}

async fn say(stream: &TcpStream, mut words: &[u8]) -> io::Result<()> {
    while !words.is_empty() {
        stream.writable().await?;
        match stream.try_write(words) {
            Ok(written) => words = &words[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const TLS_HANDSHAKE_RECORD: u8 = 0x16;
const BACKLOG: usize = 64;
const HANDSHAKE: Duration = Duration::from_secs(10);
const PLAIN: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_millis(50);
