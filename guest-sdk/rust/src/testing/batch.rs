//! Batches from literals.

use serde_json::Value;

use crate::batch::{ColumnName, Columns};
use crate::header::{HeaderValue, HeaderWriter};
use crate::outgoing::position;
use crate::{Batch, Format, Origin};

/// What [`BatchBuilder::json`] takes: a value, or text that is sent as it is (so also text that is not JSON).
pub trait IntoJson {
    /// The payload.
    fn into_json(self) -> Vec<u8>;
}

impl IntoJson for Value {
    fn into_json(self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl IntoJson for &str {
    fn into_json(self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl IntoJson for String {
    fn into_json(self) -> Vec<u8> {
        self.into_bytes()
    }
}

/// Builds a batch: stream `stream`, topic `topic`, partition 1, offsets from 0, unless told otherwise.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    origin: Origin,
    format: Format,
    payloads: Vec<Vec<u8>>,
    headers: Vec<Vec<u8>>,
    first_offset: u64,
    ordinals: Vec<u32>,
    attempt: u32,
    isolate: bool,
    timestamps: Option<Vec<u64>>,
    origin_timestamps: Option<Vec<u64>>,
    ids: Option<Vec<u128>>,
}

impl BatchBuilder {
    /// Payloads of any format.
    pub fn new(format: Format, payloads: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let payloads: Vec<_> = payloads.into_iter().collect();
        Self {
            origin: Origin {
                stream: "stream".to_owned(),
                topic: "topic".to_owned(),
                partition: 1,
                epoch: 0,
            },
            format,
            headers: vec![Vec::new(); payloads.len()],
            payloads,
            first_offset: 0,
            ordinals: Vec::new(),
            attempt: 0,
            isolate: false,
            timestamps: None,
            origin_timestamps: None,
            ids: None,
        }
    }

    /// JSON payloads.
    pub fn json<T: IntoJson>(payloads: impl IntoIterator<Item = T>) -> Self {
        Self::new(Format::Json, payloads.into_iter().map(T::into_json))
    }

    /// Text payloads.
    pub fn text<T: AsRef<str>>(payloads: impl IntoIterator<Item = T>) -> Self {
        let bytes = payloads.into_iter().map(|text| text.as_ref().as_bytes().to_vec());
        Self::new(Format::Text, bytes)
    }

    /// Raw payloads.
    pub fn raw<T: AsRef<[u8]>>(payloads: impl IntoIterator<Item = T>) -> Self {
        Self::new(Format::Raw, payloads.into_iter().map(|bytes| bytes.as_ref().to_vec()))
    }

    /// Adds a header to message `index`.
    #[must_use]
    pub fn header<'v>(
        mut self,
        index: usize,
        key: &str,
        value: impl Into<HeaderValue<'v>>,
    ) -> Self {
        HeaderWriter::new(&mut self.headers[index]).add(key, value);
        self
    }

    /// The first offset; the others follow.
    #[must_use]
    pub fn offset(mut self, first: u64) -> Self {
        self.first_offset = first;
        self
    }

    /// Where the messages come from.
    #[must_use]
    pub fn origin(mut self, stream: &str, topic: &str, partition: u32) -> Self {
        self.origin.stream = stream.to_owned();
        self.origin.topic = topic.to_owned();
        self.origin.partition = partition;
        self
    }

    /// The epoch of the origin.
    #[must_use]
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.origin.epoch = epoch;
        self
    }

    /// One ordinal per message.
    #[must_use]
    pub fn ordinals(mut self, ordinals: impl Into<Vec<u32>>) -> Self {
        self.ordinals = ordinals.into();
        self
    }

    /// How often the batch was tried before.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The host looks for the message that brings the component down.
    #[must_use]
    pub fn isolate(mut self) -> Self {
        self.isolate = true;
        self
    }

    /// One broker timestamp per message, in microseconds.
    #[must_use]
    pub fn timestamps(mut self, microseconds: impl Into<Vec<u64>>) -> Self {
        self.timestamps = Some(microseconds.into());
        self
    }

    /// One producer timestamp per message, in microseconds.
    #[must_use]
    pub fn origin_timestamps(mut self, microseconds: impl Into<Vec<u64>>) -> Self {
        self.origin_timestamps = Some(microseconds.into());
        self
    }

    /// One id per message.
    #[must_use]
    pub fn ids(mut self, ids: impl Into<Vec<u128>>) -> Self {
        self.ids = Some(ids.into());
        self
    }

    /// The batch.
    #[must_use]
    pub fn build(self) -> Batch {
        let mut data = Vec::new();
        let mut spans = Vec::new();
        for (payload, headers) in self.payloads.iter().zip(&self.headers) {
            let start = data.len();
            data.extend_from_slice(payload);
            let middle = data.len();
            data.extend_from_slice(headers);
            spans.extend([start, middle, middle, data.len()].map(position));
        }
        let count = self.payloads.len() as u64;
        let halves = |shift: u32| {
            self.ids.as_ref().map(|ids| ids.iter().map(|id| (id >> shift) as u64).collect())
        };
        let mut columns = Columns::default();
        columns.preset(ColumnName::IdLow, halves(0));
        columns.preset(ColumnName::IdHigh, halves(64));
        columns.preset(ColumnName::Timestamp, self.timestamps);
        columns.preset(ColumnName::OriginTimestamp, self.origin_timestamps);
        Batch {
            origin: self.origin,
            begin: self.first_offset,
            end: self.first_offset + count,
            attempt: self.attempt,
            isolate: self.isolate,
            format: self.format,
            data,
            spans,
            offsets: (self.first_offset..self.first_offset + count).collect(),
            ordinals: self.ordinals,
            columns,
        }
    }
}
