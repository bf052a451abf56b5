//! The token authority as a client on the wire sees it.
//!
//! One file: each test is a conversation with an authority, through the client at the end of the file.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use sealcheck::{
    case::CanaryRole,
    observation::{
        Clock, EvidenceLog, Fact, Grant, IssuedBy, Observer, SessionIndex, TokenRefusal, TokenRequest,
    },
    world::authority::{Authority, AuthorityError, AuthoritySettings, CLIENT_SECRET_ROLE, Face, scope_of},
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
    world.authority.arm(&role("alice"));
    let answer = world.ask(&role("alice"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["access_token"], Value::from(ALICE));
    assert_eq!(answer.json()["scope"], Value::from(scope_of(&role("alice"))));

    let records = world.log.entries();
    let found: Vec<_> = records.iter().map(|entry| (entry.observer, entry.session, &entry.fact)).collect();
    let session = Some(SessionIndex(1));
    let request = Fact::TokenRequest(TokenRequest {
        grant: Grant::ClientCredentials,
        scope: scope_of(&role("alice")),
        issued: Some(role("alice")),
        refused: None,
    });
    let issued = Fact::CanaryIssued { role: role("alice"), by: IssuedBy::Authority };
    assert_eq!(found, [(Observer::Network, session, &request), (Observer::Harness, session, &issued)]);
}

#[test]
fn a_withheld_role_is_answered_with_a_fresh_decoy() {
    let world = World::start();
    world.authority.arm(&role("alice"));
    world.authority.disarm(&role("alice"));
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
    world.authority.arm(&role("alice"));
    let answer = world.ask(&role("bob"));
    assert!(answer.json()["access_token"].as_str().is_some_and(|token| token.starts_with("decoy-")));
    let answer = world.ask(&role("alice"));
    assert_eq!(answer.json()["access_token"], Value::from(ALICE));
    assert_eq!(world.issued(), [None, Some(role("alice"))]);
}

#[test]
fn a_user_who_enters_a_code_gives_the_client_three_secrets() {
    let world = World::start();
    world.authority.arm(&role("alice"));
    let begun = world.post(&world.path("devicecode"), FORM, world.public_form(&[]).as_bytes()).json();
    let code = begun["device_code"].as_str().expect("a code is text");
    let poll = world.public_form(&[("grant_type", DEVICE_GRANT), ("device_code", code)]);
    let pending = world.post(&world.token_path(), FORM, poll.as_bytes());
    assert_eq!((pending.status, &pending.json()["error"]), (400, &Value::from("authorization_pending")));
    let tokens = world.post(&world.token_path(), FORM, poll.as_bytes()).json();
    assert_eq!([&tokens["access_token"], &tokens["refresh_token"]], [ALICE, ALICE_REFRESH]);
    assert_eq!(tokens["scope"], Value::from(scope_of(&role("alice"))));
    let id_token = tokens["id_token"].as_str().expect("an id token is text");
    assert!(id_token.ends_with(&format!(".{ALICE_ID}")), "{id_token}");
    assert_eq!(claims(id_token)["aud"], Value::from(world.authority.parameters().client_id));
    assert_eq!(
        world.requests(),
        [
            (Grant::DeviceAuthorization, None, None),
            (Grant::DeviceCode, None, Some(TokenRefusal::Pending)),
            (Grant::DeviceCode, Some(role("alice")), None),
        ]
    );
    let issued = [role("alice"), role("alice").refresh_token(), role("alice").id_token()];
    assert_eq!(world.canaries(), issued);
    assert_eq!(world.post(&world.token_path(), FORM, poll.as_bytes()).json()["error"], "invalid_grant");
}

#[test]
fn each_use_of_a_refresh_token_replaces_it() {
    let world = World::start();
    world.authority.arm(&role("alice"));
    let refresh = |token: &str| {
        let form = world.public_form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        world.post(&world.token_path(), FORM, form.as_bytes()).json()
    };
    assert_eq!(refresh("never given")["error"], "invalid_grant");
    world.sign_in();
    world.authority.disarm(&role("alice"));
    let second = refresh(ALICE_REFRESH);
    let token = second["refresh_token"].as_str().expect("it is replaced");
    assert!(token.starts_with("decoy-") && second["access_token"] != ALICE, "{second}");
    assert_eq!(refresh(ALICE_REFRESH)["error"], "invalid_grant");
    assert!(refresh(token)["refresh_token"].as_str().is_some_and(|third| third != token));
    let refusals = world.requests().into_iter().filter_map(|(grant, _, refused)| Some((grant, refused?)));
    let refusals: Vec<_> = refusals.filter(|(grant, _)| *grant == Grant::RefreshToken).collect();
    let expected = [TokenRefusal::UnknownCode, TokenRefusal::ReplacedToken];
    assert_eq!(refusals, expected.map(|refusal| (Grant::RefreshToken, refusal)));
}

