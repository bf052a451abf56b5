//! What a store does with its one item, whoever plays the keychain.

use crate::SecretBytes;
use crate::fs::MAXIMUM_BYTES;
use crate::store::{Interaction, Obstacle};

use super::error::{Call, Fault, Lock, NOT_FOUND, obstacle};

/// A keychain with our item, or without it.
pub(super) trait Keychain {
    /// Whether it is locked; never opens a dialogue.
    fn lock(&self) -> Result<Lock, Fault>;

    /// Asks the user to unlock it, and waits for the answer.
    fn unlock(&self) -> Result<(), Fault>;

    /// The bytes of the item, asking the user to let this program at them where that is allowed.
    fn read(&self, interaction: Interaction) -> Result<SecretBytes, Fault>;

    /// Makes the item or replaces its bytes; never opens a dialogue.
    fn write(&self, bytes: &SecretBytes) -> Result<(), Fault>;

    /// Removes the item; never opens a dialogue.
    fn remove(&self) -> Result<(), Fault>;
}

/// Says whether the keychain can be used, unlocking it where that is allowed.
///
/// With [`Interaction::Allow`] the item is read as well, because that is the only time at which the user can be asked
/// to let this program at it.
///
/// # Errors
///
/// The row of the decision table that applies.
pub(super) fn probe(keychain: &impl Keychain, interaction: Interaction) -> Result<(), Obstacle> {
    match (lock(keychain)?, interaction) {
        (Lock::Unlocked, Interaction::Never) => return Ok(()),
        (Lock::Locked, Interaction::Never) => return Err(Obstacle::Locked),
        (Lock::Unlocked, Interaction::Allow) => {}
        (Lock::Locked, Interaction::Allow) => {
            keychain.unlock().map_err(|fault| met(keychain, UNLOCK, fault))?;
            // The answer is not enough: what counts is what the next request will meet.
            open(keychain)?;
        }
    }
    match keychain.read(Interaction::Allow) {
        Ok(_) | Err(Fault::Status(NOT_FOUND)) => Ok(()),
        Err(fault) => Err(met(keychain, READ, fault)),
    }
}

/// The bytes of the item; `None` if there is none.
///
/// # Errors
///
/// What the mapper makes of the status.
pub(super) fn read(keychain: &impl Keychain) -> Result<Option<SecretBytes>, Obstacle> {
    open(keychain)?;
    match keychain.read(Interaction::Never) {
        Ok(bytes) if bytes.len() as u64 > MAXIMUM_BYTES => {
            Err(Obstacle::Unreadable { reason: format!("it has {} bytes", bytes.len()) })
        }
        Ok(bytes) => Ok(Some(bytes)),
        Err(Fault::Status(NOT_FOUND)) => Ok(None),
        Err(fault) => Err(met(keychain, READ, fault)),
    }
}

/// Makes the item or replaces its bytes.
///
/// # Errors
///
/// What the mapper makes of the status.
pub(super) fn write(keychain: &impl Keychain, bytes: &SecretBytes) -> Result<(), Obstacle> {
    open(keychain)?;
    let call = Call { bytes: Some(bytes.len()), ..WRITE };
    keychain.write(bytes).map_err(|fault| met(keychain, call, fault))
}

/// Removes the item; removing nothing is no error.
///
/// # Errors
///
/// What the mapper makes of the status.
pub(super) fn clear(keychain: &impl Keychain) -> Result<(), Obstacle> {
    open(keychain)?;
    match keychain.remove() {
        Ok(()) | Err(Fault::Status(NOT_FOUND)) => Ok(()),
        Err(fault) => Err(met(keychain, REMOVE, fault)),
    }
}

fn open(keychain: &impl Keychain) -> Result<(), Obstacle> {
    match lock(keychain)? {
        Lock::Locked => Err(Obstacle::Locked),
        Lock::Unlocked => Ok(()),
    }
}

fn lock(keychain: &impl Keychain) -> Result<Lock, Obstacle> {
    keychain.lock().map_err(|fault| obstacle(STATUS, fault, Lock::Unlocked))
}

/// It may have been locked since it was asked, by a timer or by its user.
fn met(keychain: &impl Keychain, call: Call, fault: Fault) -> Obstacle {
    obstacle(call, fault, keychain.lock().unwrap_or(Lock::Unlocked))
}

