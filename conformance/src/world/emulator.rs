//! Who only stands in for the system.

use crate::observation::Emulator;

/// Who only stands in for the system that this program was built for, if anybody does.
pub fn emulator() -> Option<Emulator> {
    #[cfg(windows)]
    {
        super::windows::emulator()
    }
    #[cfg(not(windows))]
    {
        None
    }
}
