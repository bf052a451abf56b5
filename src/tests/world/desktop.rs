//! A private bus with a real keyring on it, in a temporary directory.

use std::future::poll_fn;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_core::Stream;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::{NamedTempFile, TempDir};
use token_cache::BusAddress;
use token_cache::store::secret_service::SecretService;
use token_cache::store::{Deadline, ItemIdentity};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;

use super::needs::SEARCH;

/// A bus, and a keyring once one was started; both end with the value.
pub(crate) struct World {
    home: TempDir,
    bus: Child,
    pub(super) address: String,
    keyring: Option<Child>,
    /// What the keyring said, for a test that fails.
    words: NamedTempFile,
    /// The connection of a scripted service, which lives as long as it does.
    served: Option<Connection>,
}

/// How a keyring starts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// With the password of the login collection, which it makes where there is none.
    Unlocked,
    /// Without it.
    Locked,
}

impl World {
    /// A world with a bus and nothing on it.
    pub(crate) fn without_service() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let configuration = home.path().join("bus.conf");
        let mut file = NamedTempFile::new_in(home.path()).expect("a file");
        write!(
            file,
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</type>\
             <listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            home.path().join("bus").display()
        )
        .expect("room for the file");
        file.persist(&configuration).expect("a name for the file");
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts");
        let out = bus.stdout.take().expect("the output is a pipe");
        let address = within(move || {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line).map(|_| line.trim().to_owned())
        })
        .expect("dbus-daemon prints its address");
        let words = NamedTempFile::new_in(home.path()).expect("a file");
        Self { home, bus, address, keyring: None, words, served: None }
    }

    /// A world with a keyring that was unlocked with a password.
    pub(crate) fn unlocked() -> Self {
        let mut world = Self::without_service();
        world.start(Start::Unlocked);
        world
    }

    /// Serves objects on this bus by a connection of this world's own, which lives as long as it does.
    pub(crate) fn serve<T, F>(&mut self, serving: impl FnOnce(Connection) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let address = self.address.clone();
        let (connection, served) = within(move || {
            zbus::block_on(async {
                let connection = connected(&address).await;
                (connection.clone(), serving(connection).await)
            })
        });
        self.served = Some(connection);
        served
    }

    /// Starts the keyring and waits until it owns its name.
    pub(crate) fn start(&mut self, how: Start) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        match how {
            Start::Unlocked => command.arg("--unlock"),
            Start::Locked => &mut command,
        };
        let words = self.words.as_file().try_clone().expect("a second descriptor");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(words);
        let keyring = self.awaiting(Owner::Somebody, move || {
            let mut child = command.spawn().expect("gnome-keyring-daemon starts");
            let mut password = child.stdin.take().expect("the input is a pipe");
            password.write_all(b"password").expect("the daemon reads it");
            child
        });
        self.keyring = Some(keyring);
    }

    /// Ends the keyring and waits until its name is free.
    pub(crate) fn stop(&mut self) {
        let mut keyring = self.keyring.take().expect("a keyring runs");
        self.awaiting(Owner::Nobody, move || {
            keyring.kill().expect("the keyring is ours");
            keyring.wait().expect("the keyring is our child");
        });
    }

    /// Sends a signal to the keyring.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.keyring.as_ref().expect("a keyring runs").id();
        kill(Pid::from_raw(i32::try_from(id).expect("a process id")), signal).expect("the keyring is ours");
    }

    /// The home of whoever uses the world.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the bus is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The store of the cache file `name` in this world.
    pub(crate) fn store(&self, name: &str) -> SecretService {
        let bus = BusAddress { address: Some(self.address().to_owned()), runtime_directory: None };
        SecretService::new(bus, ItemIdentity::of_file(name)).expect("built for this platform")
    }

    /// Runs a program in the world with some input, and gives back its output, which must be a success.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let (succeeded, output) = self.attempt(program, arguments, input);
        assert!(succeeded, "{program} {arguments:?} failed");
        output
    }

    /// Runs a program in the world; says whether it succeeded, and gives back its output.
    pub(crate) fn attempt(&self, program: &str, arguments: &[&str], input: &str) -> (bool, String) {
        let mut child = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("the input is a pipe");
        stdin.write_all(input.as_bytes()).expect("the program reads its input");
        drop(stdin);
        within(move || {
            let mut output = String::new();
            child.stdout.take().expect("the output is a pipe").read_to_string(&mut output).expect("text");
            (child.wait().expect("our own child").success(), output)
        })
    }

    /// The files in the keyring's own directory.
    pub(crate) fn keyrings(&self) -> Vec<PathBuf> {
        let directory = self.home.path().join("data/keyrings");
        let mut paths: Vec<_> = directory
            .read_dir()
            .map(|entries| entries.map(|entry| entry.expect("a readable entry").path()).collect())
            .unwrap_or_default();
        paths.sort();
        paths
    }

    #[expect(clippy::print_stderr, reason = "a failed test tells what it knows")]
    fn tell(&self) {
        let mut words = String::new();
        let read = self.words.reopen().and_then(|mut file| file.read_to_string(&mut words));
        eprintln!("the keyring said ({read:?} bytes):\n{words}");
    }

    /// A program in the world, which is all of its environment.
    pub(crate) fn command(&self, program: &str) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", SEARCH.join(":"))
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    /// Does something and waits for what it does to the owner of the service's name.
    fn awaiting<T: Send + 'static>(&self, owner: Owner, act: impl FnOnce() -> T + Send + 'static) -> T {
        let address = self.address.clone();
        within(move || {
            zbus::block_on(async {
                let connection = connected(&address).await;
                let bus = DBusProxy::new(&connection).await.expect("the bus answers");
                let mut changes = bus
                    .receive_name_owner_changed_with_args(&[(0, SERVICE)])
                    .await
                    .expect("the bus tells of changes");
                let done = act();
                loop {
                    let change = poll_fn(|context| Pin::new(&mut changes).poll_next(context))
                        .await
                        .expect("the bus stays");
                    let somebody = change.args().expect("three names").new_owner().is_some();
                    if somebody == matches!(owner, Owner::Somebody) {
                        return done;
                    }
                }
            })
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in self.keyring.iter_mut().chain([&mut self.bus]) {
            // Nothing can be done about a child that is gone already.
            drop(child.kill());
            drop(child.wait());
        }
        if thread::panicking() {
            self.tell();
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Owner {
    Nobody,
    Somebody,
}

/// A deadline that no healthy service misses.
pub(crate) fn soon() -> Deadline {
    Deadline::after(PATIENCE)
}

pub(super) async fn connected(address: &str) -> Connection {
    Builder::address(address).build().await.expect("the bus accepts us")
}

/// Runs something on a thread of its own, and fails the test when it takes too long.
pub(super) fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || drop(sender.send(work())));
    receiver.recv_timeout(PATIENCE).expect("the world answers in time")
}

const PATIENCE: Duration = Duration::from_secs(20);

/// The name under which the service is known.
pub(super) const SERVICE: &str = "org.freedesktop.secrets";
