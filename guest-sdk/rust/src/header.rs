//! Message headers: a sequence of `[key kind u8][key length u32 LE][key][value kind u8][value length u32 LE][value]`.

use std::fmt;

/// The value of one header.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum HeaderValue<'a> {
    Raw(&'a [u8]),
    Text(&'a str),
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    F32(f32),
    F64(f64),
}

/// One header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header<'a> {
    /// The name.
    pub key: &'a str,
    /// The typed value.
    pub value: HeaderValue<'a>,
}

const RAW: u8 = 1;
const TEXT: u8 = 2;

impl<'a> HeaderValue<'a> {
    /// None: a kind that this version does not know, or bytes that do not fit their kind.
    fn read(kind: u8, bytes: &'a [u8]) -> Option<Self> {
        fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
            bytes.try_into().ok()
        }
        Some(match kind {
            RAW => Self::Raw(bytes),
            TEXT => Self::Text(std::str::from_utf8(bytes).ok()?),
            3 => Self::Bool(array::<1>(bytes)?[0] != 0),
            4 => Self::I8(i8::from_le_bytes(array(bytes)?)),
            5 => Self::I16(i16::from_le_bytes(array(bytes)?)),
            6 => Self::I32(i32::from_le_bytes(array(bytes)?)),
            7 => Self::I64(i64::from_le_bytes(array(bytes)?)),
            8 => Self::I128(i128::from_le_bytes(array(bytes)?)),
            9 => Self::U8(u8::from_le_bytes(array(bytes)?)),
            10 => Self::U16(u16::from_le_bytes(array(bytes)?)),
            11 => Self::U32(u32::from_le_bytes(array(bytes)?)),
            12 => Self::U64(u64::from_le_bytes(array(bytes)?)),
            13 => Self::U128(u128::from_le_bytes(array(bytes)?)),
            14 => Self::F32(f32::from_le_bytes(array(bytes)?)),
            15 => Self::F64(f64::from_le_bytes(array(bytes)?)),
            _ => return None,
        })
    }

    fn write(&self, buffer: &mut Vec<u8>) {
        fn field(buffer: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
            buffer.push(kind);
            buffer.extend_from_slice(&length(bytes.len()));
            buffer.extend_from_slice(bytes);
        }
        match self {
            Self::Raw(bytes) => field(buffer, RAW, bytes),
            Self::Text(text) => field(buffer, TEXT, text.as_bytes()),
            Self::Bool(value) => field(buffer, 3, &[u8::from(*value)]),
            Self::I8(value) => field(buffer, 4, &value.to_le_bytes()),
            Self::I16(value) => field(buffer, 5, &value.to_le_bytes()),
            Self::I32(value) => field(buffer, 6, &value.to_le_bytes()),
            Self::I64(value) => field(buffer, 7, &value.to_le_bytes()),
            Self::I128(value) => field(buffer, 8, &value.to_le_bytes()),
            Self::U8(value) => field(buffer, 9, &value.to_le_bytes()),
            Self::U16(value) => field(buffer, 10, &value.to_le_bytes()),
            Self::U32(value) => field(buffer, 11, &value.to_le_bytes()),
            Self::U64(value) => field(buffer, 12, &value.to_le_bytes()),
            Self::U128(value) => field(buffer, 13, &value.to_le_bytes()),
            Self::F32(value) => field(buffer, 14, &value.to_le_bytes()),
            Self::F64(value) => field(buffer, 15, &value.to_le_bytes()),
        }
    }

    /// The text of a text header.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Text as it is, numbers in decimal, raw bytes as text where they are UTF-8 and else in hexadecimal.
impl fmt::Display for HeaderValue<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => formatter.write_str(text),
                Err(_) => bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}")),
            },
            Self::Text(text) => formatter.write_str(text),
            Self::Bool(value) => value.fmt(formatter),
            Self::I8(value) => value.fmt(formatter),
            Self::I16(value) => value.fmt(formatter),
            Self::I32(value) => value.fmt(formatter),
            Self::I64(value) => value.fmt(formatter),
            Self::I128(value) => value.fmt(formatter),
            Self::U8(value) => value.fmt(formatter),
            Self::U16(value) => value.fmt(formatter),
            Self::U32(value) => value.fmt(formatter),
            Self::U64(value) => value.fmt(formatter),
            Self::U128(value) => value.fmt(formatter),
            Self::F32(value) => value.fmt(formatter),
            Self::F64(value) => value.fmt(formatter),
        }
    }
}

