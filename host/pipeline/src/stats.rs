//! What a connector counts. Lanes add per batch, never per message.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use kennel_broker::Target;
use serde::Serialize;

/// Counters of one connector, shared by its lanes.
#[derive(Debug, Default)]
pub struct Stats {
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_out: AtomicU64,
    filtered: AtomicU64,
    dead_lettered: AtomicU64,
    skipped: AtomicU64,
    retries: AtomicU64,
    faults: AtomicU64,
    guest_micros: AtomicU64,
    events: AtomicU64,
    lanes: Mutex<Vec<Weak<LaneActivity>>>,
    partitions: Mutex<BTreeMap<(Target, u32), PartitionProgress>>,
}

/// How far one partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PartitionProgress {
    /// Next offset to be settled.
    pub next: u64,
    /// One past the newest offset the broker told of.
    pub end: u64,
}

/// A reading of all counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Snapshot {
    /// Messages read, from Iggy by a sink, from the guest by a source.
    pub messages_in: u64,
    /// Their payload and header bytes.
    pub bytes_in: u64,
    /// Messages delivered, to the destination by a sink, to Iggy by a source.
    pub messages_out: u64,
    /// Their payload and header bytes.
    pub bytes_out: u64,
    /// Messages a transform dropped on purpose.
    pub filtered: u64,
    /// Messages confirmed in the dead letter topic.
    pub dead_lettered: u64,
    /// Messages that failed and were passed over (`on_error = "skip"`).
    pub skipped: u64,
    /// Calls repeated.
    pub retries: u64,
    /// Instances that ended by a fault.
    pub faults: u64,
    /// Time spent in calls of guests, microseconds.
    pub guest_micros: u64,
    /// Messages in Iggy that are not settled yet.
    pub lag: u64,
}

/// Tells whether anything happened between two readings; see [`Stats::activity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Grows with every batch and every failure.
    pub events: u64,
    /// For each lane that runs: whether it has something in hand, and how often it found nothing
    /// new in all of its partitions.
    pub lanes: Vec<(bool, u64)>,
}

/// What one running lane does; it leaves the connector's list when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct LaneActivity {
    busy: AtomicBool,
    idle_passes: AtomicU64,
}

impl LaneActivity {
    /// Something is in hand.
    pub(crate) fn busy(&self) {
        self.busy.store(true, Release);
    }

    /// Every partition was polled and had nothing new, and nothing is held.
    pub(crate) fn idle(&self) {
        self.busy.store(false, Release);
        self.idle_passes.fetch_add(1, Release);
    }
}

impl Activity {
    /// Whether the connector was at rest between `earlier` and now: nothing happened, and every lane
    /// has twice looked at all of its partitions since.
    #[must_use]
    pub fn is_rest_since(&self, earlier: &Self) -> bool {
        let lanes = self.lanes.iter().zip(&earlier.lanes);
        self.events == earlier.events
            && self.lanes.len() == earlier.lanes.len()
            && lanes.into_iter().all(|((busy, now), (_, then))| !busy && *now >= then + 2)
    }
}

impl Stats {
    pub(crate) fn read(&self, messages: u64, bytes: u64) {
        self.messages_in.fetch_add(messages, Relaxed);
        self.bytes_in.fetch_add(bytes, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    pub(crate) fn delivered(&self, messages: u64, bytes: u64) {
        self.messages_out.fetch_add(messages, Relaxed);
        self.bytes_out.fetch_add(bytes, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    pub(crate) fn filtered(&self, messages: u64) {
        self.filtered.fetch_add(messages, Relaxed);
    }

    pub(crate) fn dead_lettered(&self, messages: u64) {
        self.dead_lettered.fetch_add(messages, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    pub(crate) fn skipped(&self, messages: u64) {
        self.skipped.fetch_add(messages, Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    /// Counts an instance that ended by a fault.
    pub fn faulted(&self) {
        self.faults.fetch_add(1, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    pub(crate) fn in_guest(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.guest_micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn lane(&self) -> Arc<LaneActivity> {
        let lane = Arc::new(LaneActivity::default());
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| lane.strong_count() > 0);
        lanes.push(Arc::downgrade(&lane));
        lane
    }

    pub(crate) fn progress(&self, topic: &Target, partition: u32, next: u64, end: u64) {
        let mut partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        match partitions.get_mut(&(topic.clone(), partition)) {
            Some(progress) => {
                progress.next = next;
                progress.end = progress.end.max(end);
            }
            None => {
                partitions.insert((topic.clone(), partition), PartitionProgress { next, end });
            }
        }
    }

    pub(crate) fn forget(&self, topic: &Target, partition: u32) {
        let mut partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        partitions.remove(&(topic.clone(), partition));
    }

    /// Progress by topic and partition, for the partitions this host owns.
    #[must_use]
    pub fn partitions(&self) -> BTreeMap<(Target, u32), PartitionProgress> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// See [`Activity::is_rest_since`].
    #[must_use]
    pub fn activity(&self) -> Activity {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let running = lanes.iter().filter_map(Weak::upgrade);
        Activity {
            lanes: running
                .map(|lane| (lane.busy.load(Acquire), lane.idle_passes.load(Acquire)))
                .collect(),
            events: self.events.load(Relaxed),
        }
    }

    /// All counters now. Each is exact; together they are not of one instant.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        let lag = partitions.values().map(|progress| progress.end.saturating_sub(progress.next));
        Snapshot {
            messages_in: self.messages_in.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            messages_out: self.messages_out.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            filtered: self.filtered.load(Relaxed),
            dead_lettered: self.dead_lettered.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            retries: self.retries.load(Relaxed),
            faults: self.faults.load(Relaxed),
            guest_micros: self.guest_micros.load(Relaxed),
            lag: lag.sum(),
        }
    }
}
