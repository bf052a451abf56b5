//! The service on its bus: sound but for what the script says.

use std::collections::VecDeque;
use std::mem;

use super::keyring::{Answer, Keyring};
use super::lies;
use super::message::{Body, Call, Kind, encode};
use super::record::{Record, Sent};
use super::script::{Act, Conduct, Presence, Script};

/// The service, its bus, and what it has said.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) keyring: Keyring,
    /// What was said since it was taken last.
    pub(super) record: Record,
    presence: Presence,
    acts: VecDeque<Act>,
    /// How many calls have been answered soundly since the last act.
    answered: u8,
    /// How often another process has taken the service's place.
    restarts: usize,
    serial: u32,
}

/// What comes of a call.
#[derive(Debug)]
pub(super) enum Reaction {
    /// These bytes are sent.
    Bytes(Vec<u8>),
    /// The connection is closed.
    Leave,
}

/// What is said.
enum Saying {
    Answer(Answer),
    Flipped { answer: Answer, at: u8, mask: u8 },
    Lie { answer: Answer, completed: Body },
    Noise(Vec<u8>),
    Nothing,
}

impl Service {
    /// The service of a script, with what is in its keyring.
    pub(super) fn new(script: &Script, keyring: Keyring) -> Self {
        Self {
            keyring,
            record: Record::default(),
            presence: script.presence(),
            acts: script.acts.clone(),
            answered: 0,
            restarts: 0,
            serial: 0,
        }
    }

    /// Whether there is a service at all.
    pub(super) fn is_there(&self) -> bool {
        self.presence != Presence::Absent
    }

    /// What was said since this was asked last.
    pub(super) fn take_record(&mut self) -> Record {
        mem::take(&mut self.record)
    }

    /// Answers a call on a connection, which is spoiled once what is said need not be what the library hears.
    pub(super) fn answer(&mut self, call: &Call, spoiled: &mut bool) -> Reaction {
        // The bus itself is sound where it is not about the service.
        let answer = match call.member.as_str() {
            "Hello" => Answer::of("s", |answer| answer.string(":1.1")),
            "AddMatch" | "RemoveMatch" => Answer::Return(Body::default()),
            _ => return self.act(call, spoiled),
        };
        Reaction::Bytes(self.encoded(call, &answer).0)
    }

    fn act(&mut self, call: &Call, spoiled: &mut bool) -> Reaction {
        let conduct = self.conduct();
        let sound = matches!(conduct, None | Some(Conduct::Twice));
        let garbles =
            matches!(conduct, Some(Conduct::Body { .. } | Conduct::Flip { .. } | Conduct::Noise(_)));
        let founds = matches!(call.member.as_str(), "GetNameOwner" | "OpenSession");
        *spoiled |= garbles || !sound && founds;
        let heard = sound && !*spoiled;
        self.record.sound &= heard;
        self.record.sound_since_change = call.changes() || self.record.sound_since_change && heard;
        self.record.changed |= call.changes();
        self.record.no_keyring |= !sound && BUS_CALLS.contains(&call.member.as_str());
        let leaves = matches!(conduct, Some(Conduct::Leave { .. }));
        let twice = matches!(conduct, Some(Conduct::Twice));
        let saying = self.conducted(call, conduct);
        let mut bytes = self.said(call, saying);
        if twice {
            bytes.extend(self.encoded(call, &Answer::Error("org.freedesktop.DBus.Error.AccessDenied")).0);
        }
        if leaves { Reaction::Leave } else { Reaction::Bytes(bytes) }
    }

    /// The act that is due at this call.
    fn conduct(&mut self) -> Option<Conduct> {
        if self.acts.front()?.after > self.answered {
            self.answered += 1;
            return None;
        }
        self.answered = 0;
        self.acts.pop_front().map(|act| act.conduct)
    }

    fn conducted(&mut self, call: &Call, conduct: Option<Conduct>) -> Saying {
        match conduct {
            None | Some(Conduct::Twice) => {}
            Some(Conduct::Lock) => self.keyring.locked = !self.keyring.locked,
            Some(Conduct::Restart) => {
                self.restarts += 1;
                self.keyring.sessions.forget();
            }
            Some(Conduct::Body { signature, bytes }) => {
                return Saying::Answer(Answer::Return(Body { signature, bytes }));
            }
            Some(Conduct::Cut { kept }) => {
                let mut answer = self.sound(call);
                if let Answer::Return(body) = &mut answer {
                    body.bytes.truncate(kept.into());
                }
                return Saying::Answer(answer);
            }
            Some(Conduct::Error { done, name }) => {
                self.record.late |= name.ends_with("Timeout");
                self.do_silently(call, done);
                return Saying::Answer(Answer::Error(name));
            }
            Some(Conduct::Flip { at, mask }) => {
                return Saying::Flipped { answer: self.sound(call), at, mask };
            }
            Some(Conduct::Leave { done } | Conduct::Silence { done }) => {
                self.do_silently(call, done);
                return Saying::Nothing;
            }
            Some(Conduct::Lie { number, text }) => {
                let answer = lies::told(number, &text, call, &self.keyring);
                return Saying::Lie { answer, completed: lies::completed(number) };
            }
            Some(Conduct::Noise(bytes)) => return Saying::Noise(bytes),
            Some(Conduct::Pretend) => {
                let kept = self.keyring.clone();
                let answer = self.sound(call);
                self.keyring = kept;
                return Saying::Answer(answer);
            }
        }
        Saying::Answer(self.sound(call))
    }

