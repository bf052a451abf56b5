//! What is seen of an announced call, and whether it reaches beyond the session's territory.
//!
//! One file: it is one type, with one short method for each kind of call that it looks at.

use std::{collections::HashMap, os::fd::OwnedFd, path::PathBuf};

use nix::errno::Errno;

use super::{
    announced::{Announced, Named},
    calls::{self, Call, Change, Data, Effect, OpenFlags, Path, Peer, Program, Target, UNNAMED_FLAG},
    contents::{Contents, OpenFile, Seen, Written},
    ffi,
    filter::{NATIVE_ARCHITECTURE, X32_BIT},
    ledger::Ledger,
    memory::{Unreadable, word},
    path::{FinalLink, Name, Place, kind},
    sockets::{self, Address},
    start::Start,
    territory::{Standing, Territory},
};
use crate::{
    case::CallClass,
    observation::{Fact, Observer, SightingPlace, SystemCall, SystemCallKind},
};

/// Looks at announced calls, searches what they write, and says which reach beyond the session's territory.
pub(super) struct Witness {
    listener: OwnedFd,
    territory: Territory,
    contents: Contents,
    ledger: Ledger,
    processes: HashMap<u32, u32>,
}

/// What an announced call comes to; by default it goes on, and nobody need know.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// With what it is refused.
    pub(super) refusal: Option<Errno>,
    /// What it would do.
    pub(super) deed: Option<Deed>,
}

/// What a call would do to files.
#[derive(Debug)]
pub(super) struct Deed {
    /// The call.
    pub(super) call: SystemCall,
    /// Whether it is recorded.
    pub(super) record: Recorded,
    /// The classes to which it counts, but for `any`; `None` if nothing of the session's own is at stake.
    pub(super) classes: Option<Vec<CallClass>>,
}

/// When a call is recorded.
#[derive(Debug)]
pub(super) enum Recorded {
    /// Whenever it is made.
    Always,
    /// When a process does that to this file for the first time, or is kept from it.
    OncePerFile(OpenFile),
    /// Only if it does not go on.
    IfRefused,
}

impl Looked {
    fn refused(refusal: Option<Errno>) -> Self {
        Self { refusal, deed: None }
    }
}

impl Witness {
    /// A witness of the calls that are announced on a listener.
    pub(super) fn new(listener: OwnedFd, territory: Territory, contents: Contents, ledger: Ledger) -> Self {
        ffi::wake_synchronously(&listener);
        Self { listener, territory, contents, ledger, processes: HashMap::new() }
    }

    /// Where calls are announced.
    pub(super) fn listener(&self) -> &OwnedFd {
        &self.listener
    }

    /// Waits for the next announced call; `None` if its caller is gone again.
    pub(super) fn receive(&mut self) -> Option<Announced> {
        match ffi::receive(&self.listener) {
            Ok(notification) => {
                let process = self.process(notification.pid);
                Some(Announced::new(&notification, process))
            }
            // The caller was killed, or interrupted and will call again.
            Err(Errno::ENOENT | Errno::EINTR) => None,
            Err(errno) => {
                self.lose(|| format!("an announced system call could not be received: {errno}"));
                None
            }
        }
    }

    /// Says what a call comes to. One that cannot be looked at goes on, and is a loss where it could have mattered.
    pub(super) fn look(&mut self, announced: &Announced) -> Looked {
        match self.look_closely(announced) {
            Ok(looked) => looked,
            Err(unreadable) => {
                self.missed(announced, unreadable);
                Looked::default()
            }
        }
    }

    /// Records a deed as its rule says, now that it is known whether it goes on.
    pub(super) fn note(&mut self, deed: Deed, refused: Option<String>) {
        let is_recorded = match &deed.record {
            Recorded::Always => true,
            Recorded::OncePerFile(_) | Recorded::IfRefused if refused.is_some() => true,
            Recorded::OncePerFile(file) => self.contents.see(file, deed.call.call) == Seen::First,
            Recorded::IfRefused => false,
        };
        if is_recorded {
            self.record(SystemCall { refused, ..deed.call });
        }
    }

    /// The facts on their way to the harness.
    pub(super) fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    /// Remembers that something was missed.
    pub(super) fn lose(&mut self, reason: impl FnOnce() -> String) {
        self.ledger.lose(reason);
    }

    /// Searches what is left, once every process of the session is gone.
    pub(super) fn finish(mut self) -> Ledger {
        self.contents.finish(&mut self.ledger);
        self.ledger
    }

