//! The supervised programs. Each does one thing and says how it went.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, BufRead, BufReader, Seek, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    os::{
        fd::AsRawFd,
        linux::net::SocketAddrExt,
        unix::{
            fs::{OpenOptionsExt, PermissionsExt, symlink},
            net::{UnixDatagram, UnixListener, UnixStream},
        },
    },
    process::{Command, ExitCode, Stdio},
    time::SystemTime,
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, raise},
        socket::{MsgFlags, UnixAddr, sendmsg},
    },
};

pub(crate) fn run(mode: &str, arguments: &[String]) -> ExitCode {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (mode, arguments.as_slice()) {
        ("child-transient", [path, content]) => transient(path, content),
        ("child-map-unnamed", [folder, content]) => map_unnamed(folder, content),
        ("child-map-replaced", [first, second, content]) => map_replaced(first, second, content),
        ("child-memory-file", [content]) => memory_file(content),
        ("child-split", [path, first, second]) => split(path, first, second),
        ("child-thread", [path]) => thread(path),
        ("child-parent", [reversed]) => parent(reversed),
        ("child-pid", [_]) => say(&std::process::id().to_string()),
        ("child-open", [read, written]) => {
            File::open(read).unwrap();
            File::create(written).unwrap();
        }
        ("child-open-existing", [path]) => say(&outcome(OpenOptions::new().write(true).open(path))),
        ("child-outside", [new, old, inside]) => outside(new, old, inside),
        ("child-create", paths) => paths.iter().for_each(|path| say(&outcome(File::create(path)))),
        ("child-connect", [near, own, foreign, absent]) => connect(near, own, foreign, absent),
        ("child-ring", []) => ring(),
        ("child-steps", [folder, secret, outside]) => steps(folder, secret, outside),
        ("child-two-threads", [held, free]) => two_threads(held, free),
        ("child-daemon-then-create", [path]) => {
            daemonise();
            File::create(path).unwrap();
        }
        ("child-daemonise", []) => daemonise(),
        ("child-daemon-parent", []) => daemon_parent(),
        ("child-daemon", []) => wait_for_ever(&std::process::id().to_string()),
        ("child-wait", []) => {
            wait_for_ever(&format!("{} {}", std::process::id(), nix::unistd::getppid()));
        }
        ("child-exit", ["signal"]) => raise(Signal::SIGTERM).unwrap(),
        ("child-exit", [code]) => return ExitCode::from(code.parse::<u8>().unwrap()),
        ("child-describe", [path]) => {
            File::create(path).unwrap();
            std::env::vars().for_each(|(name, value)| say(&format!("{name}={value}")));
        }
        (mode, arguments) => panic!("no program {mode} of {} arguments", arguments.len()),
    }
    ExitCode::SUCCESS
}

fn transient(path: &str, content: &str) {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(path).unwrap();
    file.write_all(content.as_bytes()).unwrap();
    fs::remove_file(path).unwrap();
}

fn map_unnamed(folder: &str, content: &str) {
    let options = OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(libc::O_TMPFILE).clone();
    let file = options.open(folder).unwrap();
    write_by_mapping(&file, content);
}

fn map_replaced(first: &str, second: &str, content: &str) {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(first).unwrap();
    write_by_mapping(&file, content);
    drop(file);
    fs::write(second, "harmless").unwrap();
    fs::rename(second, first).unwrap();
}

fn write_by_mapping(file: &File, content: &str) {
    file.set_len(content.len() as u64).unwrap();
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let descriptor = file.as_raw_fd();
    // SAFETY: a new mapping of a file that this process alone uses, at an address of the kernel's choice.
    let address = unsafe {
        libc::mmap(std::ptr::null_mut(), content.len(), protection, libc::MAP_SHARED, descriptor, 0)
    };
    assert_ne!(address, libc::MAP_FAILED);
    // SAFETY: the mapping is writable, has this length, and nothing else knows it.
    unsafe { std::ptr::copy_nonoverlapping(content.as_ptr(), address.cast(), content.len()) };
    // SAFETY: the mapping is not used any more.
    assert_eq!(unsafe { libc::munmap(address, content.len()) }, 0);
}

fn memory_file(content: &str) {
    let descriptor = rustix::fs::memfd_create("cache", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    File::from(descriptor).write_all(content.as_bytes()).unwrap();
}

fn split(path: &str, first: &str, second: &str) {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(first.as_bytes()).unwrap();
    file.set_len(0).unwrap();
    file.rewind().unwrap();
    file.write_all(second.as_bytes()).unwrap();
}

fn thread(path: &str) {
    let path = path.to_owned();
    std::thread::spawn(move || fs::write(path, "x").unwrap()).join().unwrap();
    say(&std::process::id().to_string());
}

/// The halves of the canary come in exchanged order, which is no encoding, so that only the grandchild holds it.
fn parent(exchanged: &str) {
    let (second, first) = exchanged.split_at(exchanged.len() / 2);
    let canary = format!("{first}{second}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child-pid", &canary]).env_clear().env("SECRET", &canary);
    assert!(command.status().unwrap().success());
}

