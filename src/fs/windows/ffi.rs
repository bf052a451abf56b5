//! The calls that the standard library lacks; nothing is decided here.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, ERROR_NO_TOKEN, GENERIC_READ,
    GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetKernelObjectSecurity, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, SECURITY_ATTRIBUTES, SetKernelObjectSecurity, TOKEN_QUERY,
    TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, DELETE, FILE_BASIC_INFO,
    FILE_DISPOSITION_FLAG_DELETE, FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE,
    FILE_DISPOSITION_FLAG_POSIX_SEMANTICS, FILE_DISPOSITION_INFO, FILE_DISPOSITION_INFO_EX,
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_INFO_BY_HANDLE_CLASS, FILE_LIST_DIRECTORY,
    FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES,
    FileBasicInfo, FileDispositionInfo, FileDispositionInfoEx, GetFileInformationByHandle,
    GetFileInformationByHandleEx, LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx,
    OPEN_EXISTING, READ_CONTROL, ReOpenFile, SYNCHRONIZE, SetFileInformationByHandle, WRITE_DAC,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetCurrentThread, OpenProcess, OpenProcessToken, OpenThreadToken, PROCESS_SYNCHRONIZE,
    WaitForSingleObject,
};

use super::path::verbatim;
use super::patience::is;

/// What a handle is for. Every handle can also be asked for owner and rights.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Looking at it, which nobody can keep us from by using it.
    Look,
    /// Reading.
    Read,
    /// Marking it as changed.
    Mark,
    /// Writing, renaming, and removing by the handle.
    Change,
    /// Listing a folder, and keeping it where it is.
    Pin,
}

/// Which file is opened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// One that is there.
    Existing,
    /// One that is not there yet, with this descriptor.
    New(&'a Descriptor),
}

/// The bytes of a security descriptor, where they have to lie to be given to the system.
#[derive(Clone, Debug)]
pub(super) struct Descriptor(Vec<u32>);

impl Descriptor {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let words = bytes.chunks(4).map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            u32::from_ne_bytes(word)
        });
        Self(words.collect())
    }

    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            // It is only read, whatever the type says.
            lpSecurityDescriptor: self.0.as_ptr().cast_mut().cast(),
            bInheritHandle: 0,
        }
    }
}

/// Opens a file or folder itself, never what a link leads to.
pub(super) fn open(path: &Path, purpose: Purpose, which: Which<'_>) -> io::Result<File> {
    let path = verbatim(path)?;
    let (access, share) = rights(purpose);
    let (disposition, attributes) = match which {
        Which::Existing => (OPEN_EXISTING, None),
        Which::New(descriptor) => (CREATE_NEW, Some(descriptor.attributes())),
    };
    let attributes = attributes.as_ref().map_or(ptr::null(), ptr::from_ref);
    let flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    // SAFETY: the path ends with a zero and is alive; the attributes are null, or alive with the descriptor, a
    // self-relative one at an address for words, in them.
    let handle =
        unsafe { CreateFileW(path.as_ptr(), access, share, attributes, disposition, flags, ptr::null_mut()) };
    file(handle)
}

/// Makes a folder.
pub(super) fn make_directory(path: &Path, descriptor: &Descriptor) -> io::Result<()> {
    let path = verbatim(path)?;
    let attributes = descriptor.attributes();
    // SAFETY: the path ends with a zero and is alive, as are the attributes and the descriptor in them.
    done(unsafe { CreateDirectoryW(path.as_ptr(), &raw const attributes) })
}

/// What distinguishes an open file from all others of the machine while it is open, and how many names it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    /// Volume and index; the index is unique on every file system but `ReFS`, where it nearly is.
    pub(super) file: (u32, u64),
    pub(super) links: u32,
}

