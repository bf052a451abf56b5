//! The process of the beacon: what it prints, how it ends.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{Plan, bus, local, network};
use crate::{observation::Observer, world::sandbox::HOME_VARIABLE};

/// The entry point of the hidden subcommand `beacon`.
///
/// It plants what the plan in its environment asks for and exits 0 only if all of that is planted; else 1, with the
/// reason on standard error. With `--relocated` it prints the file that an earlier beacon left to be carried here.
pub fn main() -> ExitCode {
    let (sender, receiver) = mpsc::channel();
    // A bus or an authority that does not answer must not keep the world waiting.
    thread::spawn(move || sender.send(run()));
    let outcome = receiver.recv_timeout(DEADLINE).unwrap_or(Err(BeaconError::Deadline));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is closed, the exit code has to do.
            let _ = writeln!(io::stderr(), "beacon: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The object path of the keyring item that a beacon says it planted.
pub fn planted_item(output: &[u8]) -> Option<String> {
    let line = output.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(ITEM.as_bytes()))?;
    String::from_utf8(line.to_vec()).ok()
}

fn run() -> Result<(), BeaconError> {
    let home = PathBuf::from(variable(HOME_VARIABLE)?);
    if env::args_os().any(|argument| argument == Plan::RELOCATED) {
        let content = local::read_relocated(&home).map_err(failed(Observer::Relocation))?;
        return print(&content).map_err(failed(Observer::Relocation));
    }
    let plan = variable(Plan::VARIABLE)?.into_string().map_err(|_| BeaconError::Plan)?;
    let plan = serde_json::from_str(&plan).map_err(|_| BeaconError::Plan)?;
    plant(&plan, &home)
}

fn plant(plan: &Plan, home: &std::path::Path) -> Result<(), BeaconError> {
    if let Some(canary) = &plan.files {
        local::leave_file(home, canary).map_err(failed(Observer::Files))?;
    }
    if let Some(canary) = &plan.relocation {
        local::leave_relocated(home, canary).map_err(failed(Observer::Relocation))?;
    }
    if let Some(canary) = &plan.system_calls {
        local::write_unlinked(&env::temp_dir(), canary).map_err(failed(Observer::SystemCalls))?;
    }
    if let Some(canary) = &plan.output {
        print(canary.as_bytes()).map_err(failed(Observer::Output))?;
    }
    if let Some(canary) = &plan.bus {
        bus::call(address(plan, Observer::Bus)?, canary).map_err(failed(Observer::Bus))?;
    }
    if let Some(canary) = &plan.keyring {
        let item =
            bus::store(address(plan, Observer::Keyring)?, canary).map_err(failed(Observer::Keyring))?;
        print(format!("{ITEM}{item}").as_bytes()).map_err(failed(Observer::Keyring))?;
    }
    if let Some(leak) = &plan.network {
        network::post(leak).map_err(failed(Observer::Network))?;
    }
    Ok(())
}

fn variable(name: &'static str) -> Result<OsString, BeaconError> {
    env::var_os(name).ok_or(BeaconError::Environment { name })
}

fn address(plan: &Plan, observer: Observer) -> Result<&str, BeaconError> {
    plan.bus_address
        .as_deref()
        .ok_or_else(|| BeaconError::Leak { observer, cause: "the plan has no bus address".into() })
}

fn print(line: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(line)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    observer: Observer,
) -> impl Fn(E) -> BeaconError {
    move |cause| BeaconError::Leak { observer, cause: cause.into() }
}

/// Why a beacon did not plant everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// Planting took too long.
    #[error("not everything was planted within {} s: something in the world does not answer", DEADLINE.as_secs())]
    Deadline,
    /// An environment variable is missing.
    #[error("the environment variable {name} is not set: the harness starts the beacon, nobody else does")]
    Environment {
        /// Its name.
        name: &'static str,
    },
    /// A leak could not be planted.
    #[error("the leak for {observer} was not planted: {cause}")]
    Leak {
        /// Whom it was for.
        observer: Observer,
        /// What went wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The plan is no plan. The parser's words are left out: they may quote a canary.
    #[error(
        "the plan in {} is not valid: it must be written by the same version of the harness",
        Plan::VARIABLE
    )]
    Plan,
}

/// Far more than it takes, and less than a session is given.
const DEADLINE: Duration = Duration::from_secs(10);

const ITEM: &str = "item ";

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        canary::{CanarySet, Needle},
        observe::beacon::{BEACON_FILE, RELOCATED_FILE},
    };

    #[test]
    fn the_leaks_for_files_and_relocation_stay_in_the_home() {
        let home = tempfile::tempdir().unwrap();
        let set = CanarySet::generate([]);
        let plan = Plan { output: None, system_calls: None, ..Plan::local(&set) };
        plant(&plan, home.path()).unwrap();
        for (name, observer) in [(BEACON_FILE, Observer::Files), (RELOCATED_FILE, Observer::Relocation)] {
            let hits = set.scanner().scan(&fs::read(home.path().join(name)).unwrap());
            let needles: Vec<Needle> = hits.into_iter().map(|hit| hit.needle).collect();
            assert_eq!(needles, [Needle::Liveness(observer)]);
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_leak_that_cannot_be_planted_is_named() {
        let set = CanarySet::generate([]);
        let error = plant(&Plan::local(&set), std::path::Path::new("/nonexistent")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the leak for files was not planted: No such file or directory (os error 2)"
        );
        let lost_address = Plan { bus: Some("x".into()), ..Plan::default() };
        let error = plant(&lost_address, std::path::Path::new("/nonexistent")).unwrap_err();
        assert_eq!(error.to_string(), "the leak for bus was not planted: the plan has no bus address");
    }

    #[test]
    fn a_dead_bus_is_a_leak_that_was_not_planted() {
        let home = tempfile::tempdir().unwrap();
        let set = CanarySet::generate([]);
        let dead = format!("unix:path={}/nobody.sock", home.path().display());
        let plan = Plan::default().with_bus(&set, dead);
        let error = plant(&plan, home.path()).unwrap_err();
        assert!(matches!(error, BeaconError::Leak { observer: Observer::Bus, .. }), "{error}");
        assert_eq!(set.scanner().scan(error.to_string().as_bytes()), []);
    }

    #[test]
    fn the_item_is_on_a_line_of_its_own() {
        let output = b"scSomething\nitem /org/freedesktop/secrets/collection/login/1\n";
        assert_eq!(planted_item(output).as_deref(), Some("/org/freedesktop/secrets/collection/login/1"));
        assert_eq!(planted_item(b"no items here\n"), None);
    }

    #[test]
    fn a_plan_survives_the_environment() {
        let set = CanarySet::generate([]);
        let plan = Plan::local(&set).with_bus(&set, "unix:path=/x").with_authority(
            &set,
            "https://localhost:1",
            "/ca",
        );
        let read: Plan = serde_json::from_str(&plan.to_json()).unwrap();
        assert_eq!(read.to_json(), plan.to_json());
        assert!(serde_json::from_str::<Plan>(r#"{"unknown":1}"#).is_err());
    }
}