    fn look_closely(&mut self, announced: &Announced) -> Result<Looked, Unreadable> {
        let is_foreign =
            announced.architecture != NATIVE_ARCHITECTURE || announced.number & X32_BIT.cast_signed() != 0;
        if is_foreign {
            return Ok(self.forbid(announced, Errno::ENOSYS));
        }
        let Some(rule) = calls::rule(announced.number) else {
            self.ledger.lose(|| format!("system call {} was announced without a rule", announced.number));
            return Ok(Looked::default());
        };
        match rule.call {
            Call::Write(data) => self.write(announced, data),
            Call::Open { target, flags } => self.open(announced, target, flags),
            Call::Map => self.map(announced),
            Call::Splice { output } => {
                self.handled(announced, announced.arguments[output], SystemCallKind::Splice)
            }
            Call::Change(change) => self.change(announced, &change),
            Call::Sync => self.sync(announced),
            Call::Connect(peer) => self.connect(announced, peer),
            Call::Bind => self.bind(announced),
            Call::Execute(program) => self.execute(announced, program),
            Call::Forbidden(errno) => Ok(self.forbid(announced, errno)),
        }
    }

    fn write(&mut self, announced: &Announced, data: Data) -> Result<Looked, Unreadable> {
        // The common case first: pipes and sockets have observers of their own.
        let Some(file) = OpenFile::of(announced.thread, announced.arguments[0])? else {
            return Ok(Looked::default());
        };
        let file = file.in_process(announced.process);
        let Some(mut deed) = self.keep(announced, announced.arguments[0], &file, SystemCallKind::Write)?
        else {
            return Ok(Looked::default());
        };
        let path = deed.call.path.clone().unwrap_or_default();
        let written = self.search_written(announced, data, &file, &path)?;
        if let Some(classes) = &mut deed.classes {
            classes.push(CallClass::Write);
            if written == Written::Secret {
                classes.push(CallClass::SecretWrite);
            }
        }
        Ok(Looked { refusal: None, deed: Some(deed) })
    }

    fn search_written(
        &mut self,
        announced: &Announced,
        data: Data,
        file: &OpenFile,
        path: &str,
    ) -> Result<Written, Unreadable> {
        let mut written = Written::Harmless;
        let mut budget = MAX_WRITE_BYTES;
        for (address, length) in announced.buffers(data)? {
            let mut done = 0;
            while done < length {
                let wanted =
                    usize::try_from(length - done).unwrap_or(PIECE_BYTES).min(PIECE_BYTES).min(budget);
                if wanted == 0 {
                    self.ledger.lose(|| format!("a write to {path} was too large to be searched whole"));
                    return Ok(written);
                }
                let bytes =
                    announced.memory.bytes(address.checked_add(done).ok_or(Unreadable::Fault)?, wanted)?;
                self.confirm(announced)?;
                if self.contents.written(file, path, &bytes, &mut self.ledger) == Written::Secret {
                    written = Written::Secret;
                }
                if bytes.len() < wanted {
                    return Ok(written);
                }
                done += wanted as u64;
                budget -= wanted;
            }
        }
        Ok(written)
    }

    fn map(&mut self, announced: &Announced) -> Result<Looked, Unreadable> {
        let [_, _, protection, _, descriptor, _] = announced.arguments;
        // A mapping that is made for reading can be made writable later if its descriptor is.
        if protection & libc::PROT_WRITE as u64 == 0 && !announced.is_writable(descriptor) {
            return Ok(Looked::default());
        }
        self.handled(announced, descriptor, SystemCallKind::SharedMap)
    }

    fn handled(
        &mut self,
        announced: &Announced,
        descriptor: u64,
        kind: SystemCallKind,
    ) -> Result<Looked, Unreadable> {
        let Some(file) = OpenFile::of(announced.thread, descriptor)? else { return Ok(Looked::default()) };
        let deed = self.keep(announced, descriptor, &file.in_process(announced.process), kind)?;
        Ok(Looked { refusal: None, deed })
    }

    /// Looks at a call that puts a file or a folder on the disk: nothing is kept, for nothing changes.
    fn sync(&mut self, announced: &Announced) -> Result<Looked, Unreadable> {
        let Named::Place(place) = announced.target(Target::Descriptor(0))? else {
            return Ok(Looked::default());
        };
        self.confirm(announced)?;
        if self.territory.standing(&place, announced.process) != Standing::Inside {
            return Ok(Looked::default());
        }
        let call = SystemCall { path: Some(self.text(&place)), ..plain(SystemCallKind::Sync, announced) };
        let classes = Some(vec![CallClass::Sync]);
        Ok(Looked { refusal: None, deed: Some(Deed { call, record: Recorded::Always, classes }) })
    }

