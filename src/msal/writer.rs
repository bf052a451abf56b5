//! JSON as Python's `json.dumps(.., indent=4)` writes it, into memory that is never reallocated.
//!
//! The format is that of MSAL for Python, so that a cache which both have written looks as if one had:
//! <https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/1.39.0/msal/token_cache.py>,
//! `SerializableTokenCache.serialize`.

use std::fmt::{self, Write};

use zeroize::Zeroizing;

/// Runs `write` twice: to measure, then to write into a buffer of that size, which therefore leaves no copies behind.
pub(super) fn rendered(write: impl Fn(&mut dyn Write) -> fmt::Result) -> Zeroizing<String> {
    let mut length = Length(0);
    write(&mut length).expect("a length can always be added to");
    let mut text = Zeroizing::new(String::with_capacity(length.0));
    write(&mut *text).expect("memory can always be written to");
    debug_assert_eq!(text.len(), length.0, "the same is written both times");
    text
}

/// An object that is being written, with one member to a line.
pub struct ObjectWriter<'w> {
    out: &'w mut dyn Write,
    depth: usize,
    empty: bool,
}

impl<'w> ObjectWriter<'w> {
    /// Begins an object that is itself so deep.
    pub(super) fn begin(out: &'w mut dyn Write, depth: usize) -> Result<Self, fmt::Error> {
        out.write_char('{')?;
        Ok(Self { out, depth, empty: true })
    }

    /// A member whose value is a string.
    pub(super) fn text(&mut self, name: &str, value: &str) -> fmt::Result {
        self.name(name)?;
        string(self.out, value)
    }

    /// A member whose value is a string, or null.
    pub(super) fn nullable(&mut self, name: &str, value: Option<&str>) -> fmt::Result {
        match value {
            Some(value) => self.text(name, value),
            None => {
                self.name(name)?;
                self.out.write_str("null")
            }
        }
    }

    /// A member whose value is a string, if there is one.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.text(name, value))
    }

    /// A member whose value is a number in a string, if there is one.
    pub(super) fn time(&mut self, name: &str, value: Option<super::UnixTime>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        self.name(name)?;
        write!(self.out, "\"{value}\"")
    }

    /// A member whose name, with its quotes, and whose value are JSON already.
    pub(super) fn verbatim(&mut self, name: &str, value: &str) -> fmt::Result {
        self.value_of(name)?.write_str(value)
    }

    /// Begins a member whose name, with its quotes, is JSON already; the value is the caller's to write.
    pub(super) fn value_of(&mut self, name: &str) -> Result<&mut dyn Write, fmt::Error> {
        self.separate()?;
        self.out.write_str(name)?;
        self.out.write_str(": ")?;
        Ok(self.out)
    }

    pub(super) fn end(self) -> fmt::Result {
        if !self.empty {
            line(self.out, self.depth)?;
        }
        self.out.write_char('}')
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        self.separate()?;
        string(self.out, name)?;
        self.out.write_str(": ")
    }

    fn separate(&mut self) -> fmt::Result {
        if !self.empty {
            self.out.write_char(',')?;
        }
        self.empty = false;
        line(self.out, self.depth + 1)
    }
}

/// A string with everything escaped that is not printable ASCII.
pub(super) fn string(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut plain = 0;
    for (at, character) in text.char_indices() {
        if matches!(character, ' '..='~') && !matches!(character, '"' | '\\') {
            continue;
        }
        out.write_str(&text[plain..at])?;
        plain = at + character.len_utf8();
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{08}' => out.write_str("\\b")?,
            '\u{0C}' => out.write_str("\\f")?,
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.write_str(&text[plain..])?;
    out.write_char('"')
}

fn line(out: &mut dyn Write, depth: usize) -> fmt::Result {
    out.write_char('\n')?;
    for _ in 0..depth {
        out.write_str("    ")?;
    }
    Ok(())
}

/// Counts what is written to it.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        rendered(|out| string(out, text)).to_string()
    }

    #[test]
    fn a_string_is_escaped_as_python_escapes_it() {
        // json.dumps('a"\\/\n\r\t\b\f\x01\x7f\xe9\u6f22\U0001f600')
        assert_eq!(
            written("a\"\\/\n\r\t\u{08}\u{0C}\u{01}\u{7F}\u{E9}\u{6F22}\u{1F600}"),
            r#""a\"\\/\n\r\t\b\f\u0001\u007f\u00e9\u6f22\ud83d\ude00""#
        );
    }

    #[test]
    fn an_object_has_a_line_for_each_member_and_none_for_no_member() {
        let empty = rendered(|out| ObjectWriter::begin(out, 0)?.end());
        assert_eq!(*empty, "{}");
        let two = rendered(|out| {
            let mut object = ObjectWriter::begin(out, 1)?;
            object.text("a", "b")?;
            object.nullable("c", None)?;
            object.end()
        });
        assert_eq!(*two, "{\n        \"a\": \"b\",\n        \"c\": null\n    }");
    }

    proptest! {
        #[test]
        fn what_is_written_means_what_was_given(text in any::<String>()) {
            let written = written(&text);
            prop_assert!(written.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&written).expect("it is JSON"), text);
        }
    }
}
