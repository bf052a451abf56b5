//! The leak to the token authority.

use super::NetworkLeak;
use crate::https::{Client, HttpsError};

/// Posts the canary as a form field to `/beacon`. Any answer will do: the request arrived.
pub(super) fn post(leak: &NetworkLeak) -> Result<(), HttpsError> {
    Client::new(&leak.url, None, &leak.ca_file)?.post("/beacon", &[("beacon", &leak.canary)]).map(drop)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::Arc,
        thread,
        time::Duration,
    };

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

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

    const DEADLINE: Duration = Duration::from_secs(5);
}
