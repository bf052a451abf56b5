//! The search of this process's memory.
#![expect(clippy::disallowed_types, reason = "memory is a file here, and no cache's")]

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use zeroize::Zeroize;

use super::canary::{Canary, PIECE};

/// A search, with all the memory that it needs: it takes none while it runs, as what it takes is what was given back.
pub(crate) struct Search {
    memory: File,
    maps: Vec<u8>,
    buffer: Vec<u8>,
    zeros: Vec<u8>,
}

impl Search {
    pub(crate) fn prepare() -> Self {
        let memory = File::open("/proc/self/mem").expect("a process may look at itself");
        Self { memory, maps: vec![0; MAPS], buffer: vec![0; CHUNK], zeros: vec![0; CHUNK] }
    }

    /// Searches everything that this process can read of itself; says where a piece of the document is.
    pub(crate) fn find(&mut self, canary: &Canary) -> Option<String> {
        let length = self.list();
        let maps = std::mem::take(&mut self.maps);
        let lines = std::str::from_utf8(&maps[..length]).expect("text").lines();
        let mut searched = 0;
        let found = lines.filter_map(Mapping::parse).find_map(|mapping| {
            let at = self.find_in(&mapping, canary, &mut searched)?;
            Some(format!("{}+{:#x}", mapping.name, at - mapping.begin))
        });
        self.maps = maps;
        assert!(found.is_some() || searched > 1024 * 1024, "only {searched} bytes could be read");
        found
    }

    /// Lists the mappings; says how long the list is.
    fn list(&mut self) -> usize {
        let mut listed = File::open("/proc/self/maps").expect("a process may look at itself");
        let mut length = 0;
        loop {
            let read = listed.read(&mut self.maps[length..]).expect("a process may look at itself");
            length += read;
            assert!(length < self.maps.len(), "the list of mappings is too long");
            if read == 0 {
                return length;
            }
        }
    }

    fn find_in(&mut self, mapping: &Mapping<'_>, canary: &Canary, searched: &mut u64) -> Option<u64> {
        let mut begin = mapping.begin;
        loop {
            let wanted = usize::try_from(mapping.end - begin).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = &mut self.buffer[..wanted];
            // A mapping may have gone or shrunk since it was listed.
            let Ok(read @ 1..) = self.memory.read_at(chunk, begin) else { return None };
            *searched += read as u64;
            // Most memory was never used, and a whole chunk of zeros is seen at once.
            let unused = chunk[..read] == self.zeros[..read];
            let position = if unused { None } else { canary.position_in(&chunk[..read]) };
            // What is searched next may be this very buffer.
            chunk.zeroize();
            if let Some(position) = position {
                return Some(begin + position as u64);
            }
            if begin + read as u64 == mapping.end {
                return None;
            }
            // The end is read again, so that a piece across two chunks is seen whole.
            begin += (read.saturating_sub(PIECE) as u64).max(1);
        }
    }
}

/// A part of the address space that can be read.
struct Mapping<'a> {
    begin: u64,
    end: u64,
    name: &'a str,
}

impl<'a> Mapping<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (begin, end) = words.next()?.split_once('-')?;
        let readable = words.next()?.starts_with('r');
        let name = words.nth(3).unwrap_or("unnamed");
        let address = |hexadecimal| u64::from_str_radix(hexadecimal, 16).expect("an address");
        // The kernel's own pages, which it keeps from being read like this.
        let ours = !name.starts_with("[v");
        (readable && ours).then(|| Self { begin: address(begin), end: address(end), name })
    }
}

const CHUNK: usize = 1 << 20;
const MAPS: usize = 1 << 20;
