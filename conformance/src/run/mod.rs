//! From a case to its two observations: worlds, sessions, observers, in order.
