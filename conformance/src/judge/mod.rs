//! From observations to verdicts: pure, without I/O.
