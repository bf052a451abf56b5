//! Messages on the bus: what the library calls, and what is said to it.

use std::io::{self, Read};

use super::wire::{Reader, Writer};

/// A call of the library.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) serial: u32,
    pub(super) expects_answer: bool,
    pub(super) destination: String,
    pub(super) path: String,
    pub(super) interface: String,
    pub(super) member: String,
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// The next call on a stream.
    ///
    /// # Errors
    ///
    /// The stream has ended, or its deadline passed.
    ///
    /// # Panics
    ///
    /// Where what the library sends is no call of the specification.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Self> {
        let mut head = [0; FIXED];
        stream.read_exact(&mut head)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        assert_eq!((head[0], head[1], head[3]), (b'l', METHOD_CALL, 1), "a call in the machine's order");
        let (body, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        stream.read_exact(&mut rest)?;
        let body = rest.split_off(fields.next_multiple_of(8));
        let mut call = Self {
            serial,
            expects_answer: head[2] & NO_REPLY_EXPECTED == 0,
            destination: String::new(),
            path: String::new(),
            interface: String::new(),
            member: String::new(),
            signature: String::new(),
            body,
        };
        let mut fields = Reader::new(&rest[..fields]);
        while !fields.is_at_end() {
            call.note(&mut fields).expect("the header's fields follow the specification");
        }
        Ok(call)
    }

    /// Whether it may change what is stored.
    pub(super) fn changes(&self) -> bool {
        matches!(self.member.as_str(), "CreateItem" | "Delete" | "SetSecret")
    }

    fn note(&mut self, fields: &mut Reader<'_>) -> Option<()> {
        fields.align(8)?;
        let code = fields.byte()?;
        let value = match fields.signature()? {
            "g" => fields.signature()?,
            "s" | "o" => fields.string()?,
            _ => return None,
        };
        let place = match code {
            PATH => &mut self.path,
            INTERFACE => &mut self.interface,
            MEMBER => &mut self.member,
            DESTINATION => &mut self.destination,
            SIGNATURE => &mut self.signature,
            _ => return Some(()),
        };
        value.clone_into(place);
        Some(())
    }
}

/// The content of an answer or a signal.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) signature: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Body {
    pub(super) fn new(signature: &str, write: impl FnOnce(&mut Writer) -> &mut Writer) -> Self {
        let mut writer = Writer::default();
        write(&mut writer);
        Self { signature: signature.as_bytes().to_vec(), bytes: writer.into_bytes() }
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    Return { to: u32 },
    Error { to: u32, name: &'a str },
    Signal { path: &'a str, interface: &'a str, member: &'a str },
}

/// A message of `sender`, and where its body begins.
pub(super) fn encode(serial: u32, sender: &str, kind: Kind<'_>, body: &Body) -> (Vec<u8>, usize) {
    let mut header = Writer::default();
    let code = match kind {
        Kind::Return { .. } => METHOD_RETURN,
        Kind::Error { .. } => ERROR,
        Kind::Signal { .. } => SIGNAL,
    };
    let length = u32::try_from(body.bytes.len()).expect("no body of a search is as long");
    header.byte(b'l').byte(code).byte(NO_REPLY_EXPECTED).byte(1).number(length).number(serial);
    header.array(8, |fields| {
        text(fields, SENDER, "s", sender);
        match kind {
            Kind::Return { to } => answer(fields, to),
            Kind::Error { to, name } => {
                answer(fields, to);
                text(fields, ERROR_NAME, "s", name);
            }
            Kind::Signal { path, interface, member } => {
                text(fields, PATH, "o", path);
                text(fields, INTERFACE, "s", interface);
                text(fields, MEMBER, "s", member);
            }
        }
        if !body.signature.is_empty() {
            fields.align(8).byte(SIGNATURE).signature(b"g").signature(&body.signature);
        }
    });
    header.align(8);
    let mut bytes = header.into_bytes();
    let begin = bytes.len();
    bytes.extend(&body.bytes);
    (bytes, begin)
}

fn text(fields: &mut Writer, code: u8, signature: &str, value: &str) {
    fields.align(8).byte(code).signature(signature.as_bytes()).string(value);
}

fn answer(fields: &mut Writer, to: u32) {
    fields.align(8).byte(REPLY_SERIAL).signature(b"u").number(to);
}

/// What of the header comes before its fields.
const FIXED: usize = 16;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

const NO_REPLY_EXPECTED: u8 = 1;

const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
