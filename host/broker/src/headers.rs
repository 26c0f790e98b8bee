//! Message headers in wire form: repeated `[key kind u8][key length u32][key][value kind u8][value length
//! u32][value]`, little endian.
//!
//! The same bytes travel from the producer through the broker and the guests to a dead letter, so
//! nothing needs to be decoded on the way.

use bytes::Bytes;

/// The longest key and the longest value, in bytes. The shortest is one byte.
pub const MAX_FIELD_BYTES: usize = 255;

/// What the bytes of a key or value are. Numbers are little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    /// Bytes without a meaning.
    pub const RAW: Self = Self(1);
    /// UTF-8 text.
    pub const TEXT: Self = Self(2);
    /// One byte, 0 or 1.
    pub const BOOL: Self = Self(3);
    /// 8 bytes, signed.
    pub const S64: Self = Self(7);
    /// 4 bytes, unsigned.
    pub const U32: Self = Self(11);
    /// 8 bytes, unsigned.
    pub const U64: Self = Self(12);
    /// 8 bytes, IEEE 754.
    pub const F64: Self = Self(15);
}

/// Why header bytes cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The bytes end inside a key or value, or between a key and its value.
    #[error("headers end inside an entry at byte {at}")]
    Truncated {
        /// Where the unfinished field begins.
        at: usize,
    },
    /// A key or value of no bytes, or of more than [`MAX_FIELD_BYTES`].
    #[error("a header field of {length} bytes at byte {at}, not 1 to 255")]
    FieldLength {
        /// Where the field begins.
        at: usize,
        /// Its length.
        length: usize,
    },
    /// Kind 0 is reserved.
    #[error("a header field of kind 0 at byte {at}")]
    ReservedKind {
        /// Where the field begins.
        at: usize,
    },
}

/// One header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// What the key is; nearly always text.
    pub key_kind: Kind,
    /// The key.
    pub key: &'a [u8],
    /// What the value is. Newer brokers may know kinds that we do not.
    pub value_kind: Kind,
    /// The value.
    pub value: &'a [u8],
}

impl<'a> Header<'a> {
    /// The key as text, if it is text.
    #[must_use]
    pub fn key_text(&self) -> Option<&'a str> {
        text(self.key_kind, self.key)
    }

    /// The value as text, if it is text.
    #[must_use]
    pub fn value_text(&self) -> Option<&'a str> {
        text(self.value_kind, self.value)
    }

    /// The value as a number, if it is a `u64` or `u32`.
    #[must_use]
    pub fn value_u64(&self) -> Option<u64> {
        match self.value_kind {
            Kind::U64 => Some(u64::from_le_bytes(self.value.try_into().ok()?)),
            Kind::U32 => Some(u32::from_le_bytes(self.value.try_into().ok()?).into()),
            _ => None,
        }
    }
}

fn text(kind: Kind, bytes: &[u8]) -> Option<&str> {
    (kind == Kind::TEXT).then(|| str::from_utf8(bytes).ok()).flatten()
}

/// The headers in `bytes`, in order. An error is the last item.
#[must_use]
pub fn iterate(bytes: &[u8]) -> Headers<'_> {
    Headers { bytes, position: 0 }
}

/// The first text header called `key`, if it is there and the bytes before it are sound.
#[must_use]
pub fn find_text<'a>(bytes: &'a [u8], key: &str) -> Option<&'a str> {
    iterate(bytes)
        .map_while(Result::ok)
        .find(|header| header.key_text() == Some(key))
        .and_then(|header| header.value_text())
}

/// Checks that `bytes` are whole headers.
///
/// # Errors
/// The first [`HeaderError`] met.
pub fn validate(bytes: &[u8]) -> Result<(), HeaderError> {
    iterate(bytes).try_for_each(|header| header.map(drop))
}

