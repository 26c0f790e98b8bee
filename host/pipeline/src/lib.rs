//! A batch's life: poll, transform, consume, settle, checkpoint.
//!
//! * [`sink::Lane`]: one member of a consumer group with its own connection and its own guests
//! * [`source::SourceLoop`]: one source with its own connection
//! * `stage`: a batch between two guests, and where each of its messages came from
//! * `chain`: the transforms in the order written
//! * `settle`: what becomes of messages that failed
//! * [`Stats`]: what a connector counts
//!
//! A lane or loop runs until it is stopped or cannot go on; [`PipelineError`] says whether starting
//! again can help. Whoever runs it decides about that (the supervisor).
#![forbid(unsafe_code)]

mod backoff;
mod breaker;
mod chain;
mod checkpoint;
mod dead_letter;
mod error;
mod fail_point;
mod live;
mod settle;
pub mod sink;
pub mod source;
mod stage;
mod stats;

pub use backoff::Backoff;
pub use breaker::{Breaker, BreakerReading};
pub use chain::TransformSpec;
pub use dead_letter::{DeadLetterRecord, Letter, Spilled, now_micros, original_headers};
pub use error::{PipelineError, Remedy};
pub use live::Identity;
pub use settle::{DeadLetterTopic, OnError, Settlement};
pub use stats::{Activity, PartitionProgress, Snapshot, Stats};

/// A component and what its instances are made from.
#[derive(Clone)]
pub struct Guest {
    /// The compiled component.
    pub component: kennel_sandbox::Component,
    /// Grants, limits, configuration.
    pub spec: kennel_sandbox::InstanceSpec,
}

/// A guest's part of its connector's state: keyspaces of different guests never meet.
pub const SINK_ROLE: &str = "sink";
/// See [`SINK_ROLE`].
pub const SOURCE_ROLE: &str = "source";

/// See [`SINK_ROLE`]. Transforms are numbered from 0 in the order written.
#[must_use]
pub fn transform_role(number: usize) -> String {
    format!("transform-{number}")
}

/// The keyspace in the state store for a guest's keyspace.
#[must_use]
pub fn keyspace(role: &str, keyspace: &str) -> String {
    format!("{role}:{keyspace}")
}
