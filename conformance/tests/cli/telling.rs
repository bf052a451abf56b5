//! An adapter that cannot store anything and says which value it was given, as a digest.

use std::{
    fs,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use sealcheck::{
    adapter::reference::Session,
    protocol::{AdapterError, Reply, Request, Tag, decode_request},
};
use sha2::{Digest as _, Sha256};
use token_cache::seams::Seams;

/// Answers requests as the reference does, but for those to store: their answer is the digest of the value.
pub(crate) fn main() -> ExitCode {
    let tag = Tag::from_text(std::env::var("SEALCHECK_TAG").expect("the harness sets the tag"));
    let mut session = Session::new(Box::new(Seams::real));
    for line in io::stdin().lock().split(b'\n') {
        let line = line.expect("the harness's pipe can be read");
        let Some(body) = tag.strip(&line) else { continue };
        let (seq, request) = decode_request(body).expect("the harness sends requests");
        let last = request == Request::Bye;
        let digest = match &request {
            Request::Put(put) => put.value.as_ref().map(|value| Sha256::digest(&value.0)),
            _ => None,
        };
        let answer = match digest {
            Some(digest) => Err(digest.iter().map(|byte| format!("{byte:02x}")).collect()),
            None => session.answer(request),
        };
        let reply =
            answer.unwrap_or_else(|message| Reply::AdapterError(AdapterError { message, trace: None }));
        let mut output = io::stdout().lock();
        writeln!(output, "{}", tag.encode_reply(&seq, &reply)).expect("the harness reads replies");
        output.flush().expect("the harness reads replies");
        if last {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Makes the folder of this adapter below another one.
pub(crate) fn folder(parent: &Path) -> PathBuf {
    let folder = parent.join("rust-telling");
    let program = std::env::current_exe().expect("a test knows its own program");
    let manifest = format!(
        "name = \"rust-telling\"\nlanguage = \"Rust\"\nlibrary = \"token-cache\"\nsummary = \"Tells digests.\"\n\
         platforms = [\"linux\"]\nprogram = {program:?}\narguments = [{MODE:?}]\n"
    );
    fs::create_dir(&folder).expect("a folder can be made");
    fs::write(folder.join("adapter.toml"), manifest).expect("a manifest can be written");
    folder
}

/// The first argument that makes this test the adapter.
pub(crate) const MODE: &str = "telling";