/// See [`iterate`].
#[derive(Debug, Clone)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Headers<'a> {
    fn field(&mut self) -> Result<(Kind, &'a [u8]), HeaderError> {
        let at = self.position;
        let truncated = HeaderError::Truncated { at };
        let rest = self.bytes.get(at..).unwrap_or_default();
        let [kind, l0, l1, l2, l3] = *rest.first_chunk().ok_or(truncated)?;
        if kind == 0 {
            return Err(HeaderError::ReservedKind { at });
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length == 0 || length > MAX_FIELD_BYTES {
            return Err(HeaderError::FieldLength { at, length });
        }
        let field = rest.get(5..5 + length).ok_or(truncated)?;
        self.position = at + 5 + length;
        Ok((Kind(kind), field))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Result<Header<'a>, HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.bytes.len() {
            return None;
        }
        let entry = self.field().and_then(|(key_kind, key)| {
            let (value_kind, value) = self.field()?;
            Ok(Header { key_kind, key, value_kind, value })
        });
        if entry.is_err() {
            self.position = self.bytes.len();
        }
        Some(entry)
    }
}

/// Writes headers.
///
/// ```
/// use kennel_broker::headers::{self, HeaderWriter};
/// let mut writer = HeaderWriter::after(&[]);
/// writer.text("kennel.dlq.code", "bad-json")?.number("kennel.dlq.offset", 17)?;
/// let headers = writer.finish();
/// assert_eq!(headers::find_text(&headers, "kennel.dlq.code"), Some("bad-json"));
/// # Ok::<(), headers::HeaderError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct HeaderWriter {
    bytes: Vec<u8>,
}

impl HeaderWriter {
    /// Goes on after `existing` headers, which are taken over as they are.
    #[must_use]
    pub fn after(existing: &[u8]) -> Self {
        Self { bytes: existing.to_vec() }
    }

    /// Adds a header with a text key.
    ///
    /// # Errors
    /// [`HeaderError::FieldLength`] when key or value are empty or too long; nothing was added.
    pub fn field(&mut self, key: &str, kind: Kind, value: &[u8]) -> Result<&mut Self, HeaderError> {
        let at = self.bytes.len();
        for field in [key.as_bytes(), value] {
            if field.is_empty() || field.len() > MAX_FIELD_BYTES {
                return Err(HeaderError::FieldLength { at, length: field.len() });
            }
        }
        if kind.0 == 0 {
            return Err(HeaderError::ReservedKind { at });
        }
        self.bytes.reserve(10 + key.len() + value.len());
        for (kind, field) in [(Kind::TEXT, key.as_bytes()), (kind, value)] {
            self.bytes.push(kind.0);
            // At most 255, checked above.
            self.bytes.extend_from_slice(&[field.len() as u8, 0, 0, 0]);
            self.bytes.extend_from_slice(field);
        }
        Ok(self)
    }

    /// Adds a text.
    ///
    /// # Errors
    /// As [`field`](Self::field).
    pub fn text(&mut self, key: &str, value: &str) -> Result<&mut Self, HeaderError> {
        self.field(key, Kind::TEXT, value.as_bytes())
    }

    /// Adds a text, cut at a character boundary to what a header holds; an empty one is left out.
    ///
    /// # Errors
    /// [`HeaderError::FieldLength`] for the key only.
    pub fn text_cut(&mut self, key: &str, value: &str) -> Result<&mut Self, HeaderError> {
        match value.floor_char_boundary(MAX_FIELD_BYTES) {
            0 => Ok(self),
            end => self.text(key, value.get(..end).unwrap_or_default()),
        }
    }

    /// Adds a 64-bit unsigned number.
    ///
    /// # Errors
    /// As [`field`](Self::field).
    pub fn number(&mut self, key: &str, value: u64) -> Result<&mut Self, HeaderError> {
        self.field(key, Kind::U64, &value.to_le_bytes())
    }

    /// Number of bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True without any header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The headers in wire form.
    #[must_use]
    pub fn finish(self) -> Bytes {
        Bytes::from(self.bytes)
    }
}

#[cfg(test)]
mod tests;
