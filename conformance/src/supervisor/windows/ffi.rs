//! The calls of jobs; nothing is decided here.

use std::{
    ffi::c_void,
    io, mem,
    os::windows::io::{AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE, WAIT_TIMEOUT},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
        },
        IO::{CreateIoCompletionPort, GetQueuedCompletionStatus, OVERLAPPED},
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
            JOBOBJECT_BASIC_PROCESS_ID_LIST, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
            JobObjectAssociateCompletionPortInformation, JobObjectBasicAccountingInformation,
            JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation, QueryInformationJobObject,
            SetInformationJobObject, TerminateJobObject,
        },
        Threading::{
            OpenProcess, OpenThread, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
            QueryFullProcessImageNameW, ResumeThread, THREAD_SUSPEND_RESUME,
        },
    },
};

/// Makes a job that ends when its last handle goes.
pub(super) fn create_job() -> io::Result<OwnedHandle> {
    // SAFETY: both arguments may be null.
    let job = owned(unsafe { CreateJobObjectW(ptr::null(), ptr::null()) })?;
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    set(&job, JobObjectExtendedLimitInformation, &limits)?;
    Ok(job)
}

/// Makes the queue on which a job says what becomes of it.
pub(super) fn create_port(job: &OwnedHandle) -> io::Result<OwnedHandle> {
    // SAFETY: no file is associated, so that the other handle may be null.
    let port = owned(unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) })?;
    let association =
        JOBOBJECT_ASSOCIATE_COMPLETION_PORT { CompletionKey: ptr::null_mut(), CompletionPort: raw(&port) };
    set(job, JobObjectAssociateCompletionPortInformation, &association)?;
    Ok(port)
}

/// The next message of a queue; `None` if none comes in time.
pub(super) fn next_message(port: &OwnedHandle, milliseconds: u32) -> io::Result<Option<u32>> {
    let (mut message, mut key) = (0, 0);
    let mut overlapped: *mut OVERLAPPED = ptr::null_mut();
    // SAFETY: the handle is open, and the places for the answer are ours.
    let got = unsafe {
        GetQueuedCompletionStatus(
            raw(port),
            &raw mut message,
            &raw mut key,
            &raw mut overlapped,
            milliseconds,
        )
    };
    if got != 0 {
        return Ok(Some(message));
    }
    let error = io::Error::last_os_error();
    if error.raw_os_error() == Some(WAIT_TIMEOUT.cast_signed()) { Ok(None) } else { Err(error) }
}

/// Puts a process into a job.
pub(super) fn assign(job: &OwnedHandle, process: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: both handles are open.
    done(unsafe { AssignProcessToJobObject(raw(job), process.as_raw_handle()) })
}

/// Ends every process of a job with this exit code.
pub(super) fn terminate(job: &OwnedHandle, code: u32) -> io::Result<()> {
    // SAFETY: the handle is open.
    done(unsafe { TerminateJobObject(raw(job), code) })
}

/// How many processes of a job live.
pub(super) fn living(job: &OwnedHandle) -> io::Result<u32> {
    let mut accounting = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is of the kind and size that are named.
    done(unsafe {
        QueryInformationJobObject(
            raw(job),
            JobObjectBasicAccountingInformation,
            (&raw mut accounting).cast::<c_void>(),
            size_of_value(&accounting),
            ptr::null_mut(),
        )
    })?;
    Ok(accounting.ActiveProcesses)
}

/// The numbers of the processes of a job, of at most [`MOST_LISTED`].
pub(super) fn processes(job: &OwnedHandle) -> io::Result<Vec<u32>> {
    #[repr(C)]
    struct List {
        head: JOBOBJECT_BASIC_PROCESS_ID_LIST,
        more: [usize; MOST_LISTED - 1],
    }
    let mut list = List { head: JOBOBJECT_BASIC_PROCESS_ID_LIST::default(), more: [0; MOST_LISTED - 1] };
    // SAFETY: the handle is open; behind the head there is room for as many numbers as the size says.
    done(unsafe {
        QueryInformationJobObject(
            raw(job),
            JobObjectBasicProcessIdList,
            (&raw mut list).cast::<c_void>(),
            size_of_value(&list),
            ptr::null_mut(),
        )
    })?;
    let listed = list.head.NumberOfProcessIdsInList as usize;
    let numbers = list.head.ProcessIdList.into_iter().chain(list.more).take(listed);
    Ok(numbers.filter_map(|number| u32::try_from(number).ok()).collect())
}

/// The path of the program that a process runs.
pub(super) fn program(process: u32) -> io::Result<String> {
    // SAFETY: any number may be asked for.
    let process = owned(unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process) })?;
    let mut name = [0_u16; LONGEST_PATH];
    let mut length = u32::try_from(name.len()).expect("it is a small number");
    // SAFETY: the handle is open, and the buffer is as long as is said.
    done(unsafe {
        QueryFullProcessImageNameW(raw(&process), PROCESS_NAME_WIN32, name.as_mut_ptr(), &raw mut length)
    })?;
    Ok(String::from_utf16_lossy(&name[..length as usize]))
}

/// Lets every thread of a process go that was started without running.
///
/// # Errors
///
/// `NotFound` if it has no thread; else those of the calls.
pub(super) fn resume(process: u32) -> io::Result<()> {
    // SAFETY: the call takes plain numbers.
    let snapshot = owned(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    let mut entry = THREADENTRY32 {
        dwSize: u32::try_from(mem::size_of::<THREADENTRY32>()).expect("it is a small number"),
        ..THREADENTRY32::default()
    };
    let mut resumed = 0;
    // SAFETY: the handle is open, and the entry says its size.
    let mut more = unsafe { Thread32First(raw(&snapshot), &raw mut entry) };
    while more != 0 {
        if entry.th32OwnerProcessID == process {
            // SAFETY: any number may be asked for.
            let thread = owned(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, entry.th32ThreadID) })?;
            // SAFETY: the handle is open.
            if unsafe { ResumeThread(raw(&thread)) } == u32::MAX {
                return Err(io::Error::last_os_error());
            }
            resumed += 1;
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(raw(&snapshot), &raw mut entry) };
    }
    if resumed == 0 { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
}

fn set<T>(job: &OwnedHandle, class: i32, information: &T) -> io::Result<()> {
    // SAFETY: the handle is open, and the structure is of the kind and size that are named.
    done(unsafe {
        SetInformationJobObject(
            raw(job),
            class,
            ptr::from_ref(information).cast::<c_void>(),
            size_of_value(information),
        )
    })
}

fn size_of_value<T>(value: &T) -> u32 {
    u32::try_from(mem::size_of_val(value)).expect("structures of the system are small")
}

fn raw(handle: &OwnedHandle) -> HANDLE {
    handle.as_raw_handle()
}

fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is open, it is ours to close, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn done(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// More than any session starts.
const MOST_LISTED: usize = 1024;
const LONGEST_PATH: usize = 1024;
