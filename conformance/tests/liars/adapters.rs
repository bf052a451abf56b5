//! Adapters that lie, break the protocol or behave badly as processes.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealcheck::{
    canary::canary_of_document,
    protocol::{
        AdapterError, ErrorCategory, Level, NativeError, Phase, Reply, ReplyBody, ReplyError, Request,
        SelfReport,
    },
    world::client::{Algorithm, KeyringClient, NewItem},
};
use serde_json::{Value, json};

use crate::{
    keyring::Keyring,
    wire::{Wire, canary_of, found, hello, plain, say, value_of},
};

/// Plays an adapter until its session ends.
pub(crate) fn play(mode: &str) -> ExitCode {
    match mode {
        "exits-with-1" => return ExitCode::FAILURE,
        "exits-with-89" => return ExitCode::from(89),
        "refuses-and-stores" => Wire::open().serve(Level::Store, refuse_and_store),
        "refuses-and-stores-in-a-keyring" => Wire::open().serve(Level::Store, refuse_and_store_in_a_keyring),
        "says-encrypted" => Wire::open().serve(Level::Store, say_encrypted),
        "stores-nothing" => Wire::open().serve(Level::Store, |_| None),
        "stores" => Wire::open().serve(Level::Store, store),
        "locks-a-folder" => Wire::open().serve(Level::Store, |request| {
            if matches!(request, Request::Put(_)) {
                lock_a_folder();
            }
            store(request)
        }),
        "leaves-a-daemon" => Wire::open().serve(Level::Store, |request| {
            if matches!(request, Request::Put(_)) {
                daemonise();
            }
            store(request)
        }),
        "cannot-do-it" => Wire::open().serve(Level::Store, |request| {
            let message = format!("no way to store {}", canary_of(request)?);
            Some(Reply::AdapterError(AdapterError { message, trace: None }))
        }),
        "is-named-by-its-secret" => be_named_by_its_secret(),
        "has-an-unknown-statement-key" => greet(|hello| hello["statement"]["colour"] = json!("blue")),
        "lacks-a-statement-key" => greet(|hello| {
            hello["statement"].as_object_mut().unwrap().remove("fallback");
        }),
        "speaks-another-protocol" => greet(|hello| hello["protocol"] = json!(7)),
        _ => misbehave(mode),
    }
    ExitCode::SUCCESS
}

/// Says that it stored nothing, and stored it in a file.
fn refuse_and_store(request: &Request) -> Option<Reply> {
    match request {
        Request::Put(_) => {
            write(value_of(request)?);
            Some(unavailable())
        }
        Request::Get(_) => Some(found(fs::read(file()).ok())),
        _ => None,
    }
}

/// Says that it stored nothing, and stored it in a collection of its own.
fn refuse_and_store_in_a_keyring(request: &Request) -> Option<Reply> {
    let value = value_of(request)?;
    let mut client = KeyringClient::connect(&env::var("DBUS_SESSION_BUS_ADDRESS").ok()?).unwrap();
    client.open_session(Algorithm::DiffieHellman).unwrap();
    let collection = client.collections().unwrap().into_iter().find(|path| !client.is_locked(path).unwrap());
    let collection = match collection {
        Some(collection) => collection,
        None => client.create_collection("own", "").unwrap().unwrap(),
    };
    client.create_item(&collection, &NewItem::default(), value).unwrap();
    Some(unavailable())
}

fn unavailable() -> Reply {
    Reply::Error(ReplyError {
        category: ErrorCategory::EncryptionUnavailable,
        phase: Phase::Save,
        native: NativeError {
            type_name: "NoProtector".into(),
            code: None,
            message: "nothing was stored".into(),
            chain: Vec::new(),
        },
    })
}

/// Says that it encrypts, and encodes.
fn say_encrypted(request: &Request) -> Option<Reply> {
    match request {
        Request::Open(_) => {
            let self_report = Some(SelfReport { encrypted: Some(true), location: None });
            Some(Reply::Ok(ReplyBody::Open { self_report }))
        }
        Request::Put(_) => {
            write(STANDARD.encode(value_of(request)?).as_bytes());
            None
        }
        Request::Get(_) => Some(found(fs::read(file()).ok().map(|text| STANDARD.decode(text).unwrap()))),
        _ => None,
    }
}

/// Keeps it in the keyring, as it should.
fn store(request: &Request) -> Option<Reply> {
    match request {
        Request::Put(_) => {
            Keyring::open().unwrap().store("cache", value_of(request)?).unwrap();
            None
        }
        Request::Get(_) => Some(found(Keyring::open()?.load("cache"))),
        _ => None,
    }
}

