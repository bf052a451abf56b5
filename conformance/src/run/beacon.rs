//! Has the beacon leak to every observer of a new world, and tidies up after it.

use std::{
    fs,
    io::{self, Read as _},
    thread,
    time::{Duration, Instant},
};

use super::stage::{Stage, StageError};
use crate::{
    case::Place,
    observation::{Observer, SessionEnd, SessionIndex, Snapshot, path_text},
    observe::{
        OutputScanner, OutputStream,
        beacon::{BEACON_FILE, Plan, RELOCATED_FILE},
        keyring, relocation,
    },
    supervisor::{OpenGate, Supervised},
};

/// Runs the beacon at home, lets every observer look for its leak, carries the files away and looks there too.
///
/// What an observer does not see is not an error here: it makes the observer unavailable, and with it whatever depends
/// on it.
pub(super) fn light(stage: &mut Stage) -> Result<(), StageError> {
    let parameters = stage.authority.parameters();
    let local = stage.home.plan_leaks(Plan::local(&stage.canaries), &stage.canaries);
    let plan = local.with_authority(&stage.canaries, parameters.url, parameters.ca_file);
    let output = run(stage, Place::Home, Plan::arguments(&stage.canaries).into(), Some(plan.to_json()))?;

    let scanner = stage.canaries.scanner();
    let snapshot = Snapshot::Before(SessionIndex(0));
    if !stage.states.is_unavailable(Observer::Output) {
        let mut scan = OutputScanner::new(OutputStream::Output, scanner.clone(), &stage.log, None);
        scan.push(&output);
        stage.states.note(scan.finish());
    }
    if !stage.states.is_unavailable(Observer::Files) {
        let looked = stage.file_observer().sightings(&stage.log, snapshot);
        stage.states.note(looked);
    }
    if !stage.states.is_unavailable(Observer::Keyring) {
        let items = keyring::all(stage.home.items());
        let looked = items.and_then(|items| keyring::sightings(&items, &scanner, &stage.log, None, snapshot));
        stage.states.note(looked);
        let compared = keyring::all(stage.home.compare_readings());
        stage.states.note(compared);
    }
    if !stage.states.is_unavailable(Observer::Relocation) {
        relocate(stage)?;
    }
    tidy(stage, &output)
}

/// Carries the files to another home, where a fresh process must find the leak.
fn relocate(stage: &mut Stage) -> Result<(), StageError> {
    stage.relocate()?;
    let found = run(stage, Place::Relocated, Plan::relocated_arguments().into(), None)?;
    let home = stage.premises(Place::Relocated).sandbox().home();
    let path = path_text(&home.join(RELOCATED_FILE));
    if let Err(lost) = relocation::record(&found, &stage.canaries.scanner(), &stage.log, &path) {
        stage.states.lose(lost);
    }
    Ok(())
}

/// Removes what the beacon left, so that the world is as it was.
fn tidy(stage: &mut Stage, output: &[u8]) -> Result<(), StageError> {
    let home = stage.home.sandbox().home();
    for name in [BEACON_FILE, RELOCATED_FILE] {
        let path = home.join(name);
        fs::remove_file(&path)
            .map_err(|cause| BeaconError::Tidy { what: path.display().to_string(), cause })?;
    }
    stage.home.tidy_leaks(output)?;
    Ok(())
}

fn run(
    stage: &Stage,
    place: Place,
    arguments: Vec<String>,
    plan: Option<String>,
) -> Result<Vec<u8>, StageError> {
    let extra = plan.map(|plan| (Plan::VARIABLE.to_owned(), plan));
    let environment = stage.premises(place).own_environment(extra);
    let spec = stage.spec(place, &stage.options.harness, arguments, environment);
    let mut process =
        Supervised::spawn(&stage.options.harness, &spec, &stage.log, None, &OpenGate::shared())?;
    drop(process.take_stdin());
    let output = gather(process.take_stdout());
    let errors = gather(process.take_stderr());
    let ended = process.wait(Instant::now() + PATIENCE);
    let (output, errors) = (collect(output), collect(errors));
    if let Err(reason) = ended.witness {
        return Err(BeaconError::Witness { reason }.into());
    }
    match ended.end {
        SessionEnd::Exited { code: 0 } => Ok(output),
        how => {
            let said = stage.canaries.scanner().redact(&String::from_utf8_lossy(&errors));
            Err(BeaconError::Ended { how: format!("{how:?}"), said: said.trim().to_owned() }.into())
        }
    }
}

/// Reads a stream to its end, beside the process, so that a full pipe cannot stop it.
fn gather(stream: Option<fs::File>) -> Option<thread::JoinHandle<Vec<u8>>> {
    let stream = stream?;
    Some(thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read before an error is what there is to scan.
        let _shorter = stream.take(MAXIMUM_OUTPUT).read_to_end(&mut bytes);
        bytes
    }))
}

fn collect(reader: Option<thread::JoinHandle<Vec<u8>>>) -> Vec<u8> {
    reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
}

/// Why the observers of a world could not be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// The beacon did not end well.
    #[error("the process that leaks to every observer ended with {how}: {said}")]
    Ended {
        /// How.
        how: String,
        /// What it printed.
        said: String,
    },
    /// The beacon did not say where its keyring item is.
    #[error("the process that leaks to every observer did not say where its keyring item is")]
    NoItem,
    /// What it left could not be removed.
    #[error("{what}, planted to prove an observer, could not be removed")]
    Tidy {
        /// What.
        what: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// What it left in the keyring could not be removed.
    #[error("what was planted to prove the observer of the keyring could not be removed")]
    TidyItem(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system call witness lost something at once.
    #[error("the system call witness does not work here: {reason}; `sealcheck doctor` says more")]
    Witness {
        /// What it lost.
        reason: String,
    },
}

/// How long the beacon may take; it needs a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
const MAXIMUM_OUTPUT: u64 = 1 << 20;
