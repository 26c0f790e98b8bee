//! A batch as it crosses into a guest.
//!
//! The host's type is itself what is lowered: no conversion, and a clone (for a retry) copies
//! nothing, because the buffer and the columns are shared.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::component::{ComponentType, Lower};

/// What the payload bytes are. Declared by configuration, not verified per message.
#[derive(Debug, Clone, PartialEq, Eq, Default, ComponentType, Lower)]
#[component(variant)]
pub enum Format {
    /// Any bytes.
    #[component(name = "raw")]
    #[default]
    Raw,
    /// UTF-8 text.
    #[component(name = "text")]
    Text,
    /// One JSON document per message.
    #[component(name = "json")]
    Json,
    /// Avro.
    #[component(name = "avro")]
    Avro,
    /// Protocol Buffers.
    #[component(name = "protobuf")]
    Protobuf,
    /// FlatBuffers.
    #[component(name = "flatbuffers")]
    Flatbuffers,
    /// Something else, by name.
    #[component(name = "other")]
    Other(String),
}

/// One partition. Offsets of different epochs are unrelated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ComponentType, Lower)]
#[component(record)]
pub struct Origin {
    /// Name of the stream.
    #[component(name = "stream-name")]
    pub stream: Arc<str>,
    /// Name of the topic.
    #[component(name = "topic-name")]
    pub topic: Arc<str>,
    /// Partition, from 0.
    pub partition: u32,
    /// Changes when a topic is re-created or an operator seeks.
    pub epoch: u64,
}

impl Origin {
    /// Names the state of this partition, the same in all epochs. Unlike the text for people, two
    /// partitions never share it, whatever their streams and topics are called.
    #[must_use]
    pub fn keyspace(&self) -> String {
        let escape = |name: &str| name.replace('%', "%25").replace('/', "%2F");
        format!("{}/{}/{}", escape(&self.stream), escape(&self.topic), self.partition)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}/{}", self.stream, self.topic, self.partition)
    }
}

/// Messages of one partition in offset order: one buffer, integer columns beside it.
#[derive(Debug, Clone, ComponentType, Lower)]
#[component(record)]
pub struct Batch {
    /// Where the messages come from.
    pub origin: Origin,
    /// First offset this batch accounts for.
    pub begin: u64,
    /// One past the last offset this batch accounts for.
    pub end: u64,
    /// 0 on first delivery.
    pub attempt: u32,
    /// Whether the guest must mark each message before touching it.
    pub isolate: bool,
    /// What the payloads are.
    pub format: Format,
    /// All bytes of the batch, as they were received where possible.
    pub data: Bytes,
    /// Four per message, into `data`: payload start, payload end, headers start, headers end.
    pub spans: Arc<Vec<u32>>,
    /// One per message.
    pub offsets: Arc<Vec<u64>>,
    /// One per message or empty: tells messages of one offset apart.
    pub ordinals: Arc<Vec<u32>>,
}

impl Batch {
    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether the batch holds no message; it may still account for offsets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Payload of message `index`.
    ///
    /// # Panics
    /// If `index` is not below [`Batch::len`].
    #[must_use]
    pub fn payload(&self, index: usize) -> Bytes {
        let span = &self.spans[index * 4..index * 4 + 2];
        self.data.slice(span[0] as usize..span[1] as usize)
    }

    /// Encoded headers of message `index`.
    ///
    /// # Panics
    /// If `index` is not below [`Batch::len`].
    #[must_use]
    pub fn headers(&self, index: usize) -> Bytes {
        let span = &self.spans[index * 4 + 2..index * 4 + 4];
        self.data.slice(span[0] as usize..span[1] as usize)
    }

    /// Bytes of payloads and headers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let spans = self.spans.chunks_exact(2);
        spans.map(|span| u64::from(span[1].saturating_sub(span[0]))).sum()
    }

    /// The messages at `indices` (ascending) as a batch of their own over the same buffer.
    #[must_use]
    pub fn select(&self, indices: &[u32]) -> Batch {
        let at = |index: &u32| *index as usize;
        let spans = indices.iter().flat_map(|index| &self.spans[at(index) * 4..at(index) * 4 + 4]);
        let ordinals = (!self.ordinals.is_empty())
            .then(|| indices.iter().map(|index| self.ordinals[at(index)]).collect());
        Batch {
            spans: Arc::new(spans.copied().collect()),
            offsets: Arc::new(indices.iter().map(|index| self.offsets[at(index)]).collect()),
            ordinals: Arc::new(ordinals.unwrap_or_default()),
            ..self.clone()
        }
    }
}