    /// Keeps a file until the end, and says what is done to it; nothing for settings of the process below `/proc`, which
    /// look like files.
    fn keep(
        &mut self,
        announced: &Announced,
        descriptor: u64,
        file: &OpenFile,
        kind: SystemCallKind,
    ) -> Result<Option<Deed>, Unreadable> {
        let place = announced.viewer.descriptor(descriptor)?;
        self.confirm(announced)?;
        let standing = self.territory.standing(&place, announced.process);
        if standing == Standing::Harmless && place.name == Name::Named {
            return Ok(None);
        }
        let mut path = self.text(&place);
        if place.name == Name::Nameless {
            path.push_str(" (deleted)");
        }
        self.contents.keep(file, &path, &mut self.ledger);
        Ok(Some(Deed {
            call: SystemCall { path: Some(path), ..plain(kind, announced) },
            record: Recorded::OncePerFile(file.clone()),
            classes: (standing == Standing::Inside).then(Vec::new),
        }))
    }

    fn open(&mut self, announced: &Announced, path: Path, flags: OpenFlags) -> Result<Looked, Unreadable> {
        let (flags, mode) = match flags {
            OpenFlags::Argument(at) => (announced.arguments[at], announced.arguments[at + 1]),
            OpenFlags::Create { mode } => {
                ((libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC) as u64, announced.arguments[mode])
            }
            OpenFlags::Structure(at) => {
                let how = announced.memory.exactly::<16>(announced.arguments[at])?;
                (word(&how), word(&how[8..]))
            }
        };
        if !calls::is_mutating(flags) {
            return Ok(Looked::default());
        }
        let has = |flag: i32| flags & flag as u64 != 0;
        let is_exclusive = has(libc::O_CREAT) && has(libc::O_EXCL);
        let links = if has(libc::O_NOFOLLOW) || is_exclusive { FinalLink::Keep } else { FinalLink::Follow };
        let Some(place) = announced.place_with(path, links)? else { return Ok(Looked::default()) };
        self.confirm(announced)?;
        let is_unnamed = flags & UNNAMED_FLAG != 0;
        let standing = self.territory.standing(&place, announced.process);
        let refusal = match standing {
            Standing::Harmless => return Ok(Looked::default()),
            Standing::Inside => None,
            Standing::Outside if place.file.is_none() && !has(libc::O_CREAT) => {
                // It fails by itself, with the error that programs expect.
                None
            }
            Standing::Outside if place.file.is_some() && is_exclusive => Some(Errno::EEXIST),
            Standing::Outside
                if place.file.is_some()
                    && flags & libc::O_ACCMODE as u64 == 0
                    && !has(libc::O_TRUNC)
                    && !is_unnamed =>
            {
                None
            }
            Standing::Outside => Some(Errno::EROFS),
        };
        if refusal.is_none() && has(libc::O_TRUNC) {
            self.contents.before_loss(&place, announced.process, &mut self.ledger);
        }
        self.see_name(&place, announced);
        let creates = has(libc::O_CREAT) || is_unnamed;
        let call = SystemCall {
            path: Some(self.text(&place)),
            mode: creates.then(|| permissions(mode)),
            flags: Some(flags),
            ..plain(SystemCallKind::Open, announced)
        };
        let classes = [(creates, CallClass::Create), (has(libc::O_TRUNC), CallClass::Truncate)];
        let classes = classes.into_iter().filter_map(|(belongs, class)| belongs.then_some(class));
        let classes = (standing == Standing::Inside).then(|| classes.collect());
        Ok(Looked { refusal, deed: Some(Deed { call, record: Recorded::Always, classes }) })
    }

