//! Programs that leak the canary of their `put` in exactly one way, and an honest one at credential level.

use std::{
    env,
    fs::{self, File},
    io::{self, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::Command,
    sync::Arc,
};

use rustix::fs::{XattrFlags, setxattr};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use sealcheck::{
    canary::cache_document,
    protocol::{Authority, Level, Reply, ReplyBody, Request},
    world::client::{Found, KeyringClient},
};
use serde_json::Value;

use crate::{
    keyring::Keyring,
    wire::{Wire, canary_of, found},
};

/// The variables that tell a leak where the authority is; no secret.
pub(crate) const AUTHORITY_URL: &str = "TEST_AUTHORITY_URL";
pub(crate) const AUTHORITY_CA: &str = "TEST_AUTHORITY_CA";

/// An adapter that leaks to the observer of this name, or to nobody.
pub(crate) fn leak(to: &str) {
    Wire::open().serve(Level::Store, |request| {
        if let Some(canary) = canary_of(request) {
            spill(to, &canary);
            return None;
        }
        let Request::Get(_) = request else { return None };
        (to == "relocation").then(|| found(Some(cache_document(&obfuscated(), 0))))
    });
}

fn spill(to: &str, canary: &str) {
    let home = PathBuf::from(env::var_os("HOME").unwrap());
    match to {
        "nobody" => {}
        "files" => {
            // Contents and names are watched as they are written; what is beside them is only found later.
            let path = home.join("left");
            drop(File::create(&path).unwrap());
            setxattr(&path, "user.note", canary.as_bytes(), XattrFlags::empty()).unwrap();
        }
        "system_calls" => {
            let path = home.join("transient");
            fs::write(&path, canary).unwrap();
            fs::remove_file(path).unwrap();
        }
        "processes" => {
            let mut grandchild = Command::new(env::current_exe().unwrap());
            assert!(grandchild.args(["idle", canary]).status().unwrap().success());
        }
        "output" => io::stderr().write_all(format!("could not refresh {canary}\n").as_bytes()).unwrap(),
        "bus" => {
            let mut client = KeyringClient::connect(&env::var("DBUS_SESSION_BUS_ADDRESS").unwrap()).unwrap();
            // The answer is that there is no such item, and does not repeat the question.
            let found = client.search(&[("cache".to_owned(), canary.to_owned())].into()).unwrap();
            assert_eq!(found, Found::default());
        }
        "keyring" => Keyring::open().unwrap().store("leak", canary.as_bytes()).unwrap(),
        "network" => {
            let (url, ca_file) = (env::var(AUTHORITY_URL).unwrap(), env::var(AUTHORITY_CA).unwrap());
            post(&url, &ca_file, "/telemetry", &format!("token={canary}"));
        }
        "relocation" => {
            let key: Vec<u8> = canary.bytes().rev().map(|byte| byte.wrapping_mul(73) ^ 0xa5).collect();
            fs::write(home.join("sealed"), xor(canary.as_bytes(), &key)).unwrap();
            fs::write(home.join("key"), key).unwrap();
        }
        unknown => panic!("{unknown} is no observer"),
    }
}

/// What lies beside its key.
fn obfuscated() -> String {
    let home = PathBuf::from(env::var_os("HOME").unwrap());
    let [sealed, key] = ["sealed", "key"].map(|name| fs::read(home.join(name)).unwrap());
    String::from_utf8(xor(&sealed, &key)).unwrap()
}

fn xor(bytes: &[u8], key: &[u8]) -> Vec<u8> {
    bytes.iter().zip(key).map(|(byte, key)| byte ^ key).collect()
}

/// An adapter whose cache is honest and whose values come from the authority.
pub(crate) fn credential() {
    let (mut authority, mut name) = (None, String::new());
    Wire::open().serve(Level::Credential, |request| match request {
        Request::Open(open) => {
            authority.clone_from(&open.authority);
            name = open.options.as_ref().and_then(|options| options.name.clone()).unwrap_or_default();
            None
        }
        Request::Put(put) => {
            let scope = put.scope.as_ref().unwrap();
            let token = token(authority.as_ref().unwrap(), scope);
            Keyring::open().unwrap().store(&format!("{name} {scope}"), token.as_bytes()).unwrap();
            Some(Reply::Ok(ReplyBody::Put { state: None }))
        }
        Request::Get(get) => {
            let scope = get.scope.as_ref().unwrap();
            let stored = Keyring::open().unwrap().load(&format!("{name} {scope}"));
            let token = stored.unwrap_or_else(|| token(authority.as_ref().unwrap(), scope).into_bytes());
            Some(found(Some(token)))
        }
        Request::Hello(_)
        | Request::Remove(_)
        | Request::List(_)
        | Request::Render(_)
        | Request::Close(_)
        | Request::Bye => None,
    });
}

fn token(authority: &Authority, scope: &str) -> String {
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={scope}",
        authority.client_id, authority.client_secret
    );
    let path = format!("/{}/oauth2/v2.0/token", authority.tenant);
    let answer = post(&authority.url, &authority.ca_file, &path, &body);
    let answer: Value = serde_json::from_str(answer.split("\r\n\r\n").last().unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn post(url: &str, ca_file: &str, path: &str, body: &str) -> String {
    let host = url.strip_prefix("https://").unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    let configuration =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(configuration), name).unwrap();
    let port = host.rsplit(':').next().unwrap();
    let socket = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    // A server that ends the connection without a farewell has answered all the same.
    let _ended = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}
