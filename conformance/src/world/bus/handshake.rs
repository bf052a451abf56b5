//! The lines before the first message: relayed one by one, without the passing of descriptors.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

/// Why a client did not get as far as messages.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    /// One side left, or said nothing for too long.
    #[error("one side left before the first message: {0}")]
    Left(#[from] io::Error),
    /// What the client said is no handshake.
    #[error("its handshake is malformed")]
    Malformed,
}

/// Relays the handshake until `BEGIN`; every line of the client is answered by exactly one of the broker.
///
/// Descriptors cannot cross the interposer, so the broker never hears of them.
pub(super) fn relay(
    client: &mut BufReader<UnixStream>,
    broker: &mut BufReader<UnixStream>,
) -> Result<(), HandshakeError> {
    client.get_ref().set_read_timeout(Some(PATIENCE))?;
    broker.get_ref().set_read_timeout(Some(PATIENCE))?;
    let mut credentials = [1];
    client.read_exact(&mut credentials)?;
    if credentials != [0] {
        return Err(HandshakeError::Malformed);
    }
    broker.get_ref().write_all(&credentials)?;
    loop {
        let said = line(client)?;
        if said.starts_with(b"NEGOTIATE_UNIX_FD") {
            client.get_ref().write_all(b"ERROR descriptors are not passed here\r\n")?;
            continue;
        }
        broker.get_ref().write_all(&said)?;
        if said == b"BEGIN\r\n" {
            break;
        }
        let answered = line(broker)?;
        client.get_ref().write_all(&answered)?;
    }
    client.get_ref().set_read_timeout(None)?;
    broker.get_ref().set_read_timeout(None)?;
    Ok(())
}

fn line(stream: &mut BufReader<UnixStream>) -> Result<Vec<u8>, HandshakeError> {
    let mut line = Vec::new();
    stream.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.ends_with(b"\r\n") {
        Ok(line)
    } else if line.is_empty() {
        Err(HandshakeError::Left(io::ErrorKind::UnexpectedEof.into()))
    } else {
        Err(HandshakeError::Malformed)
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_LINE: u64 = 16 * 1024;
