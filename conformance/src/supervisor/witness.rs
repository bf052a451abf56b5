//! What is seen of an announced call, and whether it may go on.

use std::{collections::HashMap, os::fd::OwnedFd, path::PathBuf};

use nix::errno::Errno;

use super::{
    announced::Announced,
    calls::{self, Call, Change, Data, Effect, OpenFlags, Path, Peer, Program, UNNAMED_FLAG},
    contents::{Contents, OpenFile, Seen},
    ffi,
    filter::{NATIVE_ARCHITECTURE, X32_BIT},
    ledger::Ledger,
    memory::{Unreadable, word},
    path::{FinalLink, Name, Place, kind},
    sockets::{self, Address},
    start::Start,
    territory::{Standing, Territory},
};
use crate::observation::{Fact, Observer, SightingPlace, SystemCall, SystemCallKind};

/// Answers announced calls: records what it sees, and refuses what would reach beyond the session's territory.
pub(super) struct Witness {
    listener: OwnedFd,
    territory: Territory,
    contents: Contents,
    ledger: Ledger,
    processes: HashMap<u32, u32>,
}

/// With what a call is refused; it goes on if there is nothing.
type Refusal = Option<Errno>;

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

    /// Answers the next announced call, and returns the thread that made it.
    pub(super) fn answer_next(&mut self) -> Option<u32> {
        let notification = match ffi::receive(&self.listener) {
            Ok(notification) => notification,
            // The caller was killed, or interrupted and will call again.
            Err(Errno::ENOENT | Errno::EINTR) => return None,
            Err(errno) => {
                self.ledger.lose(|| format!("an announced system call could not be received: {errno}"));
                return None;
            }
        };
        let process = self.process(notification.pid);
        let announced = Announced::new(&notification, process);
        let refusal = match self.look(&announced) {
            Ok(refusal) => refusal,
            Err(unreadable) => {
                self.missed(&announced, unreadable);
                None
            }
        };
        match ffi::respond(&self.listener, announced.id, refusal) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => {
                self.ledger.lose(|| format!("an announced system call could not be answered: {errno}"));
            }
        }
        Some(announced.thread)
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

    fn look(&mut self, announced: &Announced) -> Result<Refusal, Unreadable> {
        let is_foreign =
            announced.architecture != NATIVE_ARCHITECTURE || announced.number & X32_BIT.cast_signed() != 0;
        if is_foreign {
            return Ok(self.forbid(announced, Errno::ENOSYS));
        }
        let Some(rule) = calls::rule(announced.number) else {
            self.ledger.lose(|| format!("system call {} was announced without a rule", announced.number));
            return Ok(None);
        };
        match rule.call {
            Call::Write(data) => self.write(announced, data),
            Call::Open { target, flags } => self.open(announced, target, flags),
            Call::Map => self.map(announced),
            Call::Splice { output } => {
                self.handled(announced, announced.arguments[output], SystemCallKind::Splice)
            }
            Call::Change(change) => self.change(announced, &change),
            Call::Connect(peer) => self.connect(announced, peer),
            Call::Bind => self.bind(announced),
            Call::Execute(program) => self.execute(announced, program),
            Call::Forbidden(errno) => Ok(self.forbid(announced, errno)),
        }
    }

    fn write(&mut self, announced: &Announced, data: Data) -> Result<Refusal, Unreadable> {
        // The common case first: pipes and sockets have observers of their own.
        let Some(file) = OpenFile::of(announced.thread, announced.arguments[0])? else { return Ok(None) };
        let file = file.in_process(announced.process);
        let Some(path) = self.keep(announced, announced.arguments[0], &file, SystemCallKind::Write)? else {
            return Ok(None);
        };
        let mut budget = MAX_WRITE_BYTES;
        for (address, length) in announced.buffers(data)? {
            let mut done = 0;
            while done < length {
                let wanted =
                    usize::try_from(length - done).unwrap_or(PIECE_BYTES).min(PIECE_BYTES).min(budget);
                if wanted == 0 {
                    self.ledger.lose(|| format!("a write to {path} was too large to be searched whole"));
                    return Ok(None);
                }
                let bytes =
                    announced.memory.bytes(address.checked_add(done).ok_or(Unreadable::Fault)?, wanted)?;
                self.confirm(announced)?;
                self.contents.written(&file, &path, &bytes, &mut self.ledger);
                if bytes.len() < wanted {
                    return Ok(None);
                }
                done += wanted as u64;
                budget -= wanted;
            }
        }
        Ok(None)
    }

    fn map(&mut self, announced: &Announced) -> Result<Refusal, Unreadable> {
        let [_, _, protection, _, descriptor, _] = announced.arguments;
        // A mapping that is made for reading can be made writable later if its descriptor is.
        if protection & libc::PROT_WRITE as u64 == 0 && !announced.is_writable(descriptor) {
            return Ok(None);
        }
        self.handled(announced, descriptor, SystemCallKind::SharedMap)
    }

    fn handled(
        &mut self,
        announced: &Announced,
        descriptor: u64,
        kind: SystemCallKind,
    ) -> Result<Refusal, Unreadable> {
        if let Some(file) = OpenFile::of(announced.thread, descriptor)? {
            self.keep(announced, descriptor, &file.in_process(announced.process), kind)?;
        }
        Ok(None)
    }

    /// Keeps a file until the end, records the first time of this kind, and returns its path; nothing for settings of
    /// the process below `/proc`, which look like files.
    fn keep(
        &mut self,
        announced: &Announced,
        descriptor: u64,
        file: &OpenFile,
        kind: SystemCallKind,
    ) -> Result<Option<String>, Unreadable> {
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
        if self.contents.see(file, kind) == Seen::First {
            self.record(SystemCall { path: Some(path.clone()), ..plain(kind, announced) });
        }
        Ok(Some(path))
    }

    fn open(&mut self, announced: &Announced, path: Path, flags: OpenFlags) -> Result<Refusal, Unreadable> {
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
            return Ok(None);
        }
        let has = |flag: i32| flags & flag as u64 != 0;
        let is_exclusive = has(libc::O_CREAT) && has(libc::O_EXCL);
        let links = if has(libc::O_NOFOLLOW) || is_exclusive { FinalLink::Keep } else { FinalLink::Follow };
        let Some(place) = announced.place_with(path, links)? else { return Ok(None) };
        self.confirm(announced)?;
        let is_unnamed = flags & UNNAMED_FLAG != 0;
        let refusal = match self.territory.standing(&place, announced.process) {
            Standing::Harmless => return Ok(None),
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
        self.record(SystemCall {
            path: Some(self.text(&place)),
            mode: creates.then(|| permissions(mode)),
            flags: Some(flags),
            refused: refusal.map(name),
            ..plain(SystemCallKind::Open, announced)
        });
        Ok(refusal)
    }

    fn change(&mut self, announced: &Announced, change: &Change) -> Result<Refusal, Unreadable> {
        let first = announced.target(change.first)?;
        let second = change.second.map(|second| announced.target(second)).transpose()?;
        self.confirm(announced)?;
        let places: Vec<&Place> = [Some(&first), second.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(super::announced::Named::place)
            .collect();
        let Some(last) = places.last().copied() else { return Ok(None) };
        let standings: Vec<Standing> =
            places.iter().map(|place| self.territory.standing(place, announced.process)).collect();
        if standings.iter().all(|standing| *standing == Standing::Harmless) {
            return Ok(None);
        }
        let refusal = match (standings.contains(&Standing::Outside), change.effect) {
            (false, _) => None,
            // As a read-only file system does.
            (true, Effect::Creates) if last.file.is_some() => Some(Errno::EEXIST),
            (true, Effect::Creates | Effect::Destroys | Effect::Alters | Effect::Touches) => {
                Some(Errno::EROFS)
            }
        };
        match (change.effect, refusal) {
            (Effect::Destroys, None) => {
                self.contents.before_loss(last, announced.process, &mut self.ledger);
            }
            (Effect::Touches, None) => return Ok(None),
            (Effect::Creates | Effect::Destroys | Effect::Alters | Effect::Touches, _) => {}
        }
        self.see_name(last, announced);
        let text =
            |named: &super::announced::Named| named.text().map(|text| self.contents.search().redact(&text));
        let call = SystemCall {
            path: text(&first),
            second_path: second.as_ref().and_then(text),
            mode: change.mode.map(|at| permissions(announced.arguments[at])),
            refused: refusal.map(name),
            ..plain(change.kind, announced)
        };
        self.record(call);
        Ok(refusal)
    }

    fn connect(&mut self, announced: &Announced, peer: Peer) -> Result<Refusal, Unreadable> {
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
        Ok(first_refusal)
    }

    fn bind(&mut self, announced: &Announced) -> Result<Refusal, Unreadable> {
        let [_, pointer, length, ..] = announced.arguments;
        let address = sockets::read(announced.memory, pointer, length)?;
        self.confirm(announced)?;
        // Only a socket with a path makes something that stays.
        let Some(Address::Path(path)) = address else { return Ok(None) };
        let (standing, place) = self.socket(announced, &path, FinalLink::Keep);
        let refusal = (standing != Standing::Inside).then_some(Errno::EROFS);
        self.record(SystemCall {
            path: place.map(|place| self.text(&place)),
            refused: refusal.map(name),
            ..plain(SystemCallKind::MakeNode, announced)
        });
        Ok(refusal)
    }

    fn execute(&mut self, announced: &Announced, program: Program) -> Result<Refusal, Unreadable> {
        let Some(place) = announced.path(program.target)? else { return Ok(None) };
        // Shells try one folder after another: what cannot be executed never becomes a process.
        if !place.is_regular() || place.file.is_none_or(|file| file.st_mode & 0o111 == 0) {
            return Ok(None);
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
        Ok(None)
    }

    fn forbid(&mut self, announced: &Announced, errno: Errno) -> Refusal {
        self.record(SystemCall { refused: Some(name(errno)), ..plain(SystemCallKind::Forbidden, announced) });
        Some(errno)
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

fn name(errno: Errno) -> String {
    format!("{errno:?}")
}

const MAX_WRITE_BYTES: usize = 64 << 20;
const PIECE_BYTES: usize = 1 << 20;
const MAX_THREADS: usize = 4096;
