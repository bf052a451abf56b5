//! An adapter in raw JSON that keeps to the protocol, except for the one thing that its mode says.

use std::{
    collections::HashMap,
    env, fs,
    io::{self, BufRead, Write},
    net::TcpStream,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::keyring::Keyring;

/// Plays an adapter until its session ends.
pub(crate) fn play(mode: &str) -> ExitCode {
    match mode {
        "works-in-a-child" => {
            let own = env::current_exe().unwrap();
            let status = Command::new(own).args(["adapter", "good"]).status().unwrap();
            ExitCode::from(u8::try_from(status.code().unwrap()).unwrap())
        }
        "exits-with-89" => ExitCode::from(89),
        mode => Adapter::new(mode).serve(),
    }
}

/// A process that outlives its parent, though not for ever.
pub(crate) fn stay() -> ExitCode {
    say("here");
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    let _silence = receiver.recv_timeout(Duration::from_secs(300));
    ExitCode::FAILURE
}

struct Adapter<'a> {
    mode: &'a str,
    tag: String,
    /// The name of the cache behind each handle.
    stores: HashMap<String, String>,
    memory: HashMap<String, Vec<u8>>,
    is_loud: bool,
}

impl<'a> Adapter<'a> {
    fn new(mode: &'a str) -> Self {
        let tag = format!("{} ", env::var("SEALCHECK_TAG").unwrap());
        Self { mode, tag, stores: HashMap::new(), memory: HashMap::new(), is_loud: false }
    }

    fn is(&self, mode: &str) -> bool {
        self.mode == mode
    }

    fn serve(mut self) -> ExitCode {
        for line in io::stdin().lock().lines() {
            let line = line.unwrap();
            let body = match line.strip_prefix(&self.tag) {
                Some(body) => body,
                None if self.is("reads-every-line") => line.trim_start_matches("0 "),
                None => continue,
            };
            let request: Value = match serde_json::from_str(body) {
                Ok(request) => request,
                Err(_) if self.is("reads-every-line") => {
                    json!({ "seq": null, "request": "no JSON" })
                }
                Err(error) => panic!("{error}: {body}"),
            };
            if self.is("dies-of-what-it-does-not-know") && request["request"] == "sealcheck_unknown" {
                return ExitCode::FAILURE;
            }
            let (member, value) = self.answer(&request);
            self.reply(&request["seq"], member, &value);
            if request["request"] == "bye" {
                return self.end();
            }
        }
        ExitCode::from(u8::from(self.is("fails-at-the-end-of-its-input")))
    }

    fn reply(&self, seq: &Value, member: &str, value: &Value) {
        let seq = match seq {
            Value::Number(_) => seq.clone(),
            _ if self.is("reads-numbers-only") => json!(0),
            seq => seq.clone(),
        };
        if self.is_loud && self.is("logs-into-its-replies") {
            io::stdout().write_all(b"DEBUG storing ").unwrap();
        }
        let line = format!("{}{}", self.tag, json!({ "seq": seq, member: value }));
        say(&line);
        if self.is("answers-twice") && member == "ok" {
            say(&line);
        }
    }

    fn end(&self) -> ExitCode {
        match self.mode {
            "fails-after-bye" => return ExitCode::FAILURE,
            "says-more-after-bye" => say(&format!("{}{}", self.tag, json!({ "seq": 0, "ok": {} }))),
            "leaves-a-process" => leave(),
            _ => {}
        }
        ExitCode::SUCCESS
    }

    fn answer(&mut self, request: &Value) -> (&'static str, Value) {
        let known = [
            "seq",
            "request",
            "protocol",
            "harness",
            "log",
            "store",
            "options",
            "interaction",
            "deadline_ms",
            "partition",
            "value",
            "what",
        ];
        if self.is("refuses-what-it-does-not-know") {
            let unknown = request.as_object().unwrap().keys().find(|name| !known.contains(&name.as_str()));
            if let Some(name) = unknown {
                return failed(&format!("the member {name} is not known"));
            }
        }
        let store = request["store"].as_str().unwrap_or_default().to_owned();
        match request["request"].as_str().unwrap() {
            "hello" => self.hello(request),
            "open" => {
                let name = request["options"]["name"].as_str().unwrap_or("cache");
                let name = if self.is("has-one-store") { "cache" } else { name };
                self.stores.insert(store, name.to_owned());
                ("ok", json!({}))
            }
            "close" => ("ok", json!({})),
            "list" => match self.mode {
                "names-its-secrets" => {
                    unsupported(&format!("the secrets are {}", self.load("cache").unwrap_or_default()))
                }
                _ => unsupported("there is no such call"),
            },
            "render" if self.is("cannot-render") => failed("rendering is not written yet"),
            "render" => ("ok", json!({ "text": "" })),
            "bye" => ("ok", json!({})),
            "put" | "get" | "remove" => match self.stores.get(&store).cloned() {
                Some(name) => self.use_store(request, &name),
                None if self.is("opens-what-is-not-open") => ("ok", json!({ "value": null })),
                None => failed("no such store is open"),
            },
            _ if self.is("knows-everything") => ("ok", json!({})),
            _ => unsupported("it is not known"),
        }
    }