#[test]
fn a_user_signs_in_in_a_browser_for_whoever_knows_the_verifier() {
    let world = World::start();
    world.authority.arm(&role("alice"));
    let page = |more: &str| {
        let query = world.public_form(&[("response_type", "code"), ("redirect_uri", REDIRECT)]);
        world.get(&format!("{}?{query}{more}", world.path("authorize")))
    };
    let pkce = format!("&code_challenge_method=S256&code_challenge={CHALLENGE}&nonce=n&state=a%26b");
    assert_eq!(page("").status, 400, "a sign-in without PKCE");
    let led = page(&pkce);
    assert_eq!(led.status, 303);
    let (_, back) = led.head.split_once("location: http://localhost:8400?code=").expect("it leads back");
    let (code, state) = back.split_once('&').expect("the state comes back");
    assert!(state.starts_with("state=a%26b\r\n"), "{state}");
    let redeem = |code: &str, verifier: &str| {
        let form = world.public_form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ]);
        world.post(&world.token_path(), FORM, form.as_bytes()).json()
    };
    let tokens = redeem(code, VERIFIER);
    assert_eq!(tokens["refresh_token"], ALICE_REFRESH);
    assert_eq!(claims(tokens["id_token"].as_str().expect("it is text"))["nonce"], "n");
    assert_eq!(redeem(code, VERIFIER)["error"], "invalid_grant", "a code is good once");

    let posted = page(&format!("{pkce}&response_mode=form_post"));
    let text = String::from_utf8(posted.body).expect("a page is text");
    assert!(
        text.contains("action=\"http://localhost:8400\"") && text.contains("value=\"a&amp;b\""),
        "{text}"
    );
    let (_, code) = text.split_once("name=\"code\" value=\"").expect("the code is in the form");
    let (code, _) = code.split_once('"').expect("the value ends");
    assert_eq!(redeem(code, "another verifier")["error"], "invalid_grant");
}

#[test]
fn a_user_signs_in_to_known_clients_and_scopes_only() {
    let world = World::start();
    let good = world.public_form(&[]);
    let client = world.authority.parameters().client_id;
    for (body, error) in [
        (good.replace(&client, "other"), "unauthorized_client"),
        (good.replace("sealcheck.test", "example.test"), "invalid_scope"),
        (format!("{good}&scope=x"), "invalid_request"),
    ] {
        assert_eq!(world.post(&world.path("devicecode"), FORM, body.as_bytes()).json()["error"], error);
    }
    assert_eq!(world.post(&world.path("devicecode"), FORM, good.as_bytes()).status, 200);
}

