//! The observer of the file tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Lost,
    entry::{self, Look},
};
use crate::{
    canary::{Hit, Scanner, Search},
    observation::{EntryKind, EvidenceLog, Fact, Observer, SessionIndex, SightingPlace, Snapshot, TreeEntry},
};

/// Looks at every file below some folders: state, content, name, target, extended attributes.
///
/// Links are not followed, and sockets, FIFOs and devices are not opened. What cannot be seen is a loss, never a silent
/// gap; everything else is recorded all the same, so that what was found still counts.
#[derive(Clone, Debug)]
pub struct FileObserver {
    roots: Vec<PathBuf>,
    scanner: Scanner,
}

impl FileObserver {
    /// An observer of everything below these folders, the folders included.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>, scanner: Scanner) -> Self {
        Self { roots: roots.into_iter().collect(), scanner }
    }

    /// Records the tree and every canary in it.
    ///
    /// # Errors
    ///
    /// [`Lost`] with the first thing that could not be seen.
    pub fn snapshot(
        &self,
        log: &EvidenceLog,
        session: Option<SessionIndex>,
        snapshot: Snapshot,
    ) -> Result<(), Lost> {
        let tour = self.tour(log, session, snapshot);
        log.record(Observer::Files, session, Fact::Tree { snapshot, entries: tour.entries });
        tour.first_missed
    }

    /// Records what canaries are in the tree, and not the tree: for the leak of the beacon, which belongs to no session.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot).
    pub fn sightings(&self, log: &EvidenceLog, snapshot: Snapshot) -> Result<(), Lost> {
        self.tour(log, None, snapshot).first_missed
    }

    fn tour<'a>(
        &'a self,
        log: &'a EvidenceLog,
        session: Option<SessionIndex>,
        snapshot: Snapshot,
    ) -> Tour<'a> {
        let mut tour = Tour {
            scanner: &self.scanner,
            log,
            session,
            snapshot,
            entries: Vec::new(),
            first_missed: Ok(()),
        };
        let mut ahead = self.roots.clone();
        while let Some(path) = ahead.pop() {
            if tour.entries.len() == MOST_ENTRIES {
                tour.miss(&path, &format!("there are more than {MOST_ENTRIES} entries"));
                break;
            }
            tour.visit(&path, &mut ahead);
        }
        tour.entries.sort_by(|one, other| one.path.cmp(&other.path));
        tour
    }
}

/// One walk over the tree.
struct Tour<'a> {
    scanner: &'a Scanner,
    log: &'a EvidenceLog,
    session: Option<SessionIndex>,
    snapshot: Snapshot,
    entries: Vec<TreeEntry>,
    first_missed: Result<(), Lost>,
}

impl Tour<'_> {
    /// Looks at an entry, and puts what is in it on the list if it is a folder.
    fn visit(&mut self, path: &Path, ahead: &mut Vec<PathBuf>) {
        let Look { entry, content, attributes, missed } = match entry::look(path) {
            Ok(look) => look,
            Err(error) => return self.miss(path, &error.to_string()),
        };
        for what in missed {
            self.miss(path, &what);
        }
        let shown = self.scanner.redact(&entry.path);
        let snapshot = self.snapshot;

        let name = entry::name_bytes(path);
        let target = entry.target.as_deref().unwrap_or_default().as_bytes();
        for text in [name.as_slice(), target] {
            self.search(path, text, |_| SightingPlace::FileName { snapshot, path: shown.clone() });
        }
        for (attribute, value) in &attributes {
            for bytes in [attribute.as_bytes(), value] {
                let attribute = self.scanner.redact(attribute);
                self.search(path, bytes, |_| SightingPlace::ExtendedAttribute {
                    snapshot,
                    path: shown.clone(),
                    attribute: attribute.clone(),
                });
            }
        }
        if let Some(content) = content {
            let place = |hit: &Hit| SightingPlace::File { snapshot, path: shown.clone(), offset: hit.offset };
            self.search(path, &content, place);
        }
        if entry.kind == EntryKind::Directory {
            match fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
                Ok(below) => ahead.extend(below.iter().map(fs::DirEntry::path)),
                Err(error) => self.miss(path, &format!("the folder: {error}")),
            }
        }
        self.entries.push(TreeEntry {
            path: shown,
            target: entry.target.as_ref().map(|target| self.scanner.redact(target)),
            attributes: entry
                .attributes
                .iter()
                .map(|(name, digest)| (self.scanner.redact(name), digest.clone()))
                .collect(),
            ..entry
        });
    }

    fn search(&mut self, path: &Path, bytes: &[u8], place: impl Fn(&Hit) -> SightingPlace) {
        let Search { hits, exhausted } = self.scanner.search(bytes);
        for hit in hits {
            if let Some(fact) = hit.fact(Observer::Files, place(&hit)) {
                self.log.record(Observer::Files, self.session, fact);
            }
        }
        if exhausted {
            self.miss(path, "it decodes to more than can be searched");
        }
    }

    fn miss(&mut self, path: &Path, what: &str) {
        if self.first_missed.is_ok() {
            let path = self.scanner.redact(&path.to_string_lossy());
            let reason = format!("{path}: {what}");
            self.first_missed = Err(Lost { observer: Observer::Files, reason });
        }
    }
}

