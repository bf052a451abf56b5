//! Whether the one who started the program wants it to end before it is done.
//!
//! A signal ends nothing by itself: whoever makes worlds asks between two steps, gives up by an error, and so removes
//! what was made. A second signal ends the program at once.
//!
//! | file | holds |
//! |---|---|
//! | `unix` | the signals that say so |
//! | `elsewhere` | nothing: there they end the program |

#[cfg(not(unix))]
#[path = "elsewhere.rs"]
mod system;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;

use std::{
    fmt, io,
    sync::atomic::{AtomicI32, Ordering},
};

/// Where it stands whether an interrupt came.
#[derive(Clone, Copy, Debug)]
pub struct Interruption {
    signal: &'static AtomicI32,
}

/// A signal that interrupts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("interrupted by {}; nothing was judged completely", Name(*signal))]
pub struct Interrupt {
    /// Its number.
    signal: i32,
}

impl Interruption {
    /// What interrupts this process, once [`Interruption::heed`] was called.
    pub fn of_this_process() -> Self {
        Self::at(&SIGNAL)
    }

    /// What is said by others: the number of a signal, or 0 as long as there was none.
    pub fn at(signal: &'static AtomicI32) -> Self {
        Self { signal }
    }

    /// Has SIGINT, SIGTERM and SIGHUP interrupt this process instead of ending it. Those that are ignored stay ignored.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn heed() -> io::Result<()> {
        system::heed(&SIGNAL)
    }

    /// Asks whether to go on.
    ///
    /// # Errors
    ///
    /// The [`Interrupt`] that came.
    pub fn check(self) -> Result<(), Interrupt> {
        match self.signal.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Interrupt { signal }),
        }
    }
}

impl Default for Interruption {
    /// None ever comes.
    fn default() -> Self {
        static NEVER: AtomicI32 = AtomicI32::new(0);
        Self::at(&NEVER)
    }
}

impl Interrupt {
    /// The number of the signal.
    pub fn signal(self) -> u8 {
        u8::try_from(self.signal).expect("there are fewer signals")
    }
}

struct Name(i32);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("SIGHUP"),
            2 => f.write_str("SIGINT"),
            15 => f.write_str("SIGTERM"),
            other => write!(f, "the signal {other}"),
        }
    }
}

static SIGNAL: AtomicI32 = AtomicI32::new(0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_is_known_by_its_signal() {
        static CAME: AtomicI32 = AtomicI32::new(0);
        let interruption = Interruption::at(&CAME);
        assert_eq!(interruption.check(), Ok(()));
        CAME.store(15, Ordering::Relaxed);
        let interrupt = interruption.check().expect_err("it came");
        assert_eq!(interrupt.signal(), 15);
        assert_eq!(interrupt.to_string(), "interrupted by SIGTERM; nothing was judged completely");
        assert_eq!(Interruption::default().check(), Ok(()));
    }
}