    fn hello(&mut self, request: &Value) -> (&'static str, Value) {
        self.is_loud = request["log"] == "max";
        let versions = request["protocol"].as_array().unwrap();
        let mut statement = statement();
        let mut version = json!(1);
        match self.mode {
            "takes-any-version" => {}
            "takes-the-first-version" if versions.len() > 1 => version = versions[0].clone(),
            _ if !versions.contains(&json!(1)) => return unsupported("it speaks version 1"),
            _ => {}
        }
        match self.mode {
            "greets-with-an-error" => return library_error("other", "Broken", "nothing works"),
            "lacks-a-key" => drop(statement.remove("fallback")),
            "has-a-key-too-many" => drop(statement.insert("colour".into(), "blue".into())),
            "maps-nothing" => statement["error_map"] = json!([]),
            "invents-a-category" => statement["error_map"][0]["category"] = "unlucky".into(),
            "says-it-twice" => {
                let line = statement["error_map"][0].clone();
                statement["error_map"].as_array_mut().unwrap().push(line);
            }
            "declares-by-the-world" if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() => {
                statement.insert("fallback".into(), "never".into());
            }
            "writes-elsewhere" => drop(fs::write("/var/tmp/sealcheck-test", "here")),
            "calls-home" => {
                let address = "192.0.2.1:80".parse().unwrap();
                drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
            }
            _ => {}
        }
        let identity = json!({ "name": "test", "version": "1" });
        let mut reply = json!({ "protocol": version, "implementation": identity, "adapter": identity, "statement": statement });
        match self.mode {
            "lacks-a-member" => drop(reply.as_object_mut().unwrap().remove("adapter")),
            "is-named-by-its-secret" => {
                reply["adapter"]["name"] = self.load("cache").unwrap_or("nobody".into()).into();
            }
            _ => {}
        }
        ("ok", reply)
    }

    fn use_store(&mut self, request: &Value, name: &str) -> (&'static str, Value) {
        match request["request"].as_str().unwrap() {
            "put" => {
                let value = STANDARD.decode(request["value"].as_str().unwrap()).unwrap();
                self.put(name, value)
            }
            "get" => self.get(name),
            _ => ("ok", json!({})),
        }
    }

    fn put(&mut self, name: &str, mut value: Vec<u8>) -> (&'static str, Value) {
        match self.mode {
            "shows-its-secrets" => {
                let argument = String::from_utf8_lossy(&value).replace('\0', "");
                Command::new("/bin/true")
                    .arg(argument.chars().take(1000).collect::<String>())
                    .status()
                    .unwrap();
            }
            "lets-its-library-write-elsewhere" => drop(fs::write("/var/tmp/sealcheck-test", "here")),
            "cannot-read-far" if value.len() > 64 << 10 => return failed("the line is too long"),
            "cuts-at-zero" => {
                let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
                value.truncate(end);
            }
            "reads-ascii" if std::str::from_utf8(&value).is_ok() => {
                value.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
            }
            "keeps-nothing" if Keyring::open().is_some() => {
                self.memory.insert(name.to_owned(), value);
                return ("ok", json!({}));
            }
            "falls-back-unasked" if Keyring::open().is_none() => {
                fs::write(format!("{}/{name}", env::var("HOME").unwrap()), value).unwrap();
                return ("ok", json!({}));
            }
            _ => {}
        }
        let stored = Keyring::open().and_then(|mut keyring| keyring.store(name, &value));
        match (stored, self.mode) {
            (Some(()), _) => ("ok", json!({})),
            (None, "maps-nothing") => library_error("other", "NoKeyring", "there is no keyring"),
            (None, "maps-otherwise") => library_error("locked", "NoKeyring", "there is no keyring"),
            (None, _) => library_error("encryption_unavailable", "NoKeyring", "there is no keyring"),
        }
    }

    fn get(&self, name: &str) -> (&'static str, Value) {
        let found = match self.mode {
            "keeps-nothing" => self.memory.get(name).cloned(),
            _ => Keyring::open().and_then(|mut keyring| keyring.load(name)),
        };
        let value = match (found, self.mode) {
            (None, "invents-a-value") => Some(b"invented".to_vec()),
            (Some(value), "takes-empty-for-nothing") if value.is_empty() => None,
            (found, _) => found,
        };
        ("ok", json!({ "value": value.map(|value| STANDARD.encode(value)) }))
    }

    /// The secret in a cache, for adapters that say what they should not.
    fn load(&self, name: &str) -> Option<String> {
        let document = Keyring::open()?.load(name)?;
        sealcheck::canary::canary_of_document(&document)
    }
}

fn statement() -> Map<String, Value> {
    let statement = json!({
        "level": "store",
        "protectors": { "linux": ["secret-service"] },
        "default_name": "cache",
        "partitions": { "nocae": ".nocae" },
        "fallback": "opt_in",
        "on_locked": "refuse",
        "on_dismissed": "refuse",
        "locations": [],
        "item": null,
        "limits": { "name_bytes": null, "value_bytes": null },
        "error_map": [{ "native": "NoKeyring: no keyring", "category": "encryption_unavailable" }],
    });
    statement.as_object().unwrap().clone()
}

fn library_error(category: &str, name: &str, message: &str) -> (&'static str, Value) {
    (
        "error",
        json!({ "category": category, "phase": "save", "native": { "type": name, "message": message } }),
    )
}

fn unsupported(reason: &str) -> (&'static str, Value) {
    ("unsupported", json!({ "what": "it", "reason": reason }))
}

fn failed(message: &str) -> (&'static str, Value) {
    ("adapter_error", json!({ "message": message }))
}

#[expect(clippy::zombie_processes, reason = "leaving it behind is the point")]
fn leave() {
    let mut command = Command::new(env::current_exe().unwrap());
    let mut left = command.arg("daemon").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    io::BufReader::new(left.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "here\n");
}

fn say(line: &str) {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}
