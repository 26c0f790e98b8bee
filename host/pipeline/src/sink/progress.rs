//! How far a lane is: per partition what was consumed, settled and stored, and what the sink holds.

use std::time::Instant;

use super::FlushLimit;

/// How far one partition is. All offsets are the next one: one past the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    /// All below went through the guests; some may be held.
    pub(super) consumed: u64,
    /// D1: all below is delivered, filtered, dead-lettered or skipped.
    pub(super) settled: u64,
    /// All below is stored with the broker.
    pub(super) stored: Option<u64>,
}

/// What the sink took but did not make durable yet.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) since: Option<Instant>,
}

impl Held {
    /// Whether a limit is reached.
    pub(super) fn is_due(&self, limit: &FlushLimit) -> bool {
        self.since.is_some_and(|since| {
            self.messages >= limit.messages
                || self.bytes >= limit.bytes
                || since.elapsed() >= limit.age
        })
    }
}
