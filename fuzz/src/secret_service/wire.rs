//! Values as they lie in a message, said again from the specification of D-Bus.
//!
//! Of its own, so that the library's codec is not its own judge. Only little-endian, as every machine that searches is.

/// A body, or the fields of a header, while it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn align(&mut self, to: usize) -> &mut Self {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
        self
    }

    pub(super) fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(super) fn number(&mut self, value: u32) -> &mut Self {
        self.align(4).0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn boolean(&mut self, value: bool) -> &mut Self {
        self.number(value.into())
    }

    /// A string or a path, which are written alike.
    pub(super) fn string(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes()).byte(0)
    }

    /// An array of bytes.
    pub(super) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.number(length(value.len())).0.extend(value);
        self
    }

    /// A signature, or what stands in its place.
    pub(super) fn signature(&mut self, value: &[u8]) -> &mut Self {
        self.byte(u8::try_from(value.len()).expect("no signature is longer")).0.extend(value);
        self.byte(0)
    }

    /// An array whose elements begin at multiples of `alignment`.
    pub(super) fn array(&mut self, alignment: usize, elements: impl FnOnce(&mut Self)) -> &mut Self {
        self.number(0);
        let counter = self.0.len() - 4;
        // The padding before the first element does not count.
        let begin = self.align(alignment).0.len();
        elements(self);
        let written = length(self.0.len() - begin).to_le_bytes();
        self.0[counter..counter + 4].copy_from_slice(&written);
        self
    }

    pub(super) fn paths<'a>(&mut self, paths: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.array(4, |array| {
            for path in paths {
                array.string(path);
            }
        })
    }
}

/// What is left to read; every question is `None` where the bytes are something else.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn align(&mut self, to: usize) -> Option<()> {
        let next = self.at.next_multiple_of(to);
        let padding = self.bytes.get(self.at..next)?;
        self.at = next;
        padding.iter().all(|byte| *byte == 0).then_some(())
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.align(4)?;
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A string or a path, which are written alike.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.bytes()?).ok()?;
        (self.byte()? == 0).then_some(text)
    }

    /// An array of bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }

    pub(super) fn signature(&mut self) -> Option<&'a str> {
        let length = self.byte()?;
        let text = std::str::from_utf8(self.take(length.into())?).ok()?;
        (self.byte()? == 0).then_some(text)
    }

    /// The elements of an array that begin at multiples of `alignment`.
    pub(super) fn array<T>(
        &mut self,
        alignment: usize,
        mut element: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        self.align(alignment)?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let mut elements = Vec::new();
        while self.at < end {
            elements.push(element(self)?);
        }
        (self.at == end).then_some(elements)
    }

    pub(super) fn paths(&mut self) -> Option<Vec<&'a str>> {
        self.array(4, Self::string)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("no value of a search is as long")
}
