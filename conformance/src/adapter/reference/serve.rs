//! The loop over lines.

use std::io::{self, BufRead, Write};

use super::Session;
use crate::protocol::{
    AdapterError, LineError, Reply, Request, Tag, Unsupported, decode_request, unknown_request,
};

/// Answers requests until `bye` or the end of the input.
///
/// # Errors
///
/// [`ServeError`] if a line is no request or a stream fails; the session is over then.
pub fn serve(
    input: impl BufRead,
    mut output: impl Write,
    tag: &Tag,
    mut session: Session,
) -> Result<(), ServeError> {
    for line in input.split(b'\n') {
        let line = line?;
        // What does not carry the tag is not for us.
        let Some(body) = tag.strip(&line) else { continue };
        if let Some((seq, word)) = unknown_request(body) {
            writeln!(output, "{}", tag.encode_reply(&seq, &unknown(&word)))?;
            output.flush()?;
            continue;
        }
        let (seq, request) = decode_request(body)?;
        let last = request == Request::Bye;
        let reply = session
            .answer(request)
            .unwrap_or_else(|message| Reply::AdapterError(AdapterError { message, trace: None }));
        writeln!(output, "{}", tag.encode_reply(&seq, &reply))?;
        output.flush()?;
        if last {
            break;
        }
    }
    Ok(())
}

fn unknown(word: &str) -> Reply {
    let reason = "this adapter does not know the request".into();
    Reply::Unsupported(Unsupported { what: format!("request:{word}"), reason, issue: None })
}

/// Why a session of the reference's adapter ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A line is no request.
    #[error("a line that carries the tag is no request")]
    Line(#[from] LineError),
    /// Standard input or output failed.
    #[error("standard input or output failed")]
    Stream(#[from] io::Error),
}
