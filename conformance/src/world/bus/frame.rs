//! One whole message as it crosses the wire.

use std::io::{self, Read};

use serde::Serialize;
use zbus::{
    Signature,
    wire::{
        self, DynamicDeserialize, DynamicType,
        serialized::{Context, Data},
    },
};

use super::header::{ByteOrder, FIXED, Header, Kind, Malformed};

/// One message: its bytes, and what its header says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Frame {
    header: Header,
    bytes: Vec<u8>,
    body_at: usize,
}

impl Frame {
    /// Reads the next message; `None` where the stream ends between two messages.
    ///
    /// # Errors
    ///
    /// [`FrameError`]: the stream broke, or what it carries is no message.
    pub(crate) fn read(stream: &mut impl Read) -> Result<Option<Self>, FrameError> {
        let mut fixed = [0; FIXED];
        let begun = read_up_to(stream, &mut fixed)?;
        if begun == 0 {
            return Ok(None);
        }
        if begun < FIXED {
            return Err(FrameError::Truncated);
        }
        let lengths = Header::lengths(&fixed)?;
        if lengths.total > LONGEST_FRAME {
            return Err(FrameError::TooLong { bytes: lengths.total });
        }
        let mut bytes = fixed.to_vec();
        // The buffer grows with what arrives, not with what was announced.
        let rest = u64::try_from(lengths.total - FIXED).expect("a frame's length fits");
        stream.by_ref().take(rest).read_to_end(&mut bytes).map_err(FrameError::Stream)?;
        if bytes.len() < lengths.total {
            return Err(FrameError::Truncated);
        }
        Ok(Some(Self { header: Header::parse(&bytes)?, bytes, body_at: lengths.body_at }))
    }

    /// Makes a message of a header in this machine's byte order and a body; the signature becomes the body's.
    pub(crate) fn build<B>(header: Header, body: &B) -> Result<Self, zbus::Error>
    where
        B: Serialize + DynamicType,
    {
        Ok(Self::assemble(header, &Body::encode(body)?))
    }

    /// Makes a message of a header in this machine's byte order and a body that was written before.
    pub(crate) fn assemble(mut header: Header, body: &Body) -> Self {
        header.endian = ByteOrder::NATIVE;
        header.signature.clone_from(&body.signature);
        Self::with_body(header, &body.bytes)
    }

    /// The same message with another header, such as one whose path was repaired.
    pub(crate) fn with_header(&self, change: impl FnOnce(&mut Header)) -> Self {
        let mut header = self.header.clone();
        change(&mut header);
        Self::with_body(header, &self.bytes[self.body_at..])
    }

    /// What the header says.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Every byte of the message.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The body, as a type whose signature is the body's.
    ///
    /// # Errors
    ///
    /// The body has another signature, or does not hold what its signature says.
    pub(crate) fn body<B>(&self) -> Result<B, zbus::Error>
    where
        B: for<'d> DynamicDeserialize<'d>,
    {
        let data = Data::new(&self.bytes[self.body_at..], Context::new(self.header.endian.into(), 0));
        let signature = Signature::try_from(self.header.signature.as_str())?;
        Ok(data.deserialize_for_dynamic_signature(signature)?.0)
    }

    /// The first argument, if it is a string.
    pub(crate) fn first_text(&self) -> Option<String> {
        if !self.header.signature.starts_with('s') {
            return None;
        }
        let data = Data::new(&self.bytes[self.body_at..], Context::new(self.header.endian.into(), 0));
        data.deserialize::<String>().ok().map(|(text, _)| text)
    }

    fn with_body(header: Header, body: &[u8]) -> Self {
        let bytes = header.encode(body);
        Self { header, body_at: bytes.len() - body.len(), bytes }
    }
}

/// The arguments of a message, written in this machine's byte order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Body {
    signature: String,
    bytes: Vec<u8>,
}

impl Body {
    /// Writes arguments: a tuple is as many, anything else is one.
    ///
    /// # Errors
    ///
    /// The value cannot be written, such as a string with a NUL in it.
    pub(crate) fn encode<B>(value: &B) -> Result<Self, zbus::Error>
    where
        B: Serialize + DynamicType,
    {
        let encoded = wire::to_bytes(Context::new(ByteOrder::NATIVE.into(), 0), value)?;
        Ok(Self { signature: arguments(&value.signature()), bytes: encoded.bytes().to_vec() })
    }
}

