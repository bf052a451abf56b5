//! The specification, sentence by sentence, and the frozen requirement sets.
