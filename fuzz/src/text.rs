//! Cutting bytes into parts.

/// The bytes up to the next line feed, which are taken off.
pub(crate) fn line<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    *bytes = rest.get(1..).unwrap_or_default();
    line
}

/// The first byte, which is taken off; zero where there is none.
pub(crate) fn byte(bytes: &mut &[u8]) -> u8 {
    let Some((first, rest)) = bytes.split_first() else { return 0 };
    *bytes = rest;
    *first
}
