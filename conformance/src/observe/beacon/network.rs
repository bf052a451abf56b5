//! The leak to the token authority.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::NetworkLeak;

/// Posts the canary as a form field to `/beacon`. Any answer will do: the request arrived.
pub(super) fn post(leak: &NetworkLeak) -> Result<(), NetworkLeakError> {
    let authority = leak.url.strip_prefix("https://").ok_or(NetworkLeakError::Url)?.trim_end_matches('/');
    let (host, _) = authority.rsplit_once(':').ok_or(NetworkLeakError::Url)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| NetworkLeakError::Url)?;
    let connection = ClientConnection::new(Arc::new(configuration(&leak.ca_file)?), name)?;
    let mut stream = StreamOwned::new(connection, connect(authority)?);

    let body = format!("beacon={}", leak.canary);
    write!(
        stream,
        "POST /beacon HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()?;
    let mut status = [0; 9];
    stream.read_exact(&mut status)?;
    if status.starts_with(b"HTTP/1.") { Ok(()) } else { Err(NetworkLeakError::Answer) }
}

/// Trust in the throw-away CA of this world and in nothing else.
fn configuration(ca_file: &str) -> Result<ClientConfig, NetworkLeakError> {
    let unreadable = |cause: String| NetworkLeakError::CaFile { path: ca_file.into(), cause };
    let certificate =
        CertificateDer::from_pem_file(ca_file).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Connects to the first address that answers: the authority listens on IPv4 only.
fn connect(authority: &str) -> Result<TcpStream, NetworkLeakError> {
    let addresses: Vec<SocketAddr> = authority.to_socket_addrs()?.collect();
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

/// Why a leak did not reach the authority.
#[derive(Debug, thiserror::Error)]
pub(super) enum NetworkLeakError {
    #[error("the answer is not HTTP")]
    Answer,
    #[error("the CA file {path} cannot be used: {cause}")]
    CaFile { path: String, cause: String },
    #[error(transparent)]
    Connection(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("the URL of the authority is not https://HOST:PORT")]
    Url,
}

const DEADLINE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

    use super::*;

    #[test]
    fn the_canary_arrives_in_a_form_field() {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".into()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, cert.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let configuration = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(DEADLINE)).unwrap();
            let connection = ServerConnection::new(Arc::new(configuration)).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            let mut request = Vec::new();
            while !request.ends_with(b"beacon=scCanary") {
                let mut chunk = [0; 512];
                let count = stream.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..count]);
            }
            stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            request
        });

        let leak = NetworkLeak {
            canary: "scCanary".into(),
            url: format!("https://localhost:{port}"),
            ca_file: ca_file.to_str().unwrap().into(),
        };
        post(&leak).unwrap();
        assert!(server.join().unwrap().starts_with(b"POST /beacon HTTP/1.1\r\n"));
    }

    #[test]
    fn a_ca_file_that_is_not_there_is_named() {
        let leak = NetworkLeak {
            canary: "scCanary".into(),
            url: "https://localhost:1".into(),
            ca_file: "/nonexistent/ca.pem".into(),
        };
        let message = post(&leak).unwrap_err().to_string();
        assert!(message.starts_with("the CA file /nonexistent/ca.pem cannot be used: "), "{message}");
    }
}
