//! What must hold of the store alone.

use token_cache::store::secret_service::SecretService;
use token_cache::store::{Absence, Breakage, ItemIdentity, Obstacle, Store};
use token_cache::{BusAddress, Deadline, Interaction, LockGuard, SecretBytes};

use super::bus::Bus;
use super::keyring::{FILE, Keyring};
use super::property::{Begun, has_no_secret, patience, secret};
use super::record::Record;
use super::script::{Script, Step};

/// One store, for all steps.
pub(super) fn play(script: &Script, bus: &Bus) {
    let address = BusAddress { address: Some(bus.address()), runtime_directory: None };
    let store = SecretService::new(address, ItemIdentity::of_file(FILE)).expect("it is built here");
    for (number, step) in script.steps.iter().enumerate() {
        let before = {
            let mut service = bus.service();
            drop(service.take_record());
            service.is_there().then(|| service.keyring.clone())
        };
        let wait = patience(script);
        let begun = Begun::with(wait);
        let outcome = make(&store, *step, number, Deadline::after(wait));
        let late = begun.is_late();
        let mut service = bus.service();
        let record = service.take_record();
        if let Err(obstacle) = &outcome {
            has_no_secret(&format!("{obstacle} {obstacle:?}"));
        }
        let unknown = matches!(
            outcome,
            Err(Obstacle::Broken(Breakage::TimedOut { .. } | Breakage::OutcomeUnknown { .. }))
        );
        if record.sound && !(late && unknown) {
            let expected = sound(*step, before.as_ref());
            assert!(expected.is(&outcome), "{step:?} of {before:?} gives {outcome:?}");
        }
        if let Err(Obstacle::Broken(Breakage::TimedOut { call })) = &outcome {
            assert!(late || record.late, "{call} ended before its deadline");
        }
        match step {
            Step::Probe | Step::Unlock => {}
            Step::Read => read(&outcome, &record),
            Step::Write => {
                if outcome.is_ok() {
                    written(&record, &service.keyring, number);
                } else if record.taken {
                    doubted(&outcome);
                }
            }
            Step::Clear => {
                if outcome.is_ok() && record.sound {
                    assert!(service.keyring.exact().is_empty(), "it is cleared");
                }
                assert!(outcome.is_err() || record.no_item, "what is cleared was not found any more");
            }
        }
        drop(service);
        if unknown {
            // A call that was given up may still be carried out.
            bus.settle();
        }
    }
}

/// A write that succeeded was read back, and is so, where the service did not lie about it.
pub(super) fn written(record: &Record, keyring: &Keyring, number: usize) {
    assert!(record.changed, "nothing was written");
    assert!(record.told.contains(&secret(number)), "what was written was read back");
    if record.sound_since_change {
        let kept: Vec<_> = keyring.exact().iter().map(|item| &item.secret).collect();
        assert_eq!(kept, [&secret(number)], "what is kept");
    }
}

type Outcome = Result<Option<SecretBytes>, Obstacle>;

fn make(store: &SecretService, step: Step, number: usize, deadline: Deadline) -> Outcome {
    let lock = LockGuard::without_lock();
    match step {
        Step::Probe => store.probe(Interaction::Never, deadline).map(|()| None),
        Step::Unlock => store.probe(Interaction::Allow, deadline).map(|()| None),
        Step::Read => store.read(deadline),
        Step::Write => store.write(&lock, &secret(number).into(), deadline).map(|()| None),
        Step::Clear => store.clear(&lock, deadline).map(|()| None),
    }
}

/// What is read was sent, and nothing is missing that nobody denied.
fn read(outcome: &Outcome, record: &Record) {
    match outcome {
        Ok(Some(bytes)) => was_told(bytes, record),
        Ok(None) => assert!(record.no_item, "nobody said that there is no item"),
        Err(_) => {}
    }
}

/// What is read was sent.
pub(super) fn was_told(bytes: &SecretBytes, record: &Record) {
    assert!(record.told.iter().any(|told| told == bytes.expose()), "what is read was never sent");
}

/// The service may have taken the bytes, so the error must not say that it has not.
fn doubted(outcome: &Outcome) {
    let open = matches!(
        outcome,
        Err(Obstacle::Broken(
            Breakage::OutcomeUnknown { .. } | Breakage::ReadBackDiffers | Breakage::Protocol { .. }
        ) | Obstacle::Ambiguous { .. }
            | Obstacle::Unreadable { .. })
    );
    assert!(open, "{outcome:?} after a change");
}

/// What a sound service makes of a step.
enum Expected {
    Absent,
    Ambiguous,
    Locked,
    Nothing,
    Secret(Vec<u8>),
}

fn sound(step: Step, before: Option<&Keyring>) -> Expected {
    let Some(keyring) = before else { return Expected::Absent };
    match (step, keyring.exact().as_slice()) {
        (Step::Unlock, _) => Expected::Nothing,
        (Step::Probe | Step::Read | Step::Write | Step::Clear, _) if keyring.locked => Expected::Locked,
        (Step::Read, [item]) => Expected::Secret(item.secret.clone()),
        (Step::Read | Step::Write, [_, _, ..]) => Expected::Ambiguous,
        (Step::Probe | Step::Read | Step::Write | Step::Clear, _) => Expected::Nothing,
    }
}

impl Expected {
    fn is(&self, outcome: &Outcome) -> bool {
        match self {
            Self::Absent => matches!(outcome, Err(Obstacle::Absent(Absence::NoService))),
            Self::Ambiguous => matches!(outcome, Err(Obstacle::Ambiguous { .. })),
            Self::Locked => matches!(outcome, Err(Obstacle::Locked)),
            Self::Nothing => matches!(outcome, Ok(None)),
            Self::Secret(bytes) => matches!(outcome, Ok(Some(read)) if read.expose() == bytes),
        }
    }
}