pub(super) const STATUS: Call = Call { label: "asking for the keychain's status", bytes: None };
pub(super) const UNLOCK: Call = Call { label: "unlocking the keychain", bytes: None };
pub(super) const READ: Call = Call { label: "reading the keychain's item", bytes: None };
pub(super) const WRITE: Call = Call { label: "writing the keychain's item", bytes: None };
pub(super) const REMOVE: Call = Call { label: "removing the keychain's item", bytes: None };

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::store::{Absence, Breakage};

    /// A keychain that does what a test says.
    struct Scripted {
        lock: Cell<Result<Lock, Fault>>,
        item: RefCell<Option<SecretBytes>>,
        /// What reading, writing and removing meet, in place of the item.
        fault: Cell<Option<Fault>>,
        /// Whether the user, asked, says yes.
        consents: bool,
        dialogues: Cell<u32>,
    }

    impl Scripted {
        fn new(lock: Lock) -> Self {
            Self {
                lock: Cell::new(Ok(lock)),
                item: RefCell::new(None),
                fault: Cell::new(None),
                consents: true,
                dialogues: Cell::new(0),
            }
        }

        fn failing(status: i32) -> Self {
            let keychain = Self::new(Lock::Unlocked);
            keychain.fault.set(Some(Fault::Status(status)));
            keychain
        }

        fn fault(&self) -> Result<(), Fault> {
            self.fault.get().map_or(Ok(()), Err)
        }
    }

    impl Keychain for Scripted {
        fn lock(&self) -> Result<Lock, Fault> {
            self.lock.get()
        }

        fn unlock(&self) -> Result<(), Fault> {
            self.dialogues.set(self.dialogues.get() + 1);
            if !self.consents {
                return Err(Fault::Status(-128));
            }
            self.lock.set(Ok(Lock::Unlocked));
            Ok(())
        }

        fn read(&self, interaction: Interaction) -> Result<SecretBytes, Fault> {
            match (self.fault.get(), interaction) {
                (Some(SILENCED), Interaction::Allow) => {
                    self.dialogues.set(self.dialogues.get() + 1);
                    self.fault.set(None);
                }
                (Some(fault), Interaction::Never | Interaction::Allow) => return Err(fault),
                (None, _) => {}
            }
            self.item.borrow().clone().ok_or(Fault::Status(NOT_FOUND))
        }

        fn write(&self, bytes: &SecretBytes) -> Result<(), Fault> {
            self.fault()?;
            self.item.replace(Some(bytes.clone()));
            Ok(())
        }

        fn remove(&self) -> Result<(), Fault> {
            self.fault()?;
            self.item.take().map(drop).ok_or(Fault::Status(NOT_FOUND))
        }
    }

    const SILENCED: Fault = Fault::Status(-25308);

    fn value() -> SecretBytes {
        SecretBytes::from(b"{}".to_vec())
    }

    #[test]
    fn what_is_written_is_read_and_removing_nothing_is_no_error() {
        let keychain = Scripted::new(Lock::Unlocked);
        assert_eq!(read(&keychain).expect("read"), None);
        write(&keychain, &value()).expect("written");
        assert_eq!(read(&keychain).expect("read"), Some(value()));
        clear(&keychain).expect("removed");
        clear(&keychain).expect("nothing to remove");
        assert_eq!(read(&keychain).expect("read"), None);
    }

    #[test]
    fn a_locked_keychain_is_locked_for_every_call_and_no_call_asks() {
        let keychain = Scripted::new(Lock::Locked);
        for refused in [
            probe(&keychain, Interaction::Never),
            read(&keychain).map(drop),
            write(&keychain, &value()),
            clear(&keychain),
        ] {
            assert!(matches!(refused, Err(Obstacle::Locked)), "{refused:?}");
        }
        assert_eq!(keychain.dialogues.get(), 0);
        assert_eq!(*keychain.item.borrow(), None);
    }

    #[test]
    fn a_locked_keychain_is_unlocked_by_a_probe_that_may_ask() {
        let keychain = Scripted::new(Lock::Locked);
        probe(&keychain, Interaction::Allow).expect("unlocked");
        assert_eq!(keychain.dialogues.get(), 1);
        assert_eq!(read(&keychain).expect("read"), None);
    }

    #[test]
    fn a_dialogue_that_is_dismissed_is_a_refusal() {
        let keychain = Scripted { consents: false, ..Scripted::new(Lock::Locked) };
        let refused = probe(&keychain, Interaction::Allow);
        assert!(
            matches!(&refused, Err(Obstacle::Refused { reason }) if reason == "errSecUserCanceled"),
            "{refused:?}"
        );
    }

    #[test]
    fn an_item_of_another_program_is_refused_until_a_probe_may_ask_for_it() {
        let keychain = Scripted::failing(-25308);
        keychain.item.replace(Some(value()));
        probe(&keychain, Interaction::Never).expect("the keychain itself is open");
        let refused = read(&keychain);
        assert!(
            matches!(&refused, Err(Obstacle::Refused { reason }) if reason == "errSecInteractionNotAllowed"),
            "{refused:?}"
        );
        assert_eq!(keychain.dialogues.get(), 0);
        probe(&keychain, Interaction::Allow).expect("the user let it at the item");
        assert_eq!(keychain.dialogues.get(), 1);
        assert_eq!(read(&keychain).expect("read"), Some(value()));
    }

    #[test]
    fn a_missing_keychain_is_absent_for_every_call() {
        for status in [-25307, -25294] {
            let keychain = Scripted::new(Lock::Unlocked);
            keychain.lock.set(Err(Fault::Status(status)));
            for absent in [
                probe(&keychain, Interaction::Never),
                probe(&keychain, Interaction::Allow),
                read(&keychain).map(drop),
                write(&keychain, &value()),
                clear(&keychain),
            ] {
                assert!(
                    matches!(absent, Err(Obstacle::Absent(Absence::NoKeychain { .. }))),
                    "{status} {absent:?}"
                );
            }
        }
    }

    #[test]
    fn an_item_beyond_the_bound_is_unreadable() {
        let keychain = Scripted::new(Lock::Unlocked);
        let bound = usize::try_from(MAXIMUM_BYTES).expect("it fits");
        keychain.item.replace(Some(SecretBytes::from(vec![b' '; bound])));
        assert!(read(&keychain).expect("within the bound").is_some());
        keychain.item.replace(Some(SecretBytes::from(vec![b' '; bound + 1])));
        let refused = read(&keychain);
        assert!(matches!(refused, Err(Obstacle::Unreadable { .. })), "{refused:?}");
    }

    #[test]
    fn a_write_that_is_refused_for_its_size_says_the_size() {
        let keychain = Scripted::failing(-25302);
        let refused = write(&keychain, &value());
        assert!(matches!(refused, Err(Obstacle::Broken(Breakage::TooLarge { bytes: 2 }))), "{refused:?}");
    }
}
