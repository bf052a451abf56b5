//! The header of a message: parsed from the wire and written to it.

use zbus::wire::Endian;

use super::cursor::{Cursor, Writer};

/// What a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// A call.
    Call,
    /// A successful answer.
    Return,
    /// A failed answer.
    Error,
    /// A signal.
    Signal,
}

/// The header of a message. Fields that this harness has no use for are read over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) endian: ByteOrder,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) serial: u32,
    pub(crate) path: Option<String>,
    pub(crate) interface: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) error_name: Option<String>,
    pub(crate) reply_serial: Option<u32>,
    pub(crate) destination: Option<String>,
    pub(crate) sender: Option<String>,
    pub(crate) signature: String,
}

/// The order of the bytes of numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ByteOrder {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

/// The lengths that stand at fixed places before the header's fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    /// Where the body begins.
    pub(crate) body_at: usize,
    /// How long header and body are together.
    pub(crate) total: usize,
}

impl Header {
    /// A header with nothing but a kind and a serial.
    pub(crate) fn new(kind: Kind, serial: u32) -> Self {
        Self {
            endian: ByteOrder::NATIVE,
            kind,
            flags: 0,
            serial,
            path: None,
            interface: None,
            member: None,
            error_name: None,
            reply_serial: None,
            destination: None,
            sender: None,
            signature: String::new(),
        }
    }

    /// Whether this is a call whose caller waits for an answer.
    pub(crate) fn expects_reply(&self) -> bool {
        self.kind == Kind::Call && self.flags & NO_REPLY_EXPECTED == 0
    }

    /// Whether the broker may start a service for this call.
    pub(crate) fn may_start_service(&self) -> bool {
        self.flags & NO_AUTO_START == 0
    }

    /// The lengths that the first [`FIXED`] bytes of a message tell.
    pub(crate) fn lengths(fixed: &[u8; FIXED]) -> Result<Lengths, Malformed> {
        let endian = ByteOrder::of(fixed[0])?;
        if fixed[3] != PROTOCOL_VERSION {
            return Err(Malformed("its protocol version is not 1"));
        }
        let mut cursor = Cursor::new(fixed, endian);
        cursor.skip(4)?;
        let body = cursor.number()? as usize;
        cursor.skip(4)?;
        let fields = cursor.number()? as usize;
        if fields > LONGEST_FIELDS {
            return Err(Malformed("its header is too long"));
        }
        let body_at = (FIXED + fields).next_multiple_of(8);
        Ok(Lengths { body_at, total: body_at + body })
    }

