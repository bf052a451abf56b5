//! Results for people and for other tools.

#[cfg(test)]
pub(crate) mod sample;
