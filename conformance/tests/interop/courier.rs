//! An adapter that stores what it reads from another cache: `put` takes its value from the store [`SOURCE`].
//!
//! So a document that Python finds its tokens in is written by `token-cache`, without this suite knowing the schema.

use std::{
    io::{self, BufRead as _, Write as _},
    process::ExitCode,
};

use sealcheck::{
    adapter::reference::Session,
    protocol::{
        AdapterError, Base64Bytes, Get, Put, Reply, ReplyBody, Request, StoreHandle, Tag, decode_request,
    },
};
use token_cache::seams::Seams;

/// The handle of the cache that is read.
pub(crate) const SOURCE: &str = "source";

/// Answers requests as the reference does, but for the value of a `put`.
pub(crate) fn main() -> ExitCode {
    let tag = Tag::from_text(std::env::var("SEALCHECK_TAG").expect("the harness sets the tag"));
    let mut session = Session::new(Box::new(Seams::real));
    for line in io::stdin().lock().split(b'\n') {
        let line = line.expect("the harness's pipe can be read");
        let Some(body) = tag.strip(&line) else { continue };
        let (seq, request) = decode_request(body).expect("the harness sends requests");
        let last = request == Request::Bye;
        let reply = answer(&mut session, request)
            .unwrap_or_else(|message| Reply::AdapterError(AdapterError { message, trace: None }));
        let mut output = io::stdout().lock();
        writeln!(output, "{}", tag.encode_reply(&seq, &reply)).expect("the harness reads replies");
        output.flush().expect("the harness reads replies");
        if last {
            break;
        }
    }
    ExitCode::SUCCESS
}

fn answer(session: &mut Session, request: Request) -> Result<Reply, String> {
    match request {
        Request::Put(put) => carry(session, put),
        other => session.answer(other),
    }
}

/// Stores the source's document, written down anew: the bytes are not Python's.
fn carry(session: &mut Session, put: Put) -> Result<Reply, String> {
    let source = StoreHandle(SOURCE.into());
    let get = Request::Get(Get { store: source, partition: put.partition, scope: None });
    match session.answer(get)? {
        Reply::Ok(ReplyBody::Get { value: Some(Base64Bytes(document)), .. }) => {
            let parsed: serde_json::Value =
                serde_json::from_slice(&document).map_err(|error| error.to_string())?;
            let compact = serde_json::to_vec(&parsed).map_err(|error| error.to_string())?;
            if compact == document {
                return Err("the document was compact before, so a copy proves less".into());
            }
            session.answer(Request::Put(Put { value: Some(Base64Bytes(compact)), ..put }))
        }
        Reply::Ok(_) => Err("the source is empty".into()),
        failed @ (Reply::Error(_) | Reply::Unsupported(_) | Reply::AdapterError(_)) => Ok(failed),
    }
}