    /// Parses the header at the beginning of a whole message.
    pub(crate) fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let endian = ByteOrder::of(*message.first().ok_or(Malformed("it is empty"))?)?;
        let mut cursor = Cursor::new(message, endian);
        cursor.skip(1)?;
        let kind = Kind::of(cursor.byte()?)?;
        let flags = cursor.byte()?;
        cursor.skip(5)?;
        let serial = cursor.number()?;
        if serial == 0 {
            return Err(Malformed("its serial is 0"));
        }
        let mut header = Self { endian, flags, ..Self::new(kind, serial) };
        let length = cursor.number()? as usize;
        let end = cursor.position() + length;
        while cursor.position() < end {
            cursor.align(8)?;
            header.take_field(&mut cursor)?;
        }
        if cursor.position() != end {
            return Err(Malformed("a header field reaches beyond the header"));
        }
        header.check_required()?;
        Ok(header)
    }

    /// The whole message: this header, then a body that was written in the same byte order.
    pub(crate) fn encode(&self, body: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new(self.endian);
        writer.byte(self.endian.mark());
        writer.byte(self.kind.code());
        writer.byte(self.flags);
        writer.byte(PROTOCOL_VERSION);
        writer.number(u32::try_from(body.len()).expect("a body is shorter than a frame may be"));
        writer.number(self.serial);
        let length_at = writer.position();
        writer.number(0);
        let fields_at = writer.position();
        for (code, signature, value) in [
            (PATH, "o", &self.path),
            (INTERFACE, "s", &self.interface),
            (MEMBER, "s", &self.member),
            (ERROR_NAME, "s", &self.error_name),
            (DESTINATION, "s", &self.destination),
            (SENDER, "s", &self.sender),
        ] {
            if let Some(value) = value {
                writer.field(code, signature);
                writer.text(value);
            }
        }
        if let Some(serial) = self.reply_serial {
            writer.field(REPLY_SERIAL, "u");
            writer.number(serial);
        }
        if !self.signature.is_empty() {
            writer.field(SIGNATURE, "g");
            writer.signature(&self.signature);
        }
        let fields = u32::try_from(writer.position() - fields_at).expect("fields are short");
        writer.number_at(length_at, fields);
        writer.align(8);
        writer.bytes(body);
        writer.finish()
    }

    fn take_field(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        let code = cursor.byte()?;
        let signature = cursor.signature()?;
        match (code, signature.as_str()) {
            (PATH, "o") => self.path = Some(cursor.text()?),
            (INTERFACE, "s") => self.interface = Some(cursor.text()?),
            (MEMBER, "s") => self.member = Some(cursor.text()?),
            (ERROR_NAME, "s") => self.error_name = Some(cursor.text()?),
            (REPLY_SERIAL, "u") => self.reply_serial = Some(cursor.number()?),
            (DESTINATION, "s") => self.destination = Some(cursor.text()?),
            (SENDER, "s") => self.sender = Some(cursor.text()?),
            (SIGNATURE, "g") => self.signature = cursor.signature()?,
            (PATH..=SIGNATURE, _) => return Err(Malformed("a header field has the wrong type")),
            (_, unknown) => cursor.skip_basic(unknown)?,
        }
        Ok(())
    }

    fn check_required(&self) -> Result<(), Malformed> {
        let complete = match self.kind {
            Kind::Call => self.path.is_some() && self.member.is_some(),
            Kind::Return => self.reply_serial.is_some(),
            Kind::Error => self.reply_serial.is_some() && self.error_name.is_some(),
            Kind::Signal => self.path.is_some() && self.interface.is_some() && self.member.is_some(),
        };
        if complete { Ok(()) } else { Err(Malformed("a header field is missing")) }
    }
}

impl Kind {
    fn of(code: u8) -> Result<Self, Malformed> {
        match code {
            1 => Ok(Self::Call),
            2 => Ok(Self::Return),
            3 => Ok(Self::Error),
            4 => Ok(Self::Signal),
            0 | 5.. => Err(Malformed("its kind is unknown")),
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Call => 1,
            Self::Return => 2,
            Self::Error => 3,
            Self::Signal => 4,
        }
    }
}

impl ByteOrder {
    /// The order of this machine.
    pub(crate) const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };

    fn of(mark: u8) -> Result<Self, Malformed> {
        match mark {
            b'l' => Ok(Self::Little),
            b'B' => Ok(Self::Big),
            _ => Err(Malformed("its byte order is neither `l` nor `B`")),
        }
    }

    fn mark(self) -> u8 {
        match self {
            Self::Little => b'l',
            Self::Big => b'B',
        }
    }
}

impl From<ByteOrder> for Endian {
    fn from(order: ByteOrder) -> Self {
        match order {
            ByteOrder::Little => Self::Little,
            ByteOrder::Big => Self::Big,
        }
    }
}

/// Bytes that are no message, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// How many bytes stand before the header's fields.
pub(crate) const FIXED: usize = 16;
/// Flag of a call: its caller does not wait.
pub(crate) const NO_REPLY_EXPECTED: u8 = 1;
/// Flag of a call: no service may be started for it.
pub(crate) const NO_AUTO_START: u8 = 2;

const PROTOCOL_VERSION: u8 = 1;
const LONGEST_FIELDS: usize = 64 * 1024;
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
