//! The Iggy side of a connector: what a sink reads, where a source writes.

use std::time::Duration;

use crate::size::ByteSize;

/// What the payload bytes of a topic are. Declared, not verified per message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Bytes without a meaning known to the host.
    Raw,
    /// UTF-8.
    Text,
    /// One JSON value per message.
    Json,
}

/// One `[[streams]]` of a sink: topics of one stream, read by one consumer group.
#[derive(Debug, Clone)]
pub struct SinkStream {
    /// Name of the stream.
    pub stream: String,
    /// Names of its topics; never empty.
    pub topics: Vec<String>,
    /// What the payloads are.
    pub format: Format,
    /// Name of the consumer group that holds the offsets.
    pub consumer_group: String,
    /// How much one call of the guest gets at most.
    pub batch: BatchLimit,
    /// Partitions worked on at the same time, per topic; never 0.
    pub parallelism: u32,
    /// Where to begin when the consumer group has no offset yet.
    pub start: Start,
    /// Some: make the stream and topics when they are missing. None: wait for them.
    pub create: Option<CreateTopic>,
    /// Longest pause between two polls of a partition that had nothing new.
    pub poll_interval: Duration,
}

/// How much one batch holds at most. A single larger message still passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    /// Number of messages; never 0.
    pub messages: u32,
    /// Payload and header bytes; never 0.
    pub bytes: ByteSize,
}

/// Where to begin in a partition nobody has read for this consumer group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The oldest message the broker still has.
    Earliest,
    /// Only messages that arrive from now on.
    Latest,
    /// This offset, in every partition.
    Offset(u64),
    /// The first message appended at or after this time, in microseconds since 1970 UTC.
    Timestamp(u64),
}

/// How to make a missing topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateTopic {
    /// Number of partitions; never 0.
    pub partitions: u32,
}

/// The one `[[streams]]` of a source.
#[derive(Debug, Clone)]
pub struct SourceStream {
    /// Name of the stream.
    pub stream: String,
    /// Names of its topics by route: a message of route n goes to the n-th. Never empty.
    pub topics: Vec<String>,
    /// What the payloads are.
    pub format: Format,
    /// Some: make the stream and topics when they are missing. None: wait for them.
    pub create: Option<CreateTopic>,
    /// Which partition a message goes to.
    pub partition_by: PartitionBy,
    /// How much one poll of the guest is asked for at most.
    pub batch: BatchLimit,
    /// Longest pause between two polls of a guest that had nothing new.
    pub poll_interval: Duration,
}

/// Which partition a message of a source goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionBy {
    /// One after the other, chosen by the broker.
    Balanced,
    /// By the hash of the message's key; messages without a key are balanced.
    Key,
    /// Always this one.
    Partition(u32),
}
