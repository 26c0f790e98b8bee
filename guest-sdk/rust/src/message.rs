//! One message of a batch.

use serde::Deserialize;

use crate::batch::{Batch, ColumnName};
use crate::header::{HeaderValue, Headers};

/// One message: a number and a reference to its batch, cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    batch: &'a Batch,
    index: u32,
}

/// Why a payload could not be read. `code` and `detail` are what [`crate::Receipt::reject`] wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Short and stable: `not_utf8` or `not_json`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Malformed {}

impl<'a> Message<'a> {
    #[inline]
    pub(crate) fn new(batch: &'a Batch, index: u32) -> Self {
        Self { batch, index }
    }

    /// Payload start, payload end, headers start, headers end. The host's columns are complete, so an index that does not
    /// fit is a defect worth a trap.
    #[inline]
    fn span(&self) -> &'a [u32] {
        let at = self.index as usize * 4;
        &self.batch.spans[at..at + 4]
    }

    /// The number within the batch, counted from 0.
    #[must_use]
    #[inline]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The payload's bytes.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        let span = self.span();
        &self.batch.data[span[0] as usize..span[1] as usize]
    }

    /// The headers as they crossed; [`Message::headers`] reads them.
    #[must_use]
    #[inline]
    pub fn raw_headers(&self) -> &'a [u8] {
        let span = self.span();
        &self.batch.data[span[2] as usize..span[3] as usize]
    }

    /// The headers one by one, without those whose kind this version does not know.
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        Headers::new(self.raw_headers())
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, key: &str) -> Option<HeaderValue<'a>> {
        self.headers().find(|header| header.key == key).map(|header| header.value)
    }

    /// The offset within the partition. Several messages share one if a transform made them of one.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> u64 {
        self.batch.offsets[self.index as usize]
    }

    /// Tells messages of one offset apart: 0, 1, 2 and so on.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        self.batch.ordinals.get(self.index as usize).copied().unwrap_or(0)
    }

    /// When the broker took the message, in microseconds since 1970 UTC.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        self.batch.columns.value(ColumnName::Timestamp, self.index)
    }

    /// When the producer says it made the message, in microseconds since 1970 UTC.
    #[must_use]
    pub fn origin_timestamp(&self) -> Option<u64> {
        self.batch.columns.value(ColumnName::OriginTimestamp, self.index)
    }

    /// The message's 128-bit id.
    #[must_use]
    pub fn id(&self) -> Option<u128> {
        let low = self.batch.columns.value(ColumnName::IdLow, self.index)?;
        let high = self.batch.columns.value(ColumnName::IdHigh, self.index)?;
        Some((u128::from(high) << 64) | u128::from(low))
    }

    /// The broker's checksum of the message.
    #[must_use]
    pub fn checksum(&self) -> Option<u64> {
        self.batch.columns.value(ColumnName::Checksum, self.index)
    }

    /// The number of the message's schema in the host's registry; see [`crate::schema`].
    #[must_use]
    pub fn schema(&self) -> Option<u64> {
        self.batch.columns.value(ColumnName::Schema, self.index)
    }

    /// The payload as text.
    ///
    /// # Errors
    /// `not_utf8` with the position of the first wrong byte.
    pub fn text(&self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.payload())
            .map_err(|error| Malformed { code: "not_utf8", detail: error.to_string() })
    }

    /// The payload as JSON of a known shape. Borrow strings (`&str`, `Cow`) to keep it cheap.
    ///
    /// # Errors
    /// `not_json` with what does not fit and where.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, Malformed> {
        serde_json::from_slice(self.payload())
            .map_err(|error| Malformed { code: "not_json", detail: error.to_string() })
    }
}
