//! From Iggy to another system.
//!
//! A lane is one connection, one member of the consumer group and one instance of each guest. Its
//! poller reads ahead while its guests work; everything else happens in one task, in order.

mod deliver;
mod lane;
mod poller;
mod progress;
mod quarantine;

use std::time::Duration;

use kennel_broker::{BrokerConfig, StartPosition, Target};
use kennel_sandbox::{Delivery, Format};

use crate::{Guest, Settlement, TransformSpec};

pub use lane::{Lane, LaneContext};

/// What all lanes of one topic have in common.
#[derive(Clone)]
pub struct SinkSpec {
    /// Key of the connector.
    pub connector: String,
    /// The broker.
    pub broker: BrokerConfig,
    /// What to read.
    pub target: Target,
    /// The consumer group that holds the offsets.
    pub group: String,
    /// What the payloads are.
    pub format: Format,
    /// Most messages of a batch.
    pub batch_messages: u32,
    /// Bytes a batch is aimed at; one larger message still passes.
    pub batch_bytes: u64,
    /// Where to begin where the group has no offset.
    pub start: StartPosition,
    /// Longest pause between two polls that found nothing.
    pub poll_interval: Duration,
    /// Transforms in order.
    pub transforms: Vec<TransformSpec>,
    /// The sink.
    pub sink: Guest,
    /// What becomes of failures.
    pub settlement: Settlement,
    /// When held messages are flushed.
    pub flush: FlushLimit,
}

impl SinkSpec {
    /// Whether the destination keeps its position with the messages.
    pub(crate) fn is_transactional(&self) -> bool {
        self.sink.component.description().delivery == Delivery::Transactional
    }
}

/// Whatever is reached first makes the lane call `flush`.
#[derive(Debug, Clone, Copy)]
pub struct FlushLimit {
    /// Messages held.
    pub messages: u64,
    /// Bytes held.
    pub bytes: u64,
    /// Age of the oldest message held.
    pub age: Duration,
}
