//! What happens to messages that cannot be delivered, and when held messages become durable.

use std::fmt;
use std::time::Duration;

use crate::error::{ConfigError, Problem};
use crate::size::ByteSize;
use crate::source_file::Origin;

/// The `[delivery]` section.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What the destination must not see twice.
    pub guarantee: Guarantee,
    pub(crate) guarantee_origin: Origin,
    /// What to do with a message that is rejected, or still fails after `attempts`.
    pub on_error: OnError,
    /// How often a message that may succeed later is tried; never 0.
    pub attempts: u32,
    /// How many faults of the guest's own replace its instance before the connector is failed.
    pub restarts: u32,
    /// Most dead letters among a thousand messages.
    pub dead_letter_budget: u32,
    /// When a sink that holds messages is told to make them durable.
    pub flush: FlushLimit,
}

impl Delivery {
    /// D8: an error at the line of `guarantee`, for a component that cannot keep it.
    #[must_use]
    pub fn refuse_guarantee(&self, detail: impl Into<String>) -> ConfigError {
        let problem = Problem::Conflict { detail: detail.into() };
        let help = "write \"at-least-once\": after a crash the destination may see a message again";
        ConfigError::new(problem).at(&self.guarantee_origin).help(help)
    }
}

/// How often the destination may see a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarantee {
    /// At least once: again after a crash.
    AtLeastOnce,
    /// With the same effect as once. Only some sinks can keep it.
    ExactlyOnce,
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