#[test]
fn the_public_name_is_reached_through_the_port_as_a_proxy() {
    let mut world = World::start();
    world.authority.show(Face::Public);
    let parameters = world.authority.parameters();
    assert_eq!(parameters.url, "https://login.microsoftonline.com");
    let proxy = parameters.proxy.expect("there is a proxy");
    let address = proxy.strip_prefix("http://").expect("it is an address");

    let mut tunnel = tcp(address);
    tunnel.write_all(b"CONNECT example.test:443 HTTP/1.1\r\n\r\n").expect("the authority reads");
    tunnel.shutdown(std::net::Shutdown::Write).expect("the stream is open");
    let mut rest = Vec::new();
    let _ = tunnel.read_to_end(&mut rest);
    assert_eq!(rest, b"", "nothing else is led anywhere");

    let mut tunnel = tcp(address);
    let words =
        b"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n\r\n";
    tunnel.write_all(words).expect("the authority reads");
    let mut answer = [0; 39];
    tunnel.read_exact(&mut answer).expect("the authority answers");
    assert_eq!(&answer, b"HTTP/1.1 200 Connection established\r\n\r\n");
    let mut stream = tls(tunnel, "login.microsoftonline.com", &parameters.ca_file);
    let request = format!(
        "GET /{}/v2.0/.well-known/openid-configuration HTTP/1.1\r\nhost: login.microsoftonline.com\r\n\
         connection: close\r\n\r\n",
        parameters.tenant
    );
    stream.write_all(request.as_bytes()).expect("the authority reads");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let endpoint = &Answer::parse(&answer).json()["token_endpoint"];
    assert_eq!(
        endpoint.as_str(),
        Some(&*format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", parameters.tenant))
    );
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
    world.authority.arm(&role("alice"));
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
    world.authority.arm(&role("alice"));
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
                (role("alice").refresh_token(), ALICE_REFRESH.to_owned()),
                (role("alice").id_token(), ALICE_ID.to_owned()),
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
        self.path("token")
    }

    fn path(&self, endpoint: &str) -> String {
        format!("/{}/oauth2/v2.0/{endpoint}", self.tenant())
    }

    /// What a client without a secret asks for alice's token with.
    fn public_form(&self, more: &[(&str, &str)]) -> String {
        let scope = format!("openid%20offline_access%20{}", escaped(&scope_of(&role("alice"))));
        let form = format!("client_id={}&scope={scope}", self.authority.parameters().client_id);
        more.iter().fold(form, |form, (name, value)| format!("{form}&{name}={}", escaped(value)))
    }

    /// Has the user sign in by device code.
    fn sign_in(&self) -> Value {
        let begun = self.post(&self.path("devicecode"), FORM, self.public_form(&[]).as_bytes()).json();
        let code = begun["device_code"].as_str().expect("a code is text");
        let poll = self.public_form(&[("grant_type", DEVICE_GRANT), ("device_code", code)]);
        self.post(&self.token_path(), FORM, poll.as_bytes());
        self.post(&self.token_path(), FORM, poll.as_bytes()).json()
    }

    fn form(&self, grant: &str, scope: &str) -> String {
        let parameters = self.authority.parameters();
        let scope = escaped(scope);
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
        self.requests().into_iter().map(|(_, issued, _)| issued).collect()
    }

    /// By what right each token was asked for, what was issued, and why nothing was.
    fn requests(&self) -> Vec<(Grant, Option<CanaryRole>, Option<TokenRefusal>)> {
        let entries = self.log.entries();
        let requests = entries.into_iter().filter_map(|entry| match entry.fact {
            Fact::TokenRequest(request) => Some((request.grant, request.issued, request.refused)),
            _ => None,
        });
        requests.collect()
    }

    /// The canaries that were issued, in order.
    fn canaries(&self) -> Vec<CanaryRole> {
        let entries = self.log.entries();
        let issued = entries.into_iter().filter_map(|entry| match entry.fact {
            Fact::CanaryIssued { role, by: IssuedBy::Authority } => Some(role),
            _ => None,
        });
        issued.collect()
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head is text");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a head has a status");
        Self { status, head: format!("{head}\r\n"), body: bytes[end + 4..].to_vec() }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an answer is JSON")
    }
}

fn connect(port: u16, ca_file: &str) -> StreamOwned<ClientConnection, TcpStream> {
    tls(tcp(&format!("127.0.0.1:{port}")), "localhost", ca_file)
}

fn tcp(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the authority listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout is set");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout is set");
    stream
}

fn tls(stream: TcpStream, name: &str, ca_file: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).expect("the CA is PEM")).expect("the CA is a CA");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("the configuration is complete");
    StreamOwned::new(connection, stream)
}

/// The claims of an id token.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("the claims are base64");
    serde_json::from_slice(&decoded).expect("the claims are JSON")
}

fn escaped(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

fn role(name: &str) -> CanaryRole {
    CanaryRole(name.into())
}

const ALICE: &str = "scAliceAliceAlice0123456789";
const ALICE_REFRESH: &str = "scAliceRefresh0123456789";
const ALICE_ID: &str = "scAliceId0123456789";
/// A verifier and its challenge: the example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const SECRET: &str = "scSecretSecret0123456789";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REDIRECT: &str = "http://localhost:8400";
const FORM: &str = "application/x-www-form-urlencoded";
const TIMEOUT: Duration = Duration::from_secs(10);
