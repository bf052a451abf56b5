//! The token authority as a client on the wire sees it.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use sealcheck::{
    case::CanaryRole,
    observation::{Clock, EvidenceLog, Fact, IssuedBy, Observer, SessionIndex, TokenRequest},
    world::authority::{Authority, AuthorityError, AuthoritySettings, CLIENT_SECRET_ROLE, scope_of},
};
use serde_json::Value;

#[test]
fn discovery_leads_to_the_token_endpoint_of_the_tenant() {
    let world = World::start();
    let parameters = world.authority.parameters();
    let path = format!("/{}/v2.0/.well-known/openid-configuration", parameters.tenant);
    let answer = world.get(&path);
    assert_eq!(answer.status, 200);
    let expected = format!("{}/{}/oauth2/v2.0/token", parameters.url, parameters.tenant);
    assert_eq!(answer.json()["token_endpoint"], Value::from(expected));

    let instance = world.get("/common/discovery/instance?api-version=1.1");
    assert_eq!(instance.status, 200);
    assert_eq!(instance.json()["metadata"][0]["aliases"][0], Value::from("localhost"));
}

#[test]
fn an_armed_role_is_answered_with_its_canary() {
    let world = World::start();
    world.authority.set_session(Some(SessionIndex(1)));
    world.authority.issue(&role("alice"));
    let answer = world.ask(&role("alice"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["access_token"], Value::from(ALICE));
    assert_eq!(answer.json()["scope"], Value::from(scope_of(&role("alice"))));

    let records = world.log.entries();
    let found: Vec<_> = records.iter().map(|entry| (entry.observer, entry.session, &entry.fact)).collect();
    let session = Some(SessionIndex(1));
    let request = Fact::TokenRequest(TokenRequest {
        grant: "client_credentials".into(),
        scope: scope_of(&role("alice")),
        issued: Some(role("alice")),
    });
    let issued = Fact::CanaryIssued { role: role("alice"), by: IssuedBy::Authority };
    assert_eq!(found, [(Observer::Network, session, &request), (Observer::Harness, session, &issued)]);
}

#[test]
fn a_withheld_role_is_answered_with_a_fresh_decoy() {
    let world = World::start();
    world.authority.issue(&role("alice"));
    world.authority.withhold();
    let first = world.ask(&role("alice"));
    let second = world.ask(&role("alice"));
    let tokens = [first, second].map(|answer| {
        assert_eq!(answer.status, 200);
        answer.json()["access_token"].as_str().expect("a token is text").to_owned()
    });
    assert!(tokens.iter().all(|token| token.starts_with("decoy-")), "{tokens:?}");
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(world.issued(), [None, None]);
}

#[test]
fn a_role_that_is_not_the_armed_one_is_answered_with_a_decoy() {
    let world = World::start();
    world.authority.issue(&role("alice"));
    let answer = world.ask(&role("bob"));
    assert!(answer.json()["access_token"].as_str().is_some_and(|token| token.starts_with("decoy-")));
    let answer = world.ask(&role("alice"));
    assert_eq!(answer.json()["access_token"], Value::from(ALICE));
    assert_eq!(world.issued(), [None, Some(role("alice"))]);
}

#[test]
fn unknown_paths_and_methods_are_refused_and_still_scanned() {
    let world = World::start();
    assert_eq!(world.get("/elsewhere?q=leaked-in-query").status, 404);
    assert_eq!(world.get(&format!("/{}/oauth2/v2.0/token", world.tenant())).status, 405);
    assert!(world.saw("query", b"leaked-in-query"));
    assert_eq!(world.issued(), [], "none of these is a request for a token");
}

#[test]
fn malformed_token_requests_are_refused_and_recorded() {
    let world = World::start();
    world.authority.issue(&role("alice"));
    let scope = scope_of(&role("alice"));
    let good = world.form("client_credentials", &scope);
    let bodies: [(&str, &str, String, u16, &str); 8] = [
        ("not a form", "application/json", "{}".into(), 400, "invalid_request"),
        ("half an escape", FORM, "grant_type=%".into(), 400, "unsupported_grant_type"),
        ("empty", FORM, String::new(), 400, "invalid_request"),
        ("no grant", FORM, "scope=x".into(), 400, "invalid_request"),
        ("a field twice", FORM, format!("{good}&scope=x"), 400, "invalid_request"),
        ("another grant", FORM, world.form("password", &scope), 400, "unsupported_grant_type"),
        ("a foreign scope", FORM, world.form("client_credentials", "openid"), 400, "invalid_scope"),
        ("a wrong secret", FORM, good.replace(SECRET, "guess"), 401, "invalid_client"),
    ];
    for (what, kind, body, status, error) in &bodies {
        let answer = world.post(&world.token_path(), kind, body.as_bytes());
        assert_eq!(answer.status, *status, "{what}");
        assert_eq!(answer.json()["error"], Value::from(*error), "{what}");
    }
    assert_eq!(world.issued(), vec![None; bodies.len()]);
    // The positive control: the same request without a defect.
    assert_eq!(world.ask(&role("alice")).status, 200);
}

#[test]
fn bytes_that_are_not_utf_8_are_no_form() {
    let world = World::start();
    let answer = world.post(&world.token_path(), FORM, b"grant_type=\xff\xfe");
    assert_eq!((answer.status, &answer.json()["error"]), (400, &Value::from("invalid_request")));
    assert!(world.saw("body", b"grant_type=\xff\xfe"));
}

#[test]
fn an_oversized_body_is_refused_and_counts_as_not_seen() {
    let world = World::start();
    let mut body = b"grant_type=client_credentials&padding=".to_vec();
    body.resize(64 * 1024 + 1, b'x');
    assert_eq!(world.post(&world.token_path(), FORM, &body).status, 413);
    assert_eq!(
        world.authority.finish(),
        Err("a request body was longer than 65536 bytes; the rest was not read".into())
    );
}

#[test]
fn a_body_of_the_greatest_length_is_read_whole() {
    let world = World::start();
    let mut body = b"grant_type=client_credentials&padding=".to_vec();
    body.resize(64 * 1024, b'x');
    assert_eq!(world.post(&world.token_path(), FORM, &body).status, 400);
    assert_eq!(world.authority.finish(), Ok(()));
}

#[test]
fn every_part_of_a_request_is_shown_to_the_scan() {
    let world = World::start();
    world.authority.set_session(Some(SessionIndex(2)));
    world.authority.issue(&role("alice"));
    world.ask(&role("alice"));
    assert!(world.saw("client_secret", SECRET.as_bytes()));
    assert!(world.saw("header:user-agent", b"sealcheck-test"));
    assert!(world.saw("path", world.token_path().as_bytes()));
    let parts = world.parts.lock().expect("no test panics with the lock held");
    assert!(parts.iter().all(|part| part.session == Some(SessionIndex(2))));
    assert!(parts.iter().all(|part| part.field != "body"), "a form is shown field by field");
}

#[test]
fn percent_encoding_is_undone_before_the_scan() {
    let world = World::start();
    let encoded: String = ALICE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    world.post("/beacon", FORM, format!("leak={encoded}").as_bytes());
    world.get(&format!("/elsewhere?leak={encoded}"));
    assert!(world.saw("leak", ALICE.as_bytes()));
    assert!(world.saw("query", ALICE.as_bytes()));
}

#[test]
fn the_beacon_is_answered_and_scanned() {
    let world = World::start();
    let answer = world.post("/beacon", "application/octet-stream", b"alive");
    assert_eq!(answer.status, 204);
    assert!(world.saw("body", b"alive"));
}

#[test]
fn a_canary_in_a_path_or_scope_is_recorded_by_its_role() {
    let world = World::start();
    world.get(&format!("/{ALICE}/x"));
    world.post(&world.token_path(), FORM, world.form("client_credentials", ALICE).as_bytes());
    let parts = world.parts.lock().expect("no test panics with the lock held");
    assert!(
        parts.iter().any(|part| part.path == "/{alice}/x" && part.bytes == format!("/{ALICE}/x").as_bytes())
    );
    let recorded = serde_json::to_string(&world.log.entries()).expect("evidence is plain data");
    assert!(recorded.contains("{alice}") && !recorded.contains(ALICE) && !recorded.contains(SECRET));
}

#[test]
fn what_is_not_tls_is_heard_and_sent_away() {
    let world = World::start();
    let mut stream = TcpStream::connect(("127.0.0.1", world.port())).expect("the authority listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout is set");
    stream.write_all(b"GET /plain HTTP/1.1\r\n\r\n").expect("the authority reads");
    stream.shutdown(std::net::Shutdown::Write).expect("the stream is open");
    let mut rest = Vec::new();
    // Whether the end comes as an end or as a reset is up to the system; nothing is answered either way.
    let _ = stream.read_to_end(&mut rest);
    assert_eq!(rest, b"");
    assert!(world.saw("bytes", b"GET /plain HTTP/1.1"));
    assert_eq!(world.authority.finish(), Ok(()));
}

#[test]
fn a_stalled_handshake_holds_up_nobody() {
    let world = World::start();
    let _stalled = TcpStream::connect(("127.0.0.1", world.port())).expect("the authority listens");
    assert_eq!(world.get("/elsewhere").status, 404);
    assert_eq!(world.authority.finish(), Ok(()));
}

#[test]
fn a_client_that_does_not_trust_the_ca_is_not_connected() {
    let world = World::start();
    let other = World::start();
    let error = connect(world.port(), &other.authority.parameters().ca_file)
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .expect_err("the certificate is of another CA");
    assert!(error.to_string().contains("invalid peer certificate"), "{error}");
}

#[test]
fn an_authority_needs_a_client_secret_and_a_folder() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let log = EvidenceLog::new(Clock::start());
    let settings = AuthoritySettings {
        ca_file: folder.path().join("ca.pem"),
        log,
        canaries: BTreeMap::from([(role("alice"), ALICE.into())]),
    };
    assert!(matches!(Authority::start(settings.clone(), |_| {}), Err(AuthorityError::NoClientSecret)));
    let settings = AuthoritySettings {
        ca_file: folder.path().join("missing/ca.pem"),
        canaries: BTreeMap::from([(role(CLIENT_SECRET_ROLE), SECRET.into())]),
        ..settings
    };
    assert!(matches!(Authority::start(settings, |_| {}), Err(AuthorityError::CaFile { .. })));
}