/// Asks for a file's identity.
pub(super) fn identity(file: &File) -> io::Result<Identity> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is ours to be written.
    done(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut information) })?;
    let index = u64::from(information.nFileIndexHigh) << 32 | u64::from(information.nFileIndexLow);
    Ok(Identity { file: (information.dwVolumeSerialNumber, index), links: information.nNumberOfLinks })
}

/// When the system last noted a change of anything of a file, in its own count.
pub(super) fn change_time(file: &File) -> io::Result<i64> {
    let mut information = FILE_BASIC_INFO::default();
    let (place, size) = ((&raw mut information).cast(), size_of::<FILE_BASIC_INFO>() as u32);
    // SAFETY: the handle is open; the structure is ours, is that of the class, and has this size.
    done(unsafe { GetFileInformationByHandleEx(file.as_raw_handle(), FileBasicInfo, place, size) })?;
    Ok(information.ChangeTime)
}

/// The descriptor of an open file or folder, with its owner and its access control list.
pub(super) fn security(file: &File) -> io::Result<Vec<u8>> {
    let wanted = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let words = sized(|buffer, size, needed| {
        // SAFETY: the handle is open; the buffer is ours, lies at an address for words, and has the given size.
        unsafe { GetKernelObjectSecurity(file.as_raw_handle(), wanted, buffer.cast(), size, needed) }
    })?;
    Ok(bytes(&words))
}

/// Replaces the access control list of an open file or folder by that of a descriptor, and nothing else.
pub(super) fn set_access_list(file: &File, descriptor: &Descriptor) -> io::Result<()> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    // SAFETY: the handle is open.
    let handle = unsafe { ReOpenFile(file.as_raw_handle(), WRITE_DAC, share, FILE_FLAG_BACKUP_SEMANTICS) };
    let writable = self::file(handle)?;
    let replaced = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    let descriptor = descriptor.0.as_ptr().cast_mut().cast();
    // SAFETY: the handle is open, and the descriptor is alive and only read.
    done(unsafe { SetKernelObjectSecurity(writable.as_raw_handle(), replaced, descriptor) })
}

/// Locks an open file without waiting, and says whether it was free.
///
/// The lock is on one byte far beyond every content: the system keeps all others from reading what is locked.
pub(super) fn try_lock_beyond(file: &File) -> io::Result<bool> {
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous.OffsetHigh = 1 << 20;
    let flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
    // SAFETY: the handle is open and its calls end before they return, so the structure outlives its use.
    match done(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut place) }) {
        Ok(()) => Ok(true),
        Err(error) if is(&error, ERROR_LOCK_VIOLATION) || is(&error, ERROR_IO_PENDING) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes an open file: at once where the system can, else when the last handle of it is closed.
pub(super) fn delete(file: &File) -> io::Result<()> {
    let at_once = FILE_DISPOSITION_INFO_EX {
        Flags: FILE_DISPOSITION_FLAG_DELETE
            | FILE_DISPOSITION_FLAG_POSIX_SEMANTICS
            | FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE,
    };
    if set_information(file, FileDispositionInfoEx, &at_once).is_ok() {
        return Ok(());
    }
    // Systems and file systems from before Windows 10 know the other one only, and say so in many ways.
    set_information(file, FileDispositionInfo, &FILE_DISPOSITION_INFO { DeleteFile: true })
}

/// The identifier of who this thread acts for, with whatever follows it.
pub(super) fn user() -> io::Result<Vec<u8>> {
    let token = token()?;
    let words = sized(|buffer, size, needed| {
        // SAFETY: the handle is open; the buffer is ours, lies at an address for words, and has the given size.
        unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.cast(), size, needed) }
    })?;
    if size_of_val(words.as_slice()) < size_of::<TOKEN_USER>() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // SAFETY: the buffer is large enough, lies at an address for words, and any bytes are a value of the type.
    let information = unsafe { words.as_ptr().cast::<TOKEN_USER>().read() };
    // The identifier lies in the same buffer, where the pointer says; it is not followed.
    let offset = information.User.Sid.addr().checked_sub(words.as_ptr().addr());
    let identifier = offset.and_then(|offset| bytes(&words).get(offset..).map(<[u8]>::to_vec));
    identifier.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Whether no process has this id; one that we may not ask for is there.
