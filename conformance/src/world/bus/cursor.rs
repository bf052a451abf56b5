//! Bounded reading and writing of the few types that a header is made of.

use super::header::{ByteOrder, Malformed};

/// A place in bytes that are read.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Self { bytes, position: 0, order }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Malformed> {
        self.take(count).map(drop)
    }

    pub(super) fn align(&mut self, to: usize) -> Result<(), Malformed> {
        self.skip(self.position.next_multiple_of(to) - self.position)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn number(&mut self) -> Result<u32, Malformed> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        Ok(match self.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        let length = self.number()? as usize;
        self.terminated(length)
    }

    pub(super) fn signature(&mut self) -> Result<String, Malformed> {
        let length = usize::from(self.byte()?);
        self.terminated(length)
    }

    /// Reads over a value of a basic type: what a field of a later protocol may hold.
    pub(super) fn skip_basic(&mut self, signature: &str) -> Result<(), Malformed> {
        match signature {
            "y" => self.skip(1),
            "n" | "q" => self.align(2).and_then(|()| self.skip(2)),
            "b" | "i" | "u" | "h" => self.number().map(drop),
            "x" | "t" | "d" => self.align(8).and_then(|()| self.skip(8)),
            "s" | "o" => self.text().map(drop),
            "g" => self.signature().map(drop),
            _ => Err(Malformed("an unknown header field is not of a basic type")),
        }
    }

    fn terminated(&mut self, length: usize) -> Result<String, Malformed> {
        let text = self.take(length)?;
        if self.byte()? != 0 {
            return Err(Malformed("a string has no end"));
        }
        let text = std::str::from_utf8(text).map_err(|_| Malformed("a string is not UTF-8"))?;
        if text.contains('\0') {
            return Err(Malformed("a string holds a NUL"));
        }
        Ok(text.to_owned())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let taken = self
            .position
            .checked_add(count)
            .and_then(|end| self.bytes.get(self.position..end))
            .ok_or(Malformed("it ends too early"))?;
        self.position += count;
        Ok(taken)
    }
}

/// Bytes that are being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
    order: ByteOrder,
}

impl Writer {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { bytes: Vec::with_capacity(256), order }
    }

    pub(super) fn position(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.align(4);
        let bytes = self.encoded(number);
        self.bytes(&bytes);
    }

    pub(super) fn number_at(&mut self, position: usize, number: u32) {
        let bytes = self.encoded(number);
        self.bytes[position..position + 4].copy_from_slice(&bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(u32::try_from(text.len()).expect("a header's strings are short"));
        self.bytes(text.as_bytes());
        self.byte(0);
    }

    pub(super) fn signature(&mut self, signature: &str) {
        self.byte(u8::try_from(signature.len()).expect("a signature is shorter than 256"));
        self.bytes(signature.as_bytes());
        self.byte(0);
    }

    /// Begins a header field: its code and the signature of its value.
    pub(super) fn field(&mut self, code: u8, signature: &str) {
        self.align(8);
        self.byte(code);
        self.signature(signature);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn encoded(&self, number: u32) -> [u8; 4] {
        match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        }
    }
}
