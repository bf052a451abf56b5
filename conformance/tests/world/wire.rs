//! What the interposer does with bytes that no library would send.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use libtest_mimic::{Failed, Trial};
use sealcheck::world::bus::BrokerKind;
use zbus::Message;

use crate::stage::{World, calls, same, with_both_brokers};

/// Every trial of this file.
pub(crate) fn trials() -> Vec<Trial> {
    [
        with_both_brokers("descriptors are not negotiated", no_descriptors),
        with_both_brokers("bytes that are no message end one connection and are a loss", malformed_bytes),
        with_both_brokers("a message beyond the bound ends one connection and is a loss", oversized_message),
        with_both_brokers("an idle client does not keep the bus from ending", idle_client),
        with_both_brokers("a client that died within a message is no loss", truncated_message),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn no_descriptors(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let mut stream = raw(&world);
    let uid: String = nix::unistd::getuid().to_string().bytes().map(|digit| format!("{digit:02x}")).collect();
    write!(stream, "\0AUTH EXTERNAL {uid}\r\nNEGOTIATE_UNIX_FD\r\n")?;
    let lines = [read_line(&mut stream)?, read_line(&mut stream)?];
    same((lines[0].starts_with("OK "), lines[1].starts_with("ERROR")), (true, true))
}

fn malformed_bytes(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let mut broken = authenticated(&world)?;
    broken.write_all(&[b'x'; 64])?;
    same(reads_until_end(&mut broken), true)?;
    // The others do not notice.
    let mut other = authenticated(&world)?;
    other.write_all(&hello())?;
    let mut answer = [0; 4];
    other.read_exact(&mut answer)?;
    same((answer[0], answer[1]), (b'l', 2))?;
    let expected = "client 1 was cut off: the bytes are no message: its byte order is neither `l` nor `B`";
    same(world.finish().0, Err(expected.to_owned()))
}

fn oversized_message(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let mut broken = authenticated(&world)?;
    let mut header = [0; 16];
    header[..4].copy_from_slice(&[b'l', 1, 0, 1]);
    header[4..8].copy_from_slice(&(100u32 << 20).to_le_bytes());
    header[8] = 1;
    broken.write_all(&header)?;
    same(reads_until_end(&mut broken), true)?;
    let expected = "client 1 was cut off: a message of 104857616 bytes is longer than 16777216";
    same(world.finish().0, Err(expected.to_owned()))
}

fn idle_client(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let mute = raw(&world);
    let idle = authenticated(&world)?;
    let began = Instant::now();
    same(world.finish().0, Ok(()))?;
    drop((mute, idle));
    same(began.elapsed() < Duration::from_secs(5), true)
}

fn truncated_message(kind: BrokerKind) -> Result<(), Failed> {
    let world = World::start(kind);
    let mut dying = authenticated(&world)?;
    dying.write_all(&hello()[..20])?;
    drop(dying);
    let (lost, evidence, _) = world.finish();
    same(lost, Ok(()))?;
    same(calls(&evidence).len(), 0)
}

/// The first message of every client.
fn hello() -> Vec<u8> {
    let call = Message::method_call("/org/freedesktop/DBus", "Hello")
        .destination("org.freedesktop.DBus")
        .interface("org.freedesktop.DBus")
        .build(&())
        .expect("the call is legal");
    call.data().bytes().to_vec()
}

fn raw(world: &World) -> UnixStream {
    let address = world.bus.client_address();
    let path = address.strip_prefix("unix:path=").expect("it is a socket file");
    let stream = UnixStream::connect(path).expect("the bus lets clients in");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("the time is not zero");
    stream
}

fn authenticated(world: &World) -> Result<UnixStream, Failed> {
    let mut stream = raw(world);
    let uid: String = nix::unistd::getuid().to_string().bytes().map(|digit| format!("{digit:02x}")).collect();
    write!(stream, "\0AUTH EXTERNAL {uid}\r\n")?;
    same(read_line(&mut stream)?.starts_with("OK "), true)?;
    write!(stream, "BEGIN\r\n")?;
    Ok(stream)
}

fn read_line(stream: &mut UnixStream) -> Result<String, Failed> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn reads_until_end(stream: &mut UnixStream) -> bool {
    stream.read_to_end(&mut Vec::new()).is_ok()
}
