//! How far a lane is: per partition what was consumed, settled and stored, and what the sink holds.

use std::time::Instant;

use kennel_sandbox::Origin;

use super::FlushLimit;

/// How far one partition is. All offsets are the next one: one past the last.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) origin: Origin,
    /// All below went through the guests; some may be held.
    pub(super) consumed: u64,
    /// All below is accounted for by batches that the sink was given. Behind `consumed` when what
    /// followed was filtered or failed: the sink's next batch accounts for it.
    pub(super) given: u64,
    /// D1: all below is delivered, filtered, dead-lettered or skipped.
    pub(super) settled: u64,
    /// All below is stored with the broker, and so is the state that accounts for it.
    pub(super) stored: Option<u64>,
    /// Where the partition was taken on: nothing below was this lane's.
    pub(super) begun: u64,
    /// How often the poller was told to go elsewhere; what it had polled before does not count.
    pub(super) seeks: u32,
}

impl Partition {
    pub(super) fn at(origin: Origin, next: u64, stored: Option<u64>) -> Self {
        Self { origin, consumed: next, given: next, settled: next, stored, begun: next, seeks: 0 }
    }

    /// Whether there is something to store.
    pub(super) fn has_moved(&self) -> bool {
        self.stored.is_none_or(|stored| self.settled > stored) && self.settled > 0
    }

    /// Where a checkpoint would be gone back to.
    pub(super) fn checkpointed(&self) -> u64 {
        self.stored.unwrap_or(self.begun).max(self.begun)
    }

    /// Goes back to `next`.
    pub(super) fn rewind(&mut self, next: u64) {
        self.consumed = next;
        self.given = next;
        self.settled = self.settled.min(next);
        self.seeks += 1;
    }
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
