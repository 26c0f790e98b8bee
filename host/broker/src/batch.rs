//! A polled batch: the reply as it came, and integer columns beside it.

use bytes::Bytes;
use iggy_binary_protocol::batch::BatchHeader;

use crate::error::BrokerError;
use crate::frames::{self, Frame};

/// What a poll found.
#[derive(Debug)]
pub enum Poll {
    /// At least one message.
    Messages(PolledBatch),
    /// Nothing at or after the offset yet.
    Empty {
        /// Offset of the newest message of the partition; 0 also when it never held one.
        current_offset: u64,
    },
    /// The partition belongs to another member now, or is being handed over to one: ask for the
    /// assignment. The offset of what was polled before can still be stored, and the next owner waits
    /// for that (or for this member to leave, or for half a minute): finish or leave, do not just stop.
    NotAssigned,
}

/// Messages of one partition in offset order, as the broker sent them.
#[derive(Debug)]
pub struct PolledBatch {
    /// The whole reply. Only what `spans` points at has a meaning.
    pub data: Bytes,
    /// Four per message, into `data`: payload start, payload end, headers start, headers end.
    pub spans: Vec<u32>,
    /// One per message, strictly ascending; gaps are possible.
    pub offsets: Vec<u64>,
    /// Offset of the newest message of the partition when the broker answered.
    pub current_offset: u64,
}

/// The columns of a used batch, kept for the next one.
#[derive(Debug, Default)]
pub struct BatchBuffers {
    spans: Vec<u32>,
    offsets: Vec<u64>,
}

impl BatchBuffers {
    /// Fills the columns from a reply to a poll from offset `first`.
    pub(crate) fn fill(&mut self, reply: &[u8], first: u64) -> Result<(), BrokerError> {
        let Self { spans, offsets } = self;
        spans.clear();
        offsets.clear();
        frames::walk(reply, |_, frame| {
            // A reply may begin with the head of a stored batch; that stays outside all spans.
            if frame.offset >= first {
                spans.extend_from_slice(&[
                    frame.payload_start,
                    frame.payload_end,
                    frame.payload_end,
                    frame.headers_end,
                ]);
                offsets.push(frame.offset);
            }
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// The columns with the reply they were filled from.
    pub(crate) fn into_batch(self, data: Bytes, current_offset: u64) -> PolledBatch {
        PolledBatch { data, spans: self.spans, offsets: self.offsets, current_offset }
    }
}

/// A column that few readers need, made on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnName {
    /// When the broker appended the message, microseconds since 1970 UTC.
    Timestamp,
    /// When the producer made the message, microseconds since 1970 UTC.
    OriginTimestamp,
    /// The lower 64 bits of the message's id.
    IdLow,
    /// The upper 64 bits of the message's id.
    IdHigh,
    /// Iggy's checksum of the frame, as sent.
    Checksum,
}

impl PolledBatch {
    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// True without messages. A batch of [`Poll::Messages`] never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// The offset after the last message: where to poll next. `None` without messages.
    #[must_use]
    pub fn next_offset(&self) -> Option<u64> {
        self.offsets.last().map(|last| last.saturating_add(1))
    }

    /// Payload of message `index`.
    #[must_use]
    pub fn payload(&self, index: usize) -> Option<&[u8]> {
        self.slice(index, 0)
    }

    /// Headers of message `index` in wire form, see [`crate::headers`]; empty when it has none.
    #[must_use]
    pub fn headers(&self, index: usize) -> Option<&[u8]> {
        self.slice(index, 2)
    }

    fn slice(&self, index: usize, pair: usize) -> Option<&[u8]> {
        let at = index.checked_mul(4)?.checked_add(pair)?;
        let start = *self.spans.get(at)?;
        let end = *self.spans.get(at + 1)?;
        self.data.get(start as usize..end as usize)
    }

    /// One value per message.
    #[must_use]
    pub fn column(&self, name: ColumnName) -> Vec<u64> {
        match name {
            ColumnName::Timestamp => self.collect(|batch, _| batch.base_timestamp),
            ColumnName::OriginTimestamp => self.collect(|batch, frame| {
                batch.origin_timestamp.saturating_add(u64::from(frame.timestamp_delta()))
            }),
            ColumnName::IdLow => self.collect(|_, frame| frame.id_low()),
            ColumnName::IdHigh => self.collect(|_, frame| frame.id_high()),
            ColumnName::Checksum => self.collect(|_, frame| frame.checksum()),
        }
    }

    fn collect(&self, value: impl Fn(&BatchHeader, &Frame<'_>) -> u64) -> Vec<u64> {
        let first = self.offsets.first().copied().unwrap_or(u64::MAX);
        let mut values = Vec::with_capacity(self.offsets.len());
        let walked = frames::walk(&self.data, |batch, frame| {
            if frame.offset >= first {
                values.push(value(batch, frame));
            }
        });
        // The same bytes were walked when the batch was read.
        debug_assert!(walked.is_ok() && values.len() == self.offsets.len());
        values
    }

    /// Gives the columns' memory back for [`crate::GroupMember::recycle`].
    #[must_use]
    pub fn into_buffers(self) -> BatchBuffers {
        BatchBuffers { spans: self.spans, offsets: self.offsets }
    }
}
