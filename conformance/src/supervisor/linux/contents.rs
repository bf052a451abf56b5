//! What files hold: searched as it is written, before it is lost, and at the end.

use std::{collections::HashSet, path::Path};

use nix::sys::stat::{FileStat, fstat, stat};

use super::{
    holdings::{Extent, FileId, Held, Holdings, Kept, open_quietly, read_through},
    ledger::Ledger,
    memory::Unreadable,
    path::{Name, Place, is_regular},
    search::{Search, Sighting, StreamKey},
};
use crate::{
    canary::Needle,
    observation::{Observer, SightingPlace, SystemCallKind},
};

/// The contents of the files of a session.
pub(super) struct Contents {
    search: Search,
    holdings: Holdings,
    seen: HashSet<(u32, FileId, SystemCallKind)>,
    looks: u64,
}

/// A regular file behind a descriptor of another process.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    id: FileId,
    mode: u32,
    process: u32,
    link: String,
}

/// Whether a process has been seen doing something to a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    /// Never before.
    First,
    /// Before.
    Again,
}

/// What bytes that are written hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Written {
    /// No canary.
    Harmless,
    /// A canary, or the rest of one that the writes before began.
    Secret,
}

impl Contents {
    /// Nothing yet.
    pub(super) fn new(search: Search) -> Self {
        Self { search, holdings: Holdings::default(), seen: HashSet::new(), looks: 0 }
    }

    /// The search.
    pub(super) fn search(&self) -> &Search {
        &self.search
    }

    /// Remembers that a process did something to a file.
    pub(super) fn see(&mut self, file: &OpenFile, kind: SystemCallKind) -> Seen {
        if self.seen.insert((file.process, file.id, kind)) { Seen::First } else { Seen::Again }
    }

    /// Keeps a file until the end.
    pub(super) fn keep(&mut self, file: &OpenFile, path: &str, ledger: &mut Ledger) {
        if self.holdings.holds(file.id) {
            return;
        }
        match self.holdings.keep(file.id, Path::new(&file.link), path.to_owned(), file.process) {
            Kept::Yes => {}
            Kept::InPlaceOf(held) => self.search_held(&held, ledger),
            Kept::No(error) => ledger
                .lose(|| format!("{path} could not be opened by the witness when it was written: {error}")),
            Kept::Full => ledger.lose(|| "the session wrote to too many files without names".into()),
        }
    }

    /// Searches bytes that a process writes to a file.
    pub(super) fn written(
        &mut self,
        file: &OpenFile,
        path: &str,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Written {
        let FileId { device, inode } = file.id;
        let key = StreamKey { process: file.process, device, inode };
        let sightings = self.search.stream(key, bytes);
        let is_canary = |sighting: &Sighting| matches!(sighting.needle, Needle::Canary(_));
        // A stream shows each canary but once; one that is written again is in the bytes themselves.
        let is_secret = sightings.iter().any(is_canary) || self.search.whole(bytes).iter().any(is_canary);
        let place = SightingPlace::Write { path: path.to_owned(), pid: file.process, mode: file.mode };
        ledger.sighted(Observer::SystemCalls, sightings, &place);
        if is_secret { Written::Secret } else { Written::Harmless }
    }

    /// Searches a file that is about to lose its content or its name.
    pub(super) fn before_loss(&mut self, place: &Place, process: u32, ledger: &mut Ledger) {
        let Some(status) = place.file.as_ref().filter(|status| is_regular(status)) else { return };
        let id = FileId { device: status.st_dev, inode: status.st_ino };
        if let Some(held) = self.holdings.withdraw(id) {
            self.search_held(&held, ledger);
            self.holdings.restore(id, held);
            return;
        }
        if place.name == Name::Nameless {
            // It would be kept if it had been written or mapped.
            return;
        }
        let path = self.search.redact(&place.path.to_string_lossy());
        match open_quietly(&place.path) {
            Ok(file) => self.search_held(&Held { file, path, process }, ledger),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                ledger.lose(|| format!("{path} could not be opened by the witness before its loss: {error}"));
            }
        }
    }

    /// Searches every file that was kept.
    pub(super) fn finish(&mut self, ledger: &mut Ledger) {
        for held in self.holdings.take() {
            self.search_held(&held, ledger);
        }
        if self.search.is_exhausted() {
            ledger.lose(|| "what was written could not be searched to the end".into());
        }
    }

    fn search_held(&mut self, held: &Held, ledger: &mut Ledger) {
        let Ok(status) = fstat(&held.file) else {
            ledger.lose(|| format!("the state of {} could not be read", held.path));
            return;
        };
        // A stream of its own, so that nothing from other looks at the file is joined with it.
        self.looks += 1;
        let key = StreamKey { process: 0, device: self.looks, inode: status.st_ino };
        let mut sightings = Vec::new();
        let extent = read_through(&held.file, |piece| sightings.extend(self.search.stream(key, piece)));
        sightings.extend(self.search.end(key));
        match extent {
            Ok(Extent::Whole) => {}
            Ok(Extent::Partial) => {
                ledger.lose(|| format!("{} was too large to be searched whole", held.path));
            }
            Err(error) => ledger.lose(|| format!("{} could not be read: {error}", held.path)),
        }
        let mode = permissions(&status);
        let place = SightingPlace::Write { path: held.path.clone(), pid: held.process, mode };
        ledger.sighted(Observer::SystemCalls, sightings, &place);
    }
}

impl OpenFile {
    /// The file behind a descriptor of a thread of a process, if it is a regular one.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if the process may not be looked at.
    pub(super) fn of(thread: u32, descriptor: u64) -> Result<Option<Self>, Unreadable> {
        // The kernel takes the low half of the argument.
        let link = format!("/proc/{thread}/fd/{}", descriptor as u32);
        let status = match stat(link.as_str()).map_err(Unreadable::from) {
            Ok(status) if is_regular(&status) => status,
            // A descriptor that is not open: the call fails by itself.
            Ok(_) | Err(Unreadable::Fault) => return Ok(None),
            Err(unreadable) => return Err(unreadable),
        };
        let id = FileId { device: status.st_dev, inode: status.st_ino };
        Ok(Some(Self { id, mode: permissions(&status), process: thread, link }))
    }

    /// The same file, with the process that the thread belongs to.
    pub(super) fn in_process(self, process: u32) -> Self {
        Self { process, ..self }
    }
}

fn permissions(status: &FileStat) -> u32 {
    status.st_mode & 0o7777
}
