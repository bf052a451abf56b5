//! The memory of another process.

use std::io::IoSliceMut;

use nix::{
    errno::Errno,
    sys::uio::{RemoteIoVec, process_vm_readv},
    unistd::Pid,
};

/// The memory of a process that waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    process: Pid,
}

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unreadable {
    /// Nothing is mapped there: the call will fail by itself.
    Fault,
    /// The process is gone: nobody waits for an answer.
    Gone,
    /// The process may not be looked at.
    Forbidden(Errno),
    /// There is more than the witness reads.
    TooLong,
}

impl From<Errno> for Unreadable {
    /// What a look through `/proc` failed with.
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::EACCES | Errno::EPERM => Self::Forbidden(errno),
            _ => Self::Fault,
        }
    }
}

impl Memory {
    /// The memory of the process of a thread.
    pub(super) fn of(thread: u32) -> Self {
        Self { process: Pid::from_raw(i32::try_from(thread).expect("thread ids are positive ints")) }
    }

    /// Bytes, fewer only if what follows them is not mapped.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], but never `TooLong`.
    pub(super) fn bytes(&self, address: u64, length: usize) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = vec![0; length];
        if length == 0 {
            return Ok(bytes);
        }
        let base = usize::try_from(address).map_err(|_| Unreadable::Fault)?;
        let remote = [RemoteIoVec { base, len: length }];
        let read = process_vm_readv(self.process, &mut [IoSliceMut::new(&mut bytes)], &remote);
        match read {
            Ok(0) | Err(Errno::EFAULT) => Err(Unreadable::Fault),
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes)
            }
            Err(Errno::ESRCH) => Err(Unreadable::Gone),
            Err(errno) => Err(Unreadable::Forbidden(errno)),
        }
    }

    /// Bytes, neither more nor fewer.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], but never `TooLong`.
    pub(super) fn exactly<const LENGTH: usize>(&self, address: u64) -> Result<[u8; LENGTH], Unreadable> {
        self.bytes(address, LENGTH)?.try_into().map_err(|_| Unreadable::Fault)
    }

    /// Bytes up to a zero.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]; `TooLong` if none of the first `limit` bytes is zero.
    pub(super) fn text(&self, address: u64, limit: usize) -> Result<Vec<u8>, Unreadable> {
        let mut text = Vec::new();
        while text.len() < limit {
            let next = address.checked_add(text.len() as u64).ok_or(Unreadable::Fault)?;
            // Page by page, so that a text at the end of a mapping is read in one piece.
            let rest = PAGE_BYTES - usize::try_from(next % PAGE_BYTES as u64).expect("less than a page");
            let piece = self.bytes(next, rest)?;
            match piece.iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend_from_slice(&piece[..end]);
                    return Ok(text);
                }
                None if piece.len() < rest => return Err(Unreadable::Fault),
                None => text.extend_from_slice(&piece),
            }
        }
        Err(Unreadable::TooLong)
    }

    /// Pointers up to a null pointer. A null pointer in place of the list is an empty list, as it is for execve.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]; `TooLong` if none of the first `limit` pointers is null.
    pub(super) fn pointers(&self, address: u64, limit: usize) -> Result<Vec<u64>, Unreadable> {
        let mut pointers = Vec::new();
        if address == 0 {
            return Ok(pointers);
        }
        while pointers.len() < limit {
            let next = address.checked_add(pointers.len() as u64 * 8).ok_or(Unreadable::Fault)?;
            let rest = PAGE_BYTES - usize::try_from(next % PAGE_BYTES as u64).expect("less than a page");
            let piece = self.bytes(next, rest.max(8))?;
            let before = pointers.len();
            for pointer in piece.chunks_exact(8) {
                match word(pointer) {
                    0 => return Ok(pointers),
                    pointer => pointers.push(pointer),
                }
            }
            if pointers.len() == before {
                return Err(Unreadable::Fault);
            }
        }
        Err(Unreadable::TooLong)
    }
}

/// The native word that bytes begin with.
pub(super) fn word(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes[..8].try_into().expect("eight bytes"))
}

const PAGE_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Memory {
        Memory::of(std::process::id())
    }

    #[test]
    fn a_text_is_read_up_to_its_zero() {
        let text = b"hello\0world".to_vec();
        assert_eq!(own().text(text.as_ptr() as u64, 100).unwrap(), b"hello");
    }

    #[test]
    fn a_text_across_pages_is_read_whole() {
        let mut text = vec![b'a'; 3 * PAGE_BYTES];
        text.push(0);
        assert_eq!(own().text(text.as_ptr() as u64, 5 * PAGE_BYTES).unwrap().len(), 3 * PAGE_BYTES);
    }

    #[test]
    fn a_text_beyond_the_limit_is_too_long() {
        let text = vec![b'a'; 3 * PAGE_BYTES];
        assert_eq!(own().text(text.as_ptr() as u64, PAGE_BYTES).unwrap_err(), Unreadable::TooLong);
    }

    #[test]
    fn an_unmapped_address_is_a_fault() {
        assert_eq!(own().text(8, 100).unwrap_err(), Unreadable::Fault);
        assert_eq!(own().bytes(8, 100).unwrap_err(), Unreadable::Fault);
    }

    #[test]
    fn pointers_are_read_up_to_null() {
        let list = [7_u64, 8, 9, 0, 10];
        assert_eq!(own().pointers(list.as_ptr() as u64, 10).unwrap(), [7, 8, 9]);
        assert!(own().pointers(0, 10).unwrap().is_empty());
    }
}