/// More than any session leaves; what makes more of them is not looked at for ever.
const MOST_ENTRIES: usize = 100_000;

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;
    use crate::{
        canary::{CanarySet, fresh_canary},
        case::CanaryRole,
        observation::Clock,
    };

    struct Scene {
        folder: tempfile::TempDir,
        set: CanarySet,
        log: EvidenceLog,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                set: CanarySet::generate([alice()]),
                log: EvidenceLog::new(Clock::start()),
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn canary(&self) -> &str {
            self.set.text(&alice()).unwrap()
        }

        fn snapshot(&self) -> Result<(), Lost> {
            let observer = FileObserver::new([self.folder.path().to_path_buf()], self.set.scanner());
            observer.snapshot(&self.log, Some(SessionIndex(0)), SNAPSHOT)
        }

        fn places(&self) -> Vec<SightingPlace> {
            let facts = self.log.entries().into_iter().filter_map(|entry| {
                let Fact::CanarySeen { place, .. } = entry.fact else { return None };
                Some(place)
            });
            facts.collect()
        }

        fn tree(&self) -> Vec<TreeEntry> {
            let mut trees = self.log.entries().into_iter().filter_map(|entry| {
                let Fact::Tree { entries, .. } = entry.fact else { return None };
                Some(entries)
            });
            trees.next_back().unwrap()
        }

        fn shown(&self, name: &str) -> String {
            self.path(name).to_str().unwrap().into()
        }
    }

    fn alice() -> CanaryRole {
        CanaryRole("alice".into())
    }

    const SNAPSHOT: Snapshot = Snapshot::After(SessionIndex(0));

    #[test]
    fn every_kind_of_entry_is_seen_as_it_is() {
        let scene = Scene::new();
        fs::write(scene.path("file"), "abc").unwrap();
        symlink("/nowhere", scene.path("link")).unwrap();
        let _socket = UnixListener::bind(scene.path("socket")).unwrap();
        nix::unistd::mkfifo(&scene.path("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        scene.snapshot().unwrap();
        let tree = scene.tree();
        let kinds: Vec<(String, EntryKind)> =
            tree.iter().map(|entry| (entry.path.clone(), entry.kind)).collect();
        assert_eq!(
            kinds,
            [
                (scene.folder.path().to_str().unwrap().into(), EntryKind::Directory),
                (scene.shown("fifo"), EntryKind::Special),
                (scene.shown("file"), EntryKind::File),
                (scene.shown("link"), EntryKind::Symlink),
                (scene.shown("socket"), EntryKind::Special),
            ]
        );
        assert_eq!(tree[2].size, 3);
        assert_eq!(
            tree[2].sha256.as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(tree[3].target.as_deref(), Some("/nowhere"));
    }

    #[test]
    fn a_canary_in_content_name_and_target_is_seen_and_spelled_out_nowhere() {
        let scene = Scene::new();
        fs::write(scene.path("content"), format!("token={}", scene.canary())).unwrap();
        fs::write(scene.path(scene.canary()), "").unwrap();
        symlink(scene.canary(), scene.path("link")).unwrap();
        scene.snapshot().unwrap();
        let mut places = scene.places();
        places.sort_by_key(|place| format!("{place:?}"));
        assert_eq!(
            places,
            [
                SightingPlace::File { snapshot: SNAPSHOT, path: scene.shown("content"), offset: 6 },
                SightingPlace::FileName { snapshot: SNAPSHOT, path: scene.shown("link") },
                SightingPlace::FileName { snapshot: SNAPSHOT, path: scene.shown("{alice}") },
            ]
        );
        let recorded = serde_json::to_vec(&scene.log.entries()).unwrap();
        assert_eq!(scene.set.scanner().scan(&recorded), []);
    }

    #[test]
    fn a_canary_in_an_extended_attribute_is_seen() {
        let scene = Scene::new();
        fs::write(scene.path("file"), "").unwrap();
        let flags = rustix::fs::XattrFlags::empty();
        let canary = scene.canary().as_bytes();
        if rustix::fs::setxattr(scene.path("file"), "user.note", canary, flags).is_err() {
            // The file system of the temporary folder has no extended attributes: there is nothing to see.
            return;
        }
        scene.snapshot().unwrap();
        assert_eq!(
            scene.places(),
            [SightingPlace::ExtendedAttribute {
                snapshot: SNAPSHOT,
                path: scene.shown("file"),
                attribute: "user.note".into()
            }]
        );
        assert_eq!(scene.tree()[1].attributes.keys().collect::<Vec<_>>(), ["user.note"]);
    }

    #[test]
    fn a_link_is_not_followed() {
        let scene = Scene::new();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("file"), scene.canary()).unwrap();
        symlink(elsewhere.path(), scene.path("folder")).unwrap();
        symlink(elsewhere.path().join("file"), scene.path("file")).unwrap();
        scene.snapshot().unwrap();
        assert_eq!(scene.places(), []);
        assert_eq!(scene.tree().len(), 3);
    }

    #[test]
    fn a_canary_of_nobody_is_not_seen() {
        let scene = Scene::new();
        fs::write(scene.path("file"), fresh_canary()).unwrap();
        scene.snapshot().unwrap();
        assert_eq!(scene.places(), []);
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_loss() {
        let scene = Scene::new();
        let observer = FileObserver::new([scene.path("missing")], scene.set.scanner());
        let lost = observer.snapshot(&scene.log, None, SNAPSHOT).unwrap_err();
        assert_eq!(lost.observer, Observer::Files);
        assert_eq!(
            lost.reason,
            format!("{}: No such file or directory (os error 2)", scene.shown("missing"))
        );
    }

    #[test]
    fn a_file_too_large_to_search_is_a_loss_and_the_others_are_still_searched() {
        let scene = Scene::new();
        fs::write(scene.path("a"), scene.canary()).unwrap();
        fs::write(scene.path("z"), scene.canary()).unwrap();
        fs::File::create(scene.path("large")).unwrap().set_len(1 << 40).unwrap();
        let lost = scene.snapshot().unwrap_err();
        assert_eq!(
            lost.reason,
            format!("{}: content: the file is larger than 16777216 bytes", scene.shown("large"))
        );
        assert_eq!(scene.places().len(), 2);
        assert_eq!(scene.tree().len(), 4);
    }

    #[test]
    fn an_unreadable_file_is_a_loss() {
        use std::os::unix::fs::PermissionsExt;

        let scene = Scene::new();
        fs::write(scene.path("file"), scene.canary()).unwrap();
        fs::set_permissions(scene.path("file"), fs::Permissions::from_mode(0o000)).unwrap();
        let exempt = fs::read(scene.path("file")).is_ok();
        let result = scene.snapshot();
        // Root is exempt from modes and sees the file, which is as good.
        assert_eq!(result.is_ok(), exempt);
        assert_eq!(scene.places().len(), usize::from(exempt));
        assert_eq!(scene.tree()[1].mode, Some(0));
    }

    #[test]
    fn the_leak_of_the_beacon_is_liveness_without_a_tree() {
        let scene = Scene::new();
        fs::write(scene.path(".beacon"), scene.set.liveness(Observer::Files)).unwrap();
        fs::write(scene.path("other"), scene.set.liveness(Observer::Bus)).unwrap();
        let observer = FileObserver::new([scene.folder.path().to_path_buf()], scene.set.scanner());
        observer.sightings(&scene.log, SNAPSHOT).unwrap();
        let facts: Vec<Fact> = scene.log.entries().into_iter().map(|entry| entry.fact).collect();
        let place = SightingPlace::File { snapshot: SNAPSHOT, path: scene.shown(".beacon"), offset: 0 };
        assert_eq!(facts, [Fact::LivenessSeen { observer: Observer::Files, place }]);
    }
}