macro_rules! header_value_from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl<'a> From<$type> for HeaderValue<'a> {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

header_value_from! {
    &'a [u8] => Raw, &'a str => Text, bool => Bool,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64, u128 => U128,
    f32 => F32, f64 => F64,
}

impl<'a> From<&'a String> for HeaderValue<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a Vec<u8>> for HeaderValue<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Raw(value)
    }
}

/// The headers of one message, in their order. Ends at the first byte that is not a header.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Reads encoded headers.
    #[must_use]
    pub fn new(encoded: &'a [u8]) -> Self {
        Self { rest: encoded }
    }

    /// Kind and bytes of the next field.
    fn field(&mut self) -> Option<(u8, &'a [u8])> {
        let (&kind, rest) = self.rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.rest = rest;
        Some((kind, bytes))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        loop {
            let (key_kind, key) = self.field()?;
            let (value_kind, value) = self.field()?;
            if key_kind != TEXT && key_kind != RAW {
                continue;
            }
            if let (Ok(key), Some(value)) =
                (std::str::from_utf8(key), HeaderValue::read(value_kind, value))
            {
                return Some(Header { key, value });
            }
        }
    }
}

/// Writes headers of one message into the buffer that goes out.
#[derive(Debug)]
pub struct HeaderWriter<'a> {
    buffer: &'a mut Vec<u8>,
}

impl<'a> HeaderWriter<'a> {
    /// Appends to `buffer`.
    pub fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffer }
    }

    /// Adds one header. The host refuses keys that start with `kennel.`.
    pub fn add<'v>(&mut self, key: &str, value: impl Into<HeaderValue<'v>>) -> &mut Self {
        self.buffer.push(TEXT);
        self.buffer.extend_from_slice(&length(key.len()));
        self.buffer.extend_from_slice(key.as_bytes());
        value.into().write(self.buffer);
        self
    }

    /// Adds headers that are encoded already, such as [`crate::Message::raw_headers`].
    pub fn add_encoded(&mut self, encoded: &[u8]) -> &mut Self {
        self.buffer.extend_from_slice(encoded);
        self
    }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_headers_of_every_kind_should_read_what_was_written() {
        let values = [
            HeaderValue::Raw(b"\xff\x00"),
            HeaderValue::Text("blue"),
            HeaderValue::Bool(true),
            HeaderValue::I8(-1),
            HeaderValue::I16(-2),
            HeaderValue::I32(-3),
            HeaderValue::I64(-4),
            HeaderValue::I128(-5),
            HeaderValue::U8(1),
            HeaderValue::U16(2),
            HeaderValue::U32(3),
            HeaderValue::U64(4),
            HeaderValue::U128(5),
            HeaderValue::F32(0.5),
            HeaderValue::F64(0.25),
        ];
        let mut buffer = Vec::new();
        let mut writer = HeaderWriter::new(&mut buffer);
        for value in values {
            writer.add("k", value);
        }
        let read: Vec<_> = Headers::new(&buffer).map(|header| header.value).collect();
        assert_eq!(read, values);
    }

    #[test]
    fn given_a_kind_of_the_future_should_skip_that_header() {
        let mut buffer = Vec::new();
        HeaderWriter::new(&mut buffer).add("known", 1u8);
        let known = buffer.clone();
        buffer[10] = 200; // the value's kind, after the key's kind, length and five letters
        buffer.extend_from_slice(&known);
        assert_eq!(Headers::new(&buffer).count(), 1);
    }

    #[test]
    fn given_torn_headers_should_stop() {
        let mut buffer = Vec::new();
        HeaderWriter::new(&mut buffer).add("one", "1").add("two", "2");
        for cut in 0..buffer.len() {
            assert!(Headers::new(&buffer[..cut]).count() <= 1);
        }
    }
}