pub(super) fn process_is_gone(id: u32) -> io::Result<bool> {
    // SAFETY: no pointers are passed.
    let handle = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, id) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was just opened and is nobody else's.
    let process = unsafe { OwnedHandle::from_raw_handle(handle) };
    // SAFETY: the handle is open and has the right to be waited for.
    Ok(unsafe { WaitForSingleObject(process.as_raw_handle(), 0) } == WAIT_OBJECT_0)
}

/// The time since the system was started.
pub(super) fn milliseconds_since_boot() -> u64 {
    // SAFETY: the call has no conditions.
    unsafe { GetTickCount64() }
}

fn rights(purpose: Purpose) -> (u32, u32) {
    let pinning = FILE_SHARE_READ | FILE_SHARE_WRITE;
    let (access, share) = match purpose {
        Purpose::Look => (0, pinning | FILE_SHARE_DELETE),
        Purpose::Read => (GENERIC_READ, pinning | FILE_SHARE_DELETE),
        Purpose::Mark => (FILE_WRITE_ATTRIBUTES, pinning | FILE_SHARE_DELETE),
        Purpose::Change => (GENERIC_READ | GENERIC_WRITE | DELETE, pinning | FILE_SHARE_DELETE),
        Purpose::Pin => (FILE_LIST_DIRECTORY, pinning),
    };
    (access | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE, share)
}

fn token() -> io::Result<OwnedHandle> {
    let mut handle = ptr::null_mut();
    // SAFETY: the call has no conditions.
    let thread = unsafe { GetCurrentThread() };
    // SAFETY: the handle of the thread is always valid; the place for the new one is ours.
    let opened = unsafe { OpenThreadToken(thread, TOKEN_QUERY, 1, &raw mut handle) };
    match done(opened) {
        Ok(()) => {}
        // Nobody is impersonated: the thread acts for whom the process acts for.
        Err(error) if error.raw_os_error() == Some(ERROR_NO_TOKEN.cast_signed()) => {
            // SAFETY: the call has no conditions.
            let process = unsafe { GetCurrentProcess() };
            // SAFETY: the handle of the process is always valid; the place for the new one is ours.
            done(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut handle) })?;
        }
        Err(error) => return Err(error),
    }
    // SAFETY: the handle was just opened and is nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn set_information<T>(file: &File, class: FILE_INFO_BY_HANDLE_CLASS, information: &T) -> io::Result<()> {
    let size = size_of::<T>() as u32;
    let information = ptr::from_ref(information).cast();
    // SAFETY: the handle is open; the structure is alive, is that of the class, and has this size.
    done(unsafe { SetFileInformationByHandle(file.as_raw_handle(), class, information, size) })
}

/// Asks for something whose size only the system knows, into memory at an address for words.
fn sized(mut ask: impl FnMut(*mut u64, u32, *mut u32) -> i32) -> io::Result<Vec<u64>> {
    let mut words: Vec<u64> = Vec::new();
    // It may grow between two calls, but hardly every time.
    for _ in 0..8 {
        let size = u32::try_from(size_of_val(words.as_slice())).map_err(io::Error::other)?;
        let mut needed = 0;
        match done(ask(words.as_mut_ptr(), size, &raw mut needed)) {
            Ok(()) => return Ok(words),
            Err(error) if error.raw_os_error() == Some(ERROR_INSUFFICIENT_BUFFER.cast_signed()) => {
                words.resize(needed.div_ceil(8) as usize, 0);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn file(handle: HANDLE) -> io::Result<File> {
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was just opened and is nobody else's.
    Ok(unsafe { File::from_raw_handle(handle) })
}

fn done(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
