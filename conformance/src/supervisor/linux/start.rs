//! Arguments and environment of a program that starts.

use super::{
    memory::{Memory, Unreadable},
    search::{Search, Sighting},
};
use crate::observation::{ProcessStart, SightingPlace};

/// The arguments and the environment of a program, as they stand in the memory of the process that becomes it.
#[derive(Debug)]
pub(super) struct Start {
    /// The arguments, the program's name first.
    pub(super) arguments: Vec<Vec<u8>>,
    /// `NAME=value`.
    pub(super) environment: Vec<Vec<u8>>,
}

impl Start {
    /// Reads two lists of pointers and what they lead to.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]; `TooLong` beyond what the kernel itself accepts.
    pub(super) fn read(memory: Memory, arguments: u64, environment: u64) -> Result<Self, Unreadable> {
        Ok(Self { arguments: list(memory, arguments)?, environment: list(memory, environment)? })
    }

    /// What it says, redacted and shortened, and where canaries are in it.
    pub(super) fn seen(
        &self,
        pid: u32,
        program: &str,
        search: &Search,
    ) -> (ProcessStart, Vec<(Vec<Sighting>, SightingPlace)>) {
        let readable = |bytes: &[u8], limit| shorten(&search.redact(&String::from_utf8_lossy(bytes)), limit);
        let variable = |entry: &[u8]| {
            let name = entry.split(|byte| *byte == b'=').next().unwrap_or_default();
            readable(name, MAX_NAME_CHARACTERS)
        };
        let arguments = self.arguments.iter().take(MAX_LISTED);
        let environment = self.environment.iter().take(MAX_LISTED);
        let start = ProcessStart {
            pid,
            program: program.to_owned(),
            arguments: arguments.map(|entry| readable(entry, MAX_ARGUMENT_CHARACTERS)).collect(),
            environment: environment.map(|entry| variable(entry)).collect(),
        };
        let mut sightings = Vec::new();
        for (index, entry) in self.arguments.iter().enumerate() {
            let place = SightingPlace::Argument { pid, program: program.to_owned(), index };
            sightings.push((search.whole(entry), place));
        }
        for entry in &self.environment {
            let place =
                SightingPlace::Environment { pid, program: program.to_owned(), name: variable(entry) };
            sightings.push((search.whole(entry), place));
        }
        sightings.retain(|(found, _)| !found.is_empty());
        (start, sightings)
    }
}

fn list(memory: Memory, address: u64) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut bytes = 0;
    memory
        .pointers(address, MAX_TEXTS)?
        .into_iter()
        .map(|pointer| {
            let text = memory.text(pointer, MAX_TEXT_BYTES)?;
            bytes += text.len();
            if bytes > MAX_BYTES { Err(Unreadable::TooLong) } else { Ok(text) }
        })
        .collect()
}

fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The kernel's own bound on one text is 128 KiB.
const MAX_TEXT_BYTES: usize = (128 << 10) + 1;
const MAX_TEXTS: usize = 1 << 16;
/// The kernel's own bound is a quarter of the stack's limit, 2 MiB by default.
const MAX_BYTES: usize = 8 << 20;
/// What evidence shows; all of it is searched.
const MAX_LISTED: usize = 512;
const MAX_ARGUMENT_CHARACTERS: usize = 1024;
const MAX_NAME_CHARACTERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_are_read() {
        let (name, argument, variable) = (c"program", c"--flag", c"NAME=value");
        let arguments = [name.as_ptr(), argument.as_ptr(), std::ptr::null()];
        let environment = [variable.as_ptr(), std::ptr::null()];
        let memory = Memory::of(std::process::id());
        let start = Start::read(memory, arguments.as_ptr().addr() as u64, environment.as_ptr().addr() as u64)
            .unwrap();
        assert_eq!(start.arguments, [b"program".to_vec(), b"--flag".to_vec()]);
        assert_eq!(start.environment, [b"NAME=value".to_vec()]);
    }
}