    fn do_silently(&mut self, call: &Call, done: bool) {
        if done {
            drop(self.sound(call));
        }
    }

    /// The answer of a sound bus with a sound service.
    fn sound(&mut self, call: &Call) -> Answer {
        let owner = self.owner();
        match (call.member.as_str(), self.presence) {
            ("GetNameOwner", Presence::Running) => Answer::of("s", |answer| answer.string(&owner)),
            ("GetNameOwner", Presence::Activatable | Presence::Absent) => {
                Answer::Error("org.freedesktop.DBus.Error.NameHasNoOwner")
            }
            ("ListActivatableNames", presence) => Answer::of("as", |answer| {
                answer.paths((presence != Presence::Absent).then_some("org.freedesktop.secrets"))
            }),
            ("StartServiceByName", Presence::Running | Presence::Activatable) => {
                self.presence = Presence::Running;
                Answer::of("u", |answer| answer.number(1))
            }
            (_, Presence::Running) if call.destination == owner => self.keyring.carry_out(call),
            (_, Presence::Running | Presence::Activatable | Presence::Absent) => {
                Answer::Error("org.freedesktop.DBus.Error.ServiceUnknown")
            }
        }
    }

    /// What goes out, and the note of it.
    fn said(&mut self, call: &Call, saying: Saying) -> Vec<u8> {
        let mut completed = Body::new("bv", |body| body.boolean(false).signature(b"s").string(""));
        let lies = matches!(saying, Saying::Lie { .. });
        let answer = match saying {
            Saying::Answer(answer) => answer,
            Saying::Lie { answer, completed: other } => {
                completed = other;
                answer
            }
            Saying::Flipped { answer, at, mask } => return self.flipped(call, &answer, at, mask),
            Saying::Noise(bytes) => {
                self.record.taken |= call.changes();
                self.record.note(&call.member, Sent::Anything, &self.keyring);
                return bytes;
            }
            Saying::Nothing => {
                self.record.taken |= call.changes();
                return Vec::new();
            }
        };
        let mut bytes = self.encoded(call, &answer).0;
        if let Answer::Return(body) = &answer {
            // A lie about a change is that it needs a prompt, or that there is nothing to change.
            self.record.taken |= call.changes() && !lies;
            self.record.note(&call.member, Sent::Body(body), &self.keyring);
            // A lie about what an item is says that it is another one.
            if lies && call.member == "GetAll" {
                self.record.note(&call.member, Sent::Anything, &self.keyring);
            }
            if call.member == "Prompt" {
                bytes.extend(self.signal(&call.path, &completed));
            }
        }
        bytes
    }

    fn flipped(&mut self, call: &Call, answer: &Answer, at: u8, mask: u8) -> Vec<u8> {
        let (mut bytes, begin) = self.encoded(call, answer);
        let at = usize::from(at) % bytes.len();
        bytes[at] ^= mask;
        let Answer::Return(sent) = answer else {
            self.record.note(&call.member, Sent::Anything, &self.keyring);
            return bytes;
        };
        let body = Body { signature: sent.signature.clone(), bytes: bytes[begin..].to_vec() };
        self.record.taken |= call.changes() && at >= begin;
        // It may be a byte that the library does not look at.
        self.record.note(&call.member, Sent::Body(sent), &self.keyring);
        self.record.note(&call.member, Sent::Body(&body), &self.keyring);
        self.record.note(&call.member, Sent::Anything, &self.keyring);
        bytes
    }

    /// A message with the answer, and where its body begins. An error quotes every secret that the service knows.
    fn encoded(&mut self, call: &Call, answer: &Answer) -> (Vec<u8>, usize) {
        self.serial += 1;
        let sender = if BUS_CALLS.contains(&call.member.as_str()) { BUS.to_owned() } else { self.owner() };
        match answer {
            Answer::Return(body) => encode(self.serial, &sender, Kind::Return { to: call.serial }, body),
            Answer::Error(name) => {
                let quoted: Vec<_> =
                    self.keyring.items.iter().map(|item| String::from_utf8_lossy(&item.secret)).collect();
                let body = Body::new("s", |body| body.string(&quoted.join(", ")));
                encode(self.serial, &sender, Kind::Error { to: call.serial, name }, &body)
            }
        }
    }

    fn signal(&mut self, path: &str, body: &Body) -> Vec<u8> {
        self.serial += 1;
        let kind = Kind::Signal { path, interface: "org.freedesktop.Secret.Prompt", member: "Completed" };
        encode(self.serial, &self.owner(), kind, body).0
    }

    fn owner(&self) -> String {
        format!(":1.{}", 10 + self.restarts)
    }
}

/// What the bus answers about the service.
const BUS_CALLS: [&str; 3] = ["GetNameOwner", "ListActivatableNames", "StartServiceByName"];
const BUS: &str = "org.freedesktop.DBus";