fn outside(new: &str, old: &str, inside: &str) {
    fs::write(inside, "x").unwrap();
    let opened = File::open(old).unwrap();
    let write = OpenOptions::new().write(true).open(old);
    let append = OpenOptions::new().append(true).open(old);
    let mode = || Permissions::from_mode(0o777);
    let folder = std::path::Path::new(old).parent().unwrap();
    let steps = [
        ("create", outcome(File::create(new))),
        ("write", outcome(write)),
        ("append", outcome(append)),
        ("unlink", outcome(fs::remove_file(old))),
        ("rename out", outcome(fs::rename(inside, new))),
        ("rename in", outcome(fs::rename(old, inside))),
        ("link in", outcome(fs::hard_link(old, format!("{inside}-link")))),
        ("symlink", outcome(symlink(inside, new))),
        ("mkdir", outcome(fs::create_dir(new))),
        ("mkdir existing", outcome(fs::create_dir(folder))),
        ("chmod", outcome(fs::set_permissions(old, mode()))),
        ("fchmod", outcome(opened.set_permissions(mode()))),
        ("truncate", outcome(nix::unistd::truncate(old, 0).map_err(io::Error::from))),
        ("touch", outcome(opened.set_modified(SystemTime::UNIX_EPOCH))),
        ("bind", outcome(UnixListener::bind(new))),
        ("read", outcome(fs::read(old))),
        ("null", outcome(fs::write("/dev/null", "x"))),
    ];
    for (step, outcome) in steps {
        say(&format!("{step} {outcome}"));
    }
}

fn connect(near: &str, own: &str, foreign: &str, absent: &str) {
    for far in ["192.0.2.1:80", "[2001:db8::1]:443"] {
        say(&format!("{far} {}", outcome(TcpStream::connect(far.parse::<SocketAddr>().unwrap()))));
    }
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    say(&format!("datagram {}", outcome(datagrams.send_to(b"x", "192.0.2.2:53"))));
    let messages = UnixDatagram::unbound().unwrap();
    let peer = UnixAddr::new(foreign).unwrap();
    let pieces = [io::IoSlice::new(b"x")];
    let sent = sendmsg(messages.as_raw_fd(), &pieces, &[], MsgFlags::empty(), Some(&peer));
    say(&format!("message {}", outcome(sent.map_err(io::Error::from))));
    say(&format!("near {}", outcome(TcpStream::connect(near.parse::<SocketAddr>().unwrap()))));
    for (name, path) in [("own", own), ("foreign", foreign), ("absent", absent)] {
        say(&format!("{name} {}", outcome(UnixStream::connect(path))));
    }
    let hidden = std::os::unix::net::SocketAddr::from_abstract_name("sealcheck-test").unwrap();
    say(&format!("abstract {}", outcome(UnixStream::connect_addr(&hidden))));
}

fn ring() {
    // SAFETY: a null pointer in place of the parameters: the kernel would refuse it too, but with another errno.
    let result = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, std::ptr::null::<u8>()) };
    say(&outcome(Errno::result(result).map_err(io::Error::from)));
}

/// Does one thing after another, whatever became of those before.
fn steps(folder: &str, secret: &str, outside: &str) {
    let report = |step: &str, outcome: String| say(&format!("{step} {outcome}"));
    let (first, second) = (format!("{folder}/a"), format!("{folder}/b"));
    let made = fs::create_dir(folder);
    report("mkdir", outcome(made.as_ref().map_err(copy)));
    // What was kept from being is made at the second attempt, so that the other steps have something to do.
    let _made = made.or_else(|_| fs::create_dir(folder));
    let created = File::create(&first);
    report("create", outcome(created.as_ref().map_err(copy)));
    let created = created.or_else(|_| File::create(&first));
    let write = |text: &str| file(&created).and_then(|mut file| file.write_all(text.as_bytes()));
    report("write", outcome(write("harmless")));
    report("write secret", outcome(write(secret)));
    report("sync", outcome(file(&created).and_then(File::sync_all)));
    report("rename", outcome(fs::rename(&first, &second)));
    let there = if fs::exists(&second).unwrap_or(false) { &second } else { &first };
    report("chmod", outcome(fs::set_permissions(there, Permissions::from_mode(0o600))));
    let touched = file(&created).and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH));
    report("touch", outcome(touched));
    report("truncate", outcome(file(&created).and_then(|file| file.set_len(0))));
    report("write secret again", outcome(write(secret)));
    report("sync folder", outcome(File::open(folder).and_then(|folder| folder.sync_all())));
    report("reopen", outcome(OpenOptions::new().write(true).open(there)));
    report("unlink", outcome(fs::remove_file(there)));
    report("rmdir", outcome(fs::remove_dir(folder)));
    // None of these is a change of the session's own files.
    report("null", outcome(fs::write("/dev/null", secret)));
    say(if File::create(outside).is_ok() { "outside made" } else { "outside refused" });
}

fn file(made: &io::Result<File>) -> io::Result<&File> {
    made.as_ref().map_err(copy)
}

fn copy(error: &io::Error) -> io::Error {
    io::Error::from_raw_os_error(error.raw_os_error().unwrap())
}

/// Makes a file on a second thread, and another one when it is told to.
fn two_threads(held: &str, free: &str) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            File::create(held).unwrap();
            say("held");
        });
        io::stdin().lock().read_line(&mut String::new()).unwrap();
        File::create(free).unwrap();
        say("free");
    });
}

/// Leaves a daemon behind: its parent is gone and its session is its own.
fn daemonise() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut middle = command.arg("child-daemon-parent").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(middle.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(middle.wait().unwrap().success());
    say(line.trim());
}

#[expect(clippy::zombie_processes, reason = "leaving it behind is the point")]
fn daemon_parent() {
    nix::unistd::setsid().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("child-daemon").stdin(Stdio::null()).spawn().unwrap();
}

fn wait_for_ever(line: &str) {
    say(line);
    loop {
        nix::unistd::pause();
    }
}

fn outcome<T>(result: io::Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(error) => error
            .raw_os_error()
            .map_or_else(|| error.to_string(), |number| format!("{:?}", Errno::from_raw(number))),
    }
}

fn say(line: &str) {
    let mut output = io::stdout();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}