    fn change(&mut self, announced: &Announced, change: &Change) -> Result<Looked, Unreadable> {
        let first = announced.target(change.first)?;
        let second = change.second.map(|second| announced.target(second)).transpose()?;
        self.confirm(announced)?;
        let places: Vec<&Place> =
            [Some(&first), second.as_ref()].into_iter().flatten().filter_map(Named::place).collect();
        let Some(last) = places.last().copied() else { return Ok(Looked::default()) };
        let standings: Vec<Standing> =
            places.iter().map(|place| self.territory.standing(place, announced.process)).collect();
        if standings.iter().all(|standing| *standing == Standing::Harmless) {
            return Ok(Looked::default());
        }
        let refusal = match (standings.contains(&Standing::Outside), change.effect) {
            (false, _) => None,
            // As a read-only file system does.
            (true, Effect::Creates) if last.file.is_some() => Some(Errno::EEXIST),
            (true, Effect::Creates | Effect::Destroys | Effect::Alters | Effect::Touches) => {
                Some(Errno::EROFS)
            }
        };
        let record = match change.effect {
            Effect::Touches => Recorded::IfRefused,
            Effect::Creates | Effect::Destroys | Effect::Alters => Recorded::Always,
        };
        if change.effect == Effect::Destroys && refusal.is_none() {
            self.contents.before_loss(last, announced.process, &mut self.ledger);
        }
        self.see_name(last, announced);
        let text = |named: &Named| named.text().map(|text| self.contents.search().redact(&text));
        let call = SystemCall {
            path: text(&first),
            second_path: second.as_ref().and_then(text),
            mode: change.mode.map(|at| permissions(announced.arguments[at])),
            ..plain(change.kind, announced)
        };
        let classes = standings.contains(&Standing::Inside).then(|| class(change.kind).into_iter().collect());
        Ok(Looked { refusal, deed: Some(Deed { call, record, classes }) })
    }

    fn connect(&mut self, announced: &Announced, peer: Peer) -> Result<Looked, Unreadable> {
        let addresses = sockets::addresses(announced.memory, peer, &announced.arguments)?;
        self.confirm(announced)?;
        let mut first_refusal = None;
        for address in addresses {
            let (refusal, path) = match &address {
                Address::Nobody => continue,
                Address::Path(path) => match self.socket(announced, path, FinalLink::Follow) {
                    (Standing::Inside, place) => (None, place),
                    (Standing::Harmless | Standing::Outside, Some(place)) if place.file.is_some() => {
                        (Some(Errno::ECONNREFUSED), Some(place))
                    }
                    (Standing::Harmless | Standing::Outside, place) => (Some(Errno::ENOENT), place),
                },
                Address::Abstract(_) | Address::Internet(_) | Address::Other(_) => (address.refusal(), None),
            };
            let path = path.map(|place| self.text(&place));
            let text = path.as_ref().map_or_else(|| address.text(), |path| format!("unix:{path}"));
            self.record(SystemCall {
                path,
                address: Some(self.contents.search().redact(&text)),
                refused: refusal.map(name),
                ..plain(SystemCallKind::Connect, announced)
            });
            first_refusal = first_refusal.or(refusal);
        }
        Ok(Looked::refused(first_refusal))
    }

    fn bind(&mut self, announced: &Announced) -> Result<Looked, Unreadable> {
        let [_, pointer, length, ..] = announced.arguments;
        let address = sockets::read(announced.memory, pointer, length)?;
        self.confirm(announced)?;
        // Only a socket with a path makes something that stays.
        let Some(Address::Path(path)) = address else { return Ok(Looked::default()) };
        let (standing, place) = self.socket(announced, &path, FinalLink::Keep);
        let refusal = (standing != Standing::Inside).then_some(Errno::EROFS);
        let path = place.map(|place| self.text(&place));
        let call = SystemCall { path, ..plain(SystemCallKind::MakeNode, announced) };
        let classes = (standing == Standing::Inside).then(|| vec![CallClass::Create]);
        Ok(Looked { refusal, deed: Some(Deed { call, record: Recorded::Always, classes }) })
    }

    fn execute(&mut self, announced: &Announced, program: Program) -> Result<Looked, Unreadable> {
        let Some(place) = announced.path(program.target)? else { return Ok(Looked::default()) };
        // Shells try one folder after another: what cannot be executed never becomes a process.
        if !place.is_regular() || place.file.is_none_or(|file| file.st_mode & 0o111 == 0) {
            return Ok(Looked::default());
        }
        let [arguments, environment] =
            [program.arguments, program.arguments + 1].map(|at| announced.arguments[at]);
        let start = Start::read(announced.memory, arguments, environment)?;
        self.confirm(announced)?;
        self.processes.remove(&announced.thread);
        let program = self.text(&place);
        let (fact, sightings) = start.seen(announced.process, &program, self.contents.search());
        self.ledger.record(Observer::Processes, Fact::ProcessStarted(fact));
        for (found, place) in sightings {
            self.ledger.sighted(Observer::Processes, found, &place);
        }
        Ok(Looked::default())
    }

