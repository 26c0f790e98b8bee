//! A partition: an append-only log of batches and the offsets consumers have stored for it.

mod log;
mod offsets;
mod read;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

pub(crate) use log::{Log, LogSettings};
pub(crate) use offsets::{ConsumerKey, Offsets};
pub(crate) use read::ReadPlan;

use crate::lock::Lock;
use crate::status::Status;

/// Where a poll starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Offset(u64),
    /// The first batch stored at or after this time, in microseconds since the epoch.
    Timestamp(u64),
    First,
    /// So that the last `count` messages are returned.
    Last,
}

/// What listings show of a partition, readable without waiting for its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) first_offset: u64,
    pub(crate) next_offset: u64,
    pub(crate) size_bytes: u64,
    pub(crate) segments: u32,
}

impl Figures {
    pub(crate) fn messages(&self) -> u64 {
        self.next_offset - self.first_offset
    }

    /// The protocol's current offset: the last message's, and 0 in an empty partition.
    pub(crate) fn current_offset(&self) -> u64 {
        self.next_offset.saturating_sub(1)
    }
}

/// A partition of a topic. Its log and its offsets have a lock each, so a slow append holds up no
/// rebalance.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) id: u32,
    /// Microseconds since the epoch.
    pub(crate) created_at: u64,
    log: Lock<Log>,
    offsets: Lock<Offsets>,
    first_offset: AtomicU64,
    next_offset: AtomicU64,
    size_bytes: AtomicU64,
    segments: AtomicU32,
}

impl Partition {
    pub(crate) fn new(id: u32, created_at: u64, log: Log, offsets: Offsets) -> Self {
        let figures = log.figures();
        let partition = Self {
            id,
            created_at,
            log: Lock::new(log),
            offsets: Lock::new(offsets),
            first_offset: AtomicU64::new(0),
            next_offset: AtomicU64::new(0),
            size_bytes: AtomicU64::new(0),
            segments: AtomicU32::new(0),
        };
        partition.publish(figures);
        partition
    }

    /// Stores a verified batch; `batch` starts at `start` in `buffer`. Returns its first offset.
    pub(crate) fn append(&self, buffer: Vec<u8>, start: usize) -> Result<u64, Status> {
        let mut log = self.log.lock();
        let base = log.append(self.id, buffer, start)?;
        self.publish(log.figures());
        Ok(base)
    }

    /// Decides what a poll returns. The messages are fetched by [`ReadPlan::load`], without a lock.
    pub(crate) fn plan(&self, start: Start, count: u32, limit: usize) -> ReadPlan {
        self.log.lock().plan(start, count, limit)
    }

    /// Forgets all messages and all stored offsets.
    pub(crate) fn purge(&self) {
        let mut log = self.log.lock();
        log.clear();
        self.offsets.lock().clear();
        self.publish(log.figures());
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            first_offset: self.first_offset.load(Ordering::Acquire),
            next_offset: self.next_offset.load(Ordering::Acquire),
            size_bytes: self.size_bytes.load(Ordering::Relaxed),
            segments: self.segments.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn stored_offset(&self, key: &ConsumerKey) -> Option<u64> {
        self.offsets.lock().get(key)
    }

    /// Stores the offset of a message that exists or existed.
    pub(crate) fn store_offset(&self, key: ConsumerKey, offset: u64) -> Result<(), Status> {
        if offset >= self.next_offset.load(Ordering::Acquire) {
            return Err(Status::INVALID_OFFSET);
        }
        self.offsets.lock().store(key, offset);
        Ok(())
    }

    pub(crate) fn delete_offset(&self, key: &ConsumerKey) -> Result<(), Status> {
        if self.offsets.lock().remove(key) {
            Ok(())
        } else {
            Err(Status::CONSUMER_OFFSET_NOT_FOUND)
        }
    }

    /// `first` is written before `next`, so a reader never sees more messages than there are.
    fn publish(&self, figures: Figures) {
        self.first_offset.store(figures.first_offset, Ordering::Release);
        self.next_offset.store(figures.next_offset, Ordering::Release);
        self.size_bytes.store(figures.size_bytes, Ordering::Relaxed);
        self.segments.store(figures.segments, Ordering::Relaxed);
    }
}
