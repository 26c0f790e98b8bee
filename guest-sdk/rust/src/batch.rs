//! A batch as it crossed into the guest: the vectors stay as they are, and messages borrow from them.

use std::cell::OnceCell;

use crate::glue::types;
use crate::{Format, Message, host};

/// One partition of one topic, in one numbering of its offsets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The stream's name.
    pub stream: String,
    /// The topic's name.
    pub topic: String,
    /// The partition, counted as the broker counts.
    pub partition: u32,
    /// Offsets of different epochs are unrelated: the epoch changes when a topic is made anew or an operator seeks.
    pub epoch: u64,
}

/// Messages of one partition in offset order.
#[derive(Debug)]
pub struct Batch {
    pub(crate) origin: Origin,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) attempt: u32,
    pub(crate) isolate: bool,
    pub(crate) format: Format,
    pub(crate) data: Vec<u8>,
    pub(crate) spans: Vec<u32>,
    pub(crate) offsets: Vec<u64>,
    pub(crate) ordinals: Vec<u32>,
    pub(crate) columns: Columns,
}

/// Facts that the host keeps until somebody asks: fetched once per batch, on first use.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    timestamp: Column,
    origin_timestamp: Column,
    id_low: Column,
    id_high: Column,
    checksum: Column,
    schema: Column,
}

type Column = OnceCell<Option<Vec<u64>>>;

impl Columns {
    fn slot(&self, name: ColumnName) -> &Column {
        match name {
            ColumnName::Timestamp => &self.timestamp,
            ColumnName::OriginTimestamp => &self.origin_timestamp,
            ColumnName::IdLow => &self.id_low,
            ColumnName::IdHigh => &self.id_high,
            ColumnName::Checksum => &self.checksum,
            ColumnName::Schema => &self.schema,
        }
    }

    pub(crate) fn value(&self, name: ColumnName, index: u32) -> Option<u64> {
        let column = self.slot(name).get_or_init(|| host::column(name.as_str()));
        column.as_ref().and_then(|values| values.get(index as usize)).copied()
    }

    /// Tests know the column beforehand, so the host is not asked.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn preset(&mut self, name: ColumnName, values: Option<Vec<u64>>) {
        let slot = match name {
            ColumnName::Timestamp => &mut self.timestamp,
            ColumnName::OriginTimestamp => &mut self.origin_timestamp,
            ColumnName::IdLow => &mut self.id_low,
            ColumnName::IdHigh => &mut self.id_high,
            ColumnName::Checksum => &mut self.checksum,
            ColumnName::Schema => &mut self.schema,
        };
        *slot = OnceCell::from(values);
    }
}

/// The columns that `context.column` knows by name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ColumnName {
    Timestamp,
    OriginTimestamp,
    IdLow,
    IdHigh,
    Checksum,
    Schema,
}

impl ColumnName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::OriginTimestamp => "origin-timestamp",
            Self::IdLow => "id-low",
            Self::IdHigh => "id-high",
            Self::Checksum => "checksum",
            Self::Schema => "schema",
        }
    }
}

impl Batch {
    /// Where the messages come from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The first offset that this batch accounts for, also when that message was filtered on the way.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.begin
    }

    /// One past the last offset that this batch accounts for: what a destination that stores its position stores.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// 0 on first delivery; higher means that some of it may already be at the destination.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the host looks for the message that brings the component down. The SDK reports each message by itself.
    #[must_use]
    pub fn isolate(&self) -> bool {
        self.isolate
    }

    /// What the payloads are, by configuration; not verified per message.
    #[must_use]
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether there is no message at all; `begin..end` may still cover some that were filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Number of bytes that payloads and headers were sent in: an upper bound of their sum.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Message `index`, counted from 0 within this batch.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Message<'_>> {
        if index >= self.len() {
            return None;
        }
        let index = u32::try_from(index).ok()?;
        if self.isolate {
            host::mark(index);
        }
        Some(Message::new(self, index))
    }

    /// All messages in offset order.
    #[must_use]
    pub fn iter(&self) -> Messages<'_> {
        Messages { batch: self, next: 0, end: self.len() as u32 }
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = Message<'a>;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Messages<'a> {
        self.iter()
    }
}

impl From<types::Origin> for Origin {
    fn from(origin: types::Origin) -> Self {
        Self {
            stream: origin.stream_name,
            topic: origin.topic_name,
            partition: origin.partition,
            epoch: origin.epoch,
        }
    }
}

impl From<Origin> for types::Origin {
    fn from(origin: Origin) -> Self {
        Self {
            stream_name: origin.stream,
            topic_name: origin.topic,
            partition: origin.partition,
            epoch: origin.epoch,
        }
    }
}

impl From<types::Batch> for Batch {
    fn from(batch: types::Batch) -> Self {
        Self {
            origin: batch.origin.into(),
            begin: batch.begin,
            end: batch.end,
            attempt: batch.attempt,
            isolate: batch.isolate,
            format: batch.format,
            data: batch.data,
            spans: batch.spans,
            offsets: batch.offsets,
            ordinals: batch.ordinals,
            columns: Columns::default(),
        }
    }
}

/// The messages of a batch, in offset order.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    batch: &'a Batch,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        if self.next == self.end {
            return None;
        }
        let index = self.next;
        self.next += 1;
        if self.batch.isolate {
            host::mark(index);
        }
        Some(Message::new(self.batch, index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Messages<'_> {}
