//! The single-threaded process that starts a session under the system call witness (D6).
