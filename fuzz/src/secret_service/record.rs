//! What was said to the library while it did one thing, as it went out.

use super::keyring::Keyring;
use super::message::Body;
use super::session::Sealed;
use super::wire::Reader;

/// What is known of one step.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Every answer was sound.
    pub(super) sound: bool,
    /// Every answer since the last change was sent.
    pub(super) sound_since_change: bool,
    /// Something that changes the keyring was asked for.
    pub(super) changed: bool,
    /// A change was carried out as far as the library can know, or may have been.
    pub(super) taken: bool,
    /// What the secrets say that were sent.
    pub(super) told: Vec<Vec<u8>>,
    /// It was said, or may have been, that the cache has no item.
    pub(super) no_item: bool,
    /// It was said, or may have been, that there is no keyring.
    pub(super) no_keyring: bool,
    /// It was said that somebody stopped waiting.
    pub(super) late: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            sound: true,
            sound_since_change: true,
            changed: false,
            taken: false,
            told: Vec::new(),
            no_item: false,
            no_keyring: false,
            late: false,
        }
    }
}

/// What the library can make of what was sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sent<'a> {
    /// An answer with this body.
    Body(&'a Body),
    /// Anything.
    Anything,
}

impl Record {
    /// Notes what goes out for a call.
    pub(super) fn note(&mut self, member: &str, sent: Sent<'_>, keyring: &Keyring) {
        match (member, sent) {
            ("GetSecret", Sent::Body(Body { signature, bytes })) => {
                let sealed = (signature.as_slice() == Sealed::SIGNATURE.as_bytes())
                    .then(|| Sealed::read(&mut Reader::new(bytes)));
                self.told.extend(sealed.flatten().and_then(|sealed| keyring.sessions.open_secret(&sealed)));
            }
            ("SearchItems", Sent::Body(Body { bytes, .. })) => {
                let listed = Reader::new(bytes).paths().unwrap_or_default();
                let exact = keyring.exact();
                self.no_item |= !exact.iter().any(|item| listed.contains(&item.path.as_str()));
            }
            ("ReadAlias", Sent::Body(Body { bytes, .. })) => {
                self.no_keyring |= Reader::new(bytes).string() == Some("/");
            }
            ("SearchItems" | "GetAll", Sent::Anything) => self.no_item = true,
            ("ReadAlias", Sent::Anything) => self.no_keyring = true,
            _ => {}
        }
    }
}