    fn forbid(&mut self, announced: &Announced, errno: Errno) -> Looked {
        self.record(SystemCall { refused: Some(name(errno)), ..plain(SystemCallKind::Forbidden, announced) });
        Looked::refused(Some(errno))
    }

    fn socket(&self, announced: &Announced, path: &[u8], links: FinalLink) -> (Standing, Option<Place>) {
        let base =
            announced.viewer.working_directory().map_or_else(|_| PathBuf::from("/"), |place| place.path);
        match announced.viewer.resolve(&base, path, links) {
            Ok(place) => (self.territory.standing(&place, announced.process), Some(place)),
            Err(_ring_of_links) => (Standing::Outside, None),
        }
    }

    /// A canary in a name that comes to be is a leak even if the name is gone before the next snapshot.
    fn see_name(&mut self, place: &Place, announced: &Announced) {
        let found = self.contents.search().whole(place.path.as_os_str().as_encoded_bytes());
        if !found.is_empty() {
            let mode = place.file.as_ref().map_or(0, |file| file.st_mode & !kind(file).bits());
            let place = SightingPlace::Write { path: self.text(place), pid: announced.process, mode };
            self.ledger.sighted(Observer::SystemCalls, found, &place);
        }
    }

    fn text(&self, place: &Place) -> String {
        self.contents.search().redact(&place.path.to_string_lossy())
    }

    fn record(&mut self, call: SystemCall) {
        self.ledger.record(Observer::SystemCalls, Fact::SystemCall(call));
    }

    /// What was read belongs to the caller only if the caller still waits.
    fn confirm(&self, announced: &Announced) -> Result<(), Unreadable> {
        if ffi::is_waiting(&self.listener, announced.id) { Ok(()) } else { Err(Unreadable::Gone) }
    }

    fn missed(&mut self, announced: &Announced, unreadable: Unreadable) {
        match unreadable {
            // The call fails by itself, or has nobody left to return to.
            Unreadable::Fault | Unreadable::Gone => {}
            Unreadable::Forbidden(errno) => self.ledger.lose(|| {
                format!("process {} made itself unreadable to the witness ({errno})", announced.process)
            }),
            Unreadable::TooLong => self.ledger.lose(|| {
                format!("process {} started a program with more than the witness reads", announced.process)
            }),
        }
    }

    fn process(&mut self, thread: u32) -> u32 {
        if let Some(process) = self.processes.get(&thread) {
            return *process;
        }
        let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
        let group = status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
        if let Some(process) = group {
            if self.processes.len() >= MAX_THREADS {
                self.processes.clear();
            }
            self.processes.insert(thread, process);
        }
        group.unwrap_or(thread)
    }
}

fn plain(call: SystemCallKind, announced: &Announced) -> SystemCall {
    SystemCall {
        call,
        pid: announced.process,
        path: None,
        second_path: None,
        mode: None,
        flags: None,
        address: None,
        refused: None,
    }
}

fn permissions(mode: u64) -> u32 {
    u32::try_from(mode & 0o7777).expect("twelve bits")
}

/// The class of a change, if it has one of its own.
fn class(kind: SystemCallKind) -> Option<CallClass> {
    match kind {
        SystemCallKind::MakeDirectory
        | SystemCallKind::MakeNode
        | SystemCallKind::Link
        | SystemCallKind::Symlink => Some(CallClass::Create),
        SystemCallKind::Rename => Some(CallClass::Rename),
        SystemCallKind::Unlink => Some(CallClass::Unlink),
        SystemCallKind::Truncate => Some(CallClass::Truncate),
        SystemCallKind::Open
        | SystemCallKind::Write
        | SystemCallKind::SharedMap
        | SystemCallKind::Splice
        | SystemCallKind::ChangeMode
        | SystemCallKind::ChangeOwner
        | SystemCallKind::SetAttribute
        | SystemCallKind::Sync
        | SystemCallKind::Connect
        | SystemCallKind::Forbidden => None,
    }
}

/// How an errno is written in evidence.
pub(super) fn name(errno: Errno) -> String {
    format!("{errno:?}")
}

const MAX_WRITE_BYTES: usize = 64 << 20;
const PIECE_BYTES: usize = 1 << 20;
const MAX_THREADS: usize = 4096;
