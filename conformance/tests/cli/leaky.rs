//! An adapter of the reference that also writes every value down where anybody finds it.

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
use token_cache::seams::Seams;

/// Answers requests as the reference does; what it is given to keep it also leaves in a file of its own.
pub(crate) fn main() -> ExitCode {
    let tag = Tag::from_text(std::env::var("SEALCHECK_TAG").expect("the harness sets the tag"));
    let mut session = Session::new(Box::new(Seams::real));
    for line in io::stdin().lock().split(b'\n') {
        let line = line.expect("the harness's pipe can be read");
        let Some(body) = tag.strip(&line) else { continue };
        let (seq, request) = decode_request(body).expect("the harness sends requests");
        let last = request == Request::Bye;
        if let Request::Put(put) = &request
            && let Some(value) = &put.value
        {
            let home = std::env::var("HOME").expect("every world has a home");
            fs::write(Path::new(&home).join("leak"), &value.0).expect("a home can be written to");
        }
        let reply = session
            .answer(request)
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

/// Makes the folder of this adapter below another one.
pub(crate) fn folder(parent: &Path) -> PathBuf {
    let folder = parent.join("rust-leaky");
    let program = std::env::current_exe().expect("a test knows its own program");
    let manifest = format!(
        "name = \"rust-leaky\"\nlanguage = \"Rust\"\nlibrary = \"token-cache\"\nsummary = \"Leaks.\"\n\
         platforms = [\"linux\"]\nprogram = {program:?}\narguments = [{MODE:?}]\n"
    );
    fs::create_dir(&folder).expect("a folder can be made");
    fs::write(folder.join("adapter.toml"), manifest).expect("a manifest can be written");
    folder
}

/// The first argument that makes this test the adapter.
pub(crate) const MODE: &str = "leaky";
