//! Requests over TLS that trust one certificate: for the harness's own clients of its token authority.
//!
//! It speaks as much HTTP as the authority answers: one request per connection, and a body of known length. A general
//! client would bring public roots and pools of connections, and the authority is to see each request as it was made.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use form_urlencoded::Serializer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

/// A client of one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The name, with the port where the URL has one.
    host: String,
    name: ServerName<'static>,
    /// Where to connect to: the server itself, or a proxy.
    address: String,
    is_proxied: bool,
    configuration: Arc<ClientConfig>,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// Where it leads.
    pub(crate) location: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client of the server in a URL, maybe through a proxy; it trusts the certificate in the file and nothing else.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] for a URL that is no `https` URL, and a file that holds no certificate.
    pub(crate) fn new(url: &str, proxy: Option<&str>, ca_file: &str) -> Result<Self, HttpsError> {
        let host = url.strip_prefix("https://").ok_or(HttpsError::Url)?.trim_end_matches('/');
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
        let name = ServerName::try_from(name.to_owned()).map_err(|_| HttpsError::Url)?;
        let proxied = match proxy {
            Some(proxy) => Some(proxy.strip_prefix("http://").ok_or(HttpsError::Url)?.trim_end_matches('/')),
            None => None,
        };
        let address = proxied.map_or_else(|| format!("{}:{port}", name.to_str()), String::from);
        let configuration = Arc::new(configuration(ca_file)?);
        Ok(Self { host: host.into(), name, address, is_proxied: proxied.is_some(), configuration })
    }

    /// Asks for a page.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] where there is no answer.
    pub(crate) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, HttpsError> {
        self.send(&format!("GET {path}?{} HTTP/1.1\r\n", encoded(query)), "")
    }

    /// Posts a form.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] where there is no answer.
    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, HttpsError> {
        let body = encoded(form);
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.send(&head, &body)
    }

    fn send(&self, head: &str, body: &str) -> Result<Answer, HttpsError> {
        let mut socket = connect(&self.address)?;
        if self.is_proxied {
            self.tunnel(&mut socket)?;
        }
        let connection = ClientConnection::new(Arc::clone(&self.configuration), self.name.clone())?;
        let mut stream = StreamOwned::new(connection, socket);
        write!(stream, "{head}Host: {}\r\nConnection: close\r\n\r\n{body}", self.host)?;
        stream.flush()?;
        let mut answer = Vec::new();
        match stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer) {
            // Whether the server says that it ends is its affair: the length is known.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error.into()),
        }
        parse(&answer).ok_or(HttpsError::Answer)
    }

    fn tunnel(&self, socket: &mut TcpStream) -> Result<(), HttpsError> {
        let target = if self.host.contains(':') { self.host.clone() } else { format!("{}:443", self.host) };
        write!(socket, "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n")?;
        let mut head = Vec::new();
        let mut byte = [0];
        // The server speaks TLS from the next byte on, so no byte more may be read.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > MAX_HEAD_BYTES {
                return Err(HttpsError::Answer);
            }
            socket.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        if head.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(HttpsError::Proxy) }
    }
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let header = |wanted: &str| {
        lines.clone().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let body = answer.get(end + 4..)?.get(..length)?.to_vec();
    Some(Answer { status, location: header("location"), body })
}

/// Fields as a form or a query has them.
fn encoded(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Trust in the certificate of a file and in nothing else.
fn configuration(ca_file: &str) -> Result<ClientConfig, HttpsError> {
    let unreadable = |cause: String| HttpsError::CaFile { path: ca_file.into(), cause };
    let certificate =
        CertificateDer::from_pem_file(ca_file).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Connects to the first address that answers: the authority listens on IPv4 only.
fn connect(address: &str) -> Result<TcpStream, HttpsError> {
    let addresses: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(&address, DEADLINE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(DEADLINE))?;
                stream.set_write_timeout(Some(DEADLINE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpsError {
    #[error("the answer is not HTTP of a known length")]
    Answer,
    #[error("the CA file {path} cannot be used: {cause}")]
    CaFile { path: String, cause: String },
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the proxy leads nowhere")]
    Proxy,
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the URL of the authority is not https://HOST:PORT, or that of its proxy not http://HOST:PORT")]
    Url,
}

const DEADLINE: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
const MAX_HEAD_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_length() {
        let answer = b"HTTP/1.1 303 See Other\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nab";
        let parsed = parse(answer).expect("it is HTTP");
        assert_eq!((parsed.status, parsed.location.as_deref(), &*parsed.body), (303, Some("/x"), &b"ab"[..]));
        for cut in 1..answer.len() {
            assert!(parse(&answer[..cut]).is_none(), "{cut}");
        }
    }

    #[test]
    fn fields_are_encoded() {
        assert_eq!(encoded(&[("a b", "c&d"), ("e", "é=")]), "a+b=c%26d&e=%C3%A9%3D");
    }

    #[test]
    fn a_ca_file_that_is_not_there_is_named() {
        let error = Client::new("https://localhost:1", None, "/nonexistent/ca.pem").expect_err("no file");
        assert!(error.to_string().starts_with("the CA file /nonexistent/ca.pem cannot be used: "), "{error}");
    }

    #[test]
    fn a_url_without_tls_is_refused() {
        for (url, proxy) in
            [("http://localhost:1", None), ("https://localhost", Some("socks5://localhost:1"))]
        {
            assert!(matches!(Client::new(url, proxy, "/x"), Err(HttpsError::Url)), "{url}");
        }
    }
}
