//! Names of streams, topics and groups, always as names.
//!
//! The client's own conversion from text turns `"7"` into the numeric identifier 7; a stream may well be
//! *named* `7`, so every name takes the explicit route through here.

use std::fmt;

use iggy::prelude::Identifier;
use iggy_binary_protocol::WireIdentifier;

use crate::error::BrokerError;

/// A topic of a stream, by names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Name of the stream, 1 to 255 bytes.
    pub stream: String,
    /// Name of the topic, 1 to 255 bytes.
    pub topic: String,
}

impl Target {
    /// The topic `topic` of the stream `stream`.
    pub fn new(stream: impl Into<String>, topic: impl Into<String>) -> Self {
        Self { stream: stream.into(), topic: topic.into() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.topic)
    }
}

pub(crate) fn identifier(name: &str) -> Result<Identifier, BrokerError> {
    Identifier::named(name).map_err(|_| {
        BrokerError::Configuration(format!("`{name}` is not a name of 1 to 255 bytes"))
    })
}

pub(crate) fn wire_identifier(name: &str) -> Result<WireIdentifier, BrokerError> {
    WireIdentifier::named(name).map_err(|_| {
        BrokerError::Configuration(format!("`{name}` is not a name of 1 to 255 bytes"))
    })
}