/// Why no further message can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The stream failed.
    #[error("the stream failed: {0}")]
    Stream(#[source] io::Error),
    /// The stream ended within a message.
    #[error("the stream ended within a message")]
    Truncated,
    /// The message is longer than any that a world needs.
    #[error("a message of {bytes} bytes is longer than {LONGEST_FRAME}")]
    TooLong {
        /// How long it claims to be.
        bytes: usize,
    },
    /// The bytes are no message.
    #[error("the bytes are no message: {0}")]
    Malformed(#[from] Malformed),
}

/// The header of an answer to a call.
pub(crate) fn reply_header(kind: Kind, serial: u32, call: &Header) -> Header {
    let mut header = Header::new(kind, serial);
    header.reply_serial = Some(call.serial);
    header.destination = call.sender.clone();
    header
}

/// The signature of a message's arguments: that of a tuple, without its parentheses.
fn arguments(signature: &Signature) -> String {
    let text = signature.to_string();
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).map(str::to_owned).unwrap_or(text)
}

fn read_up_to(stream: &mut impl Read, buffer: &mut [u8]) -> Result<usize, FrameError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Stream(error)),
        }
    }
    Ok(filled)
}

/// The longest message that is carried; a token cache is far below it.
pub(crate) const LONGEST_FRAME: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zbus::OwnedVariant;

    use super::*;

    fn call(order: ByteOrder) -> Header {
        let mut header = Header::new(Kind::Call, 7);
        header.endian = order;
        header.path = Some("/a/b".into());
        header.interface = Some("a.B".into());
        header.member = Some("C".into());
        header.destination = Some("org.freedesktop.secrets".into());
        header
    }

    #[test]
    fn a_message_is_read_back_as_it_was_written() {
        let variant = OwnedVariant::from(5u32);
        let built =
            Frame::build(call(ByteOrder::NATIVE), &("text", variant)).expect("the body can be written");
        assert_eq!(built.header().signature, "sv");
        let mut stream = built.bytes();
        let read = Frame::read(&mut stream).expect("it is a message").expect("there is one");
        assert_eq!(read, built);
        let (text, variant) = read.body::<(String, OwnedVariant)>().expect("the body is as written");
        assert_eq!((text.as_str(), u32::try_from(variant)), ("text", Ok(5)));
        assert_eq!(read.first_text().as_deref(), Some("text"));
        assert!(matches!(Frame::read(&mut stream), Ok(None)));
    }

    #[test]
    fn a_header_keeps_its_byte_order_when_a_field_changes() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let frame =
                Frame::with_body(call(order), &[]).with_header(|header| header.path = Some("/x".into()));
            let read = Frame::read(&mut frame.bytes()).expect("it is a message").expect("there is one");
            assert_eq!((read.header().endian, read.header().path.as_deref()), (order, Some("/x")));
        }
    }

    #[test]
    fn zbus_reads_what_is_written_here_and_this_reads_what_zbus_writes() {
        let theirs = zbus::Message::method_call("/a/b", "C")
            .interface("a.B")
            .destination("org.freedesktop.secrets")
            .build(&(1u32, vec!["x"]))
            .expect("the message is legal");
        let read = Frame::read(&mut theirs.data().bytes()).expect("it is a message").expect("there is one");
        assert_eq!(read.header().member.as_deref(), Some("C"));
        assert_eq!(read.header().signature, "uas");
        assert_eq!(read.body::<(u32, Vec<String>)>().expect("the body fits"), (1, vec!["x".to_owned()]));
    }

    #[test]
    fn a_message_beyond_the_bound_is_refused_before_it_is_read() {
        let mut bytes =
            Frame::build(call(ByteOrder::Little), &()).expect("it can be written").bytes().to_vec();
        bytes[4..8].copy_from_slice(&0x0800_0000u32.to_le_bytes());
        assert!(matches!(Frame::read(&mut bytes.as_slice()), Err(FrameError::TooLong { .. })));
    }

    #[test]
    fn a_message_without_its_required_fields_is_malformed() {
        let mut header = call(ByteOrder::Little);
        header.member = None;
        let bytes = header.encode(&[]);
        let refused = Frame::read(&mut bytes.as_slice()).expect_err("the member is missing");
        assert_eq!(refused.to_string(), "the bytes are no message: a header field is missing");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Frame::read(&mut bytes.as_slice());
        }

        #[test]
        fn no_damage_to_a_message_makes_the_parser_panic(at in 0usize..200, value in any::<u8>()) {
            let frame = Frame::build(call(ByteOrder::Little), &("text", 5u32)).expect("it can be written");
            let mut bytes = frame.bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = value;
            if let Ok(Some(frame)) = Frame::read(&mut bytes.as_slice()) {
                let _ = frame.body::<(String, u32)>();
            }
        }

        #[test]
        fn every_cut_is_an_early_end(cut in 1usize..100) {
            let frame = Frame::build(call(ByteOrder::Little), &("text", 5u32)).expect("it can be written");
            let cut = cut % (frame.bytes().len() - 1) + 1;
            let read = Frame::read(&mut &frame.bytes()[..cut]);
            prop_assert!(matches!(read, Err(FrameError::Truncated)), "{:?}", read);
        }
    }
}