/// Keeps it in the keyring, and says the secret where it names itself.
fn be_named_by_its_secret() {
    let secret = Keyring::open().and_then(|mut keyring| keyring.load("cache"));
    let secret = secret.and_then(|document| canary_of_document(&document)).unwrap_or("nobody".into());
    Wire::open().serve(Level::Store, |request| {
        let Request::Hello(_) = request else { return store(request) };
        let mut hello = hello(Level::Store);
        hello.implementation.name.clone_from(&secret);
        hello.implementation.version.clone_from(&secret);
        hello.adapter.name.clone_from(&secret);
        hello.statement.default_name.clone_from(&secret);
        Some(Reply::Ok(ReplyBody::Hello(Box::new(hello))))
    });
}

/// Answers `hello` with something else than it should be.
fn greet(change: impl FnOnce(&mut Value)) {
    let mut wire = Wire::open();
    let (seq, _) = wire.next().unwrap();
    let mut reply = serde_json::to_value(hello(Level::Store)).unwrap();
    change(&mut reply);
    say(&format!("{} {}", wire.tag.as_str(), json!({ "seq": seq, "ok": reply })));
    while wire.next().is_some() {}
}

/// Behaves until the first `put`.
fn misbehave(mode: &str) {
    let mut wire = Wire::open();
    while let Some((seq, request)) = wire.next() {
        match canary_of(&request) {
            Some(canary) => break_the_rules(mode, &mut wire, &seq, &canary),
            None => wire.reply(&seq, plain(Level::Store, request.kind())),
        }
        if request == Request::Bye {
            break;
        }
    }
}

fn break_the_rules(mode: &str, wire: &mut Wire, seq: &Value, canary: &str) {
    let tag = wire.tag.as_str().to_owned();
    let good = || wire.reply(seq, ReplyBody::Put { state: None });
    match mode {
        "says-no-json" => say(&format!("{tag} {{\"seq\": {canary}")),
        "says-the-secret-in-a-bad-line" => {
            say(&format!("{tag} {}", json!({ "seq": seq, "ok": { canary: 1 } })));
        }
        "echoes-the-secret-as-sequence" => say(&format!("{tag} {}", json!({ "seq": canary, "ok": {} }))),
        "says-a-line-without-end" => say(&format!("{tag} {}", "x".repeat(5 << 20))),
        "forgets-the-tag" => say(&json!({ "seq": seq, "ok": {} }).to_string()),
        "forgets-to-end-a-line" => {
            io::stdout().write_all(b"storing... ").unwrap();
            good();
        }
        "answers-twice" => {
            good();
            good();
        }
        "answers-another-request" => wire.reply(&json!(999), ReplyBody::Put { state: None }),
        "answers-two-ways" => {
            say(&format!(
                "{tag} {}",
                json!({ "seq": seq, "ok": {}, "unsupported": { "what": "x", "reason": "y" } })
            ));
        }
        "hangs" => {}
        "closes-its-output" => {
            nix::unistd::close(1).unwrap();
        }
        "crashes" => std::process::abort(),
        "exits" => nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap(),
        "floods-its-output" => flood(io::stdout()),
        "floods-its-errors" => flood(io::stderr()),
        unknown => panic!("{unknown} is no mode"),
    }
}

fn flood(mut stream: impl Write) {
    let line = [b"all work and no play ".repeat(48), vec![b'\n']].concat();
    while stream.write_all(&line).is_ok() {}
}

fn lock_a_folder() {
    let folder = home().join("locked");
    fs::create_dir_all(folder.join("inner")).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o000)).unwrap();
}

/// Leaves a process behind that has left its parent and its session, and is alive.
fn daemonise() {
    let nonce = env::args().nth(3).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    let mut middle = command.args(["daemon-parent", &nonce]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(middle.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "here\n");
    assert!(middle.wait().unwrap().success());
}

#[expect(clippy::zombie_processes, reason = "leaving it behind is the point")]
pub(crate) fn leave_a_daemon(nonce: &str) {
    nix::unistd::setsid().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["daemon", nonce]).stdin(Stdio::null()).spawn().unwrap();
}

pub(crate) fn stay() -> ExitCode {
    say("here");
    // Longer than any test, and not for ever: should the harness fail, the machine is not left with it.
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    let _silence = receiver.recv_timeout(Duration::from_secs(300));
    ExitCode::FAILURE
}

fn write(bytes: &[u8]) {
    fs::create_dir_all(file().parent().unwrap()).unwrap();
    fs::write(file(), bytes).unwrap();
}

fn file() -> PathBuf {
    home().join(".test/cache.nocae")
}

fn home() -> PathBuf {
    PathBuf::from(env::var_os("HOME").unwrap())
}
