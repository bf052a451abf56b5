//! The reference at store level: values are handed over as they are.

use token_cache::{ClearReport, ClearedItem, ClearedPlaintext, Error, SecretBytes, store::Obstacle};

use super::{
    caches::{Caches, MakeSeams, options},
    outcome::Failed,
    session::{Answered, Handle},
};
use crate::protocol::{Base64Bytes, Get, Open, Phase, Put, Remove, ReplyBody};

/// The caches of a handle.
pub(super) struct Store(Caches);

impl Store {
    /// What `open` describes.
    ///
    /// # Errors
    ///
    /// Options are absent, which means something to a credential only.
    pub(super) fn open(open: &Open) -> Result<Self, String> {
        let said = open.options.clone().ok_or("open needs options at store level")?;
        Ok(Self(Caches::new(options(said), open)))
    }
}

impl Handle for Store {
    fn put(&mut self, put: Put, seams: &MakeSeams) -> Answered {
        let Base64Bytes(value) = put.value.ok_or("put needs a value at store level")?;
        Ok(self.0.of(put.partition, seams).map_err(Failed::during(Phase::Open)).and_then(|cache| {
            cache.write(SecretBytes::from(value)).map_err(Failed::during(Phase::Save))?;
            Ok(ReplyBody::Put { state: None })
        }))
    }

    fn get(&mut self, get: &Get, seams: &MakeSeams) -> Answered {
        Ok(self.0.of(get.partition, seams).map_err(Failed::during(Phase::Open)).and_then(|cache| {
            let value = cache.read().map_err(Failed::during(Phase::Load))?;
            let value = value.map(|bytes| Base64Bytes(bytes.expose().to_vec()));
            Ok(ReplyBody::Get { value, state: None })
        }))
    }

    fn remove(
        &mut self,
        remove: &Remove,
        seams: &MakeSeams,
    ) -> Result<Option<Result<ReplyBody, Failed>>, String> {
        let cache = self.0.of(remove.partition, seams).map_err(Failed::during(Phase::Open));
        Ok(Some(cache.and_then(|cache| cache.clear().and_then(removed).map_err(Failed::during(Phase::Save)))))
    }

    fn caches(&self) -> &Caches {
        &self.0
    }
}

/// What a report of the library says as a reply: who asks for a removal wants to hear of what may be left.
fn removed(report: ClearReport) -> Result<ReplyBody, Error> {
    match (report.item, report.plaintext) {
        (ClearedItem::Gone, _)
        // Where there is no keyring, what was there is the plaintext.
        | (ClearedItem::NotReached(Obstacle::Absent(_)), ClearedPlaintext::Removed) => Ok(ReplyBody::Done),
        (ClearedItem::NotReached(obstacle), _) => Err(obstacle.into()),
    }
}