/// An authority with two roles, and all that it showed to the scan.
struct World {
    authority: Authority,
    log: EvidenceLog,
    parts: Arc<Mutex<Vec<Part>>>,
    _folder: tempfile::TempDir,
}

struct Part {
    session: Option<SessionIndex>,
    path: String,
    field: String,
    bytes: Vec<u8>,
}

impl World {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let log = EvidenceLog::new(Clock::start());
        let settings = AuthoritySettings {
            ca_file: folder.path().join("ca.pem"),
            log: log.clone(),
            canaries: BTreeMap::from([
                (role("alice"), ALICE.to_owned()),
                (role("bob"), "sc-bob-0123456789".to_owned()),
                (role(CLIENT_SECRET_ROLE), SECRET.to_owned()),
            ]),
        };
        let parts = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&parts);
        let authority = Authority::start(settings, move |part| {
            seen.lock().expect("no test panics with the lock held").push(Part {
                session: part.session,
                path: part.path.into(),
                field: part.field.into(),
                bytes: part.bytes.into(),
            });
        })
        .expect("the authority starts");
        Self { authority, log, parts, _folder: folder }
    }

    fn tenant(&self) -> String {
        self.authority.parameters().tenant
    }

    fn port(&self) -> u16 {
        let url = self.authority.parameters().url;
        url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the URL ends with a port")
    }

    fn token_path(&self) -> String {
        format!("/{}/oauth2/v2.0/token", self.tenant())
    }

    fn form(&self, grant: &str, scope: &str) -> String {
        let parameters = self.authority.parameters();
        let scope = scope.replace(':', "%3A").replace('/', "%2F");
        format!(
            "client_id={}&grant_type={grant}&client_info=1&client_secret={}&scope={scope}",
            parameters.client_id, parameters.client_secret
        )
    }

    fn ask(&self, role: &CanaryRole) -> Answer {
        let form = self.form("client_credentials", &scope_of(role));
        self.post(&self.token_path(), FORM, form.as_bytes())
    }

    fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\n").into_bytes(), b"")
    }

    fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n");
        self.send(head.into_bytes(), body)
    }

    fn send(&self, mut request: Vec<u8>, body: &[u8]) -> Answer {
        request
            .extend_from_slice(b"host: localhost\r\nuser-agent: sealcheck-test\r\nconnection: close\r\n\r\n");
        request.extend_from_slice(body);
        let mut stream = connect(self.port(), &self.authority.parameters().ca_file);
        // A body that is too long may be refused before all of it is sent.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }

    fn saw(&self, field: &str, bytes: &[u8]) -> bool {
        let parts = self.parts.lock().expect("no test panics with the lock held");
        parts
            .iter()
            .any(|part| part.field == field && part.bytes.windows(bytes.len()).any(|window| window == bytes))
    }

    /// What each request for a token was given.
    fn issued(&self) -> Vec<Option<CanaryRole>> {
        let entries = self.log.entries();
        let requests = entries.into_iter().filter_map(|entry| match entry.fact {
            Fact::TokenRequest(request) => Some(request.issued),
            _ => None,
        });
        requests.collect()
    }
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head is text");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a head has a status");
        Self { status, body: bytes[end + 4..].to_vec() }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer is JSON")
    }
}

fn connect(port: u16, ca_file: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).expect("the CA is PEM")).expect("the CA is a CA");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("the configuration is complete");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the authority listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout is set");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout is set");
    StreamOwned::new(connection, stream)
}

fn role(name: &str) -> CanaryRole {
    CanaryRole(name.into())
}

const ALICE: &str = "scAliceAliceAlice0123456789";
const SECRET: &str = "scSecretSecret0123456789";
const FORM: &str = "application/x-www-form-urlencoded";
const TIMEOUT: Duration = Duration::from_secs(10);
