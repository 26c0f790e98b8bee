//! What happens to messages that cannot be delivered, and when held messages become durable.

use std::fmt;
use std::time::Duration;

use crate::size::ByteSize;

/// The `[delivery]` section.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What to do with a message that is rejected, or still fails after `attempts`.
    pub on_error: OnError,
    /// How often a message that may succeed later is tried; never 0.
    pub attempts: u32,
    /// How many faults of the guest's own replace its instance before the connector is failed.
    pub restarts: u32,
    /// When a sink that holds messages is told to make them durable.
    pub flush: FlushLimit,
}

/// What to do with a message that cannot be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnError {
    /// Stop the connector; the message comes again after a restart.
    Stop,
    /// Count it and go on.
    Skip,
    /// Send it to another topic, then go on.
    DeadLetter(DeadLetterTopic),
}

/// Where dead letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterTopic {
    /// None: the stream the message came from.
    pub stream: Option<String>,
    /// Name of the topic.
    pub topic: String,
}

/// `topic` or `stream/topic`.
impl fmt::Display for DeadLetterTopic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stream {
            Some(stream) => write!(formatter, "{stream}/{}", self.topic),
            None => formatter.write_str(&self.topic),
        }
    }
}

/// Whatever is reached first makes the host call `flush`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlushLimit {
    /// Messages held; never 0.
    pub messages: u64,
    /// Bytes held; never 0.
    pub bytes: ByteSize,
    /// Age of the oldest message held.
    pub age: Duration,
}
