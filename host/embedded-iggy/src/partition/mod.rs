//! A partition: an append-only log of batches and the offsets consumers have stored for it.

mod hot_tail;
mod log;
mod offsets;
mod read;
mod recovery;
mod segment;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

pub(crate) use hot_tail::CacheBudget;
pub(crate) use log::{Appended, Home, Log};
pub(crate) use offsets::{ConsumerKey, FILE_NAME as OFFSETS_FILE, Offsets};
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
        self.next_offset.saturating_sub(self.first_offset)
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
    /// Names the folder of the log; changes when the partition is purged.
    log_id: AtomicU64,
    log: Lock<Log>,
    offsets: Lock<Offsets>,
    first_offset: AtomicU64,
    next_offset: AtomicU64,
    size_bytes: AtomicU64,
    segments: AtomicU32,
}

impl Partition {
    pub(crate) fn new(id: u32, created_at: u64, log_id: u64, log: Log, offsets: Offsets) -> Self {
        let figures = log.figures();
        let partition = Self {
            id,
            created_at,
            log_id: AtomicU64::new(log_id),
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

    pub(crate) fn log_id(&self) -> u64 {
        self.log_id.load(Ordering::Acquire)
    }

    /// Stores a verified batch; `batch` starts at `start` in `buffer`.
    pub(crate) fn append(&self, buffer: Vec<u8>, start: usize) -> Result<Appended, Status> {
        let mut log = self.log.lock();
        let appended = log.append(self.id, buffer, start)?;
        self.publish(log.figures());
        Ok(appended)
    }

    /// Decides what a poll returns. The messages are fetched by [`ReadPlan::load`], without a lock.
    pub(crate) fn plan(&self, start: Start, count: u32, limit: usize) -> ReadPlan {
        self.log.lock().plan(start, count, limit)
    }

    /// Forgets all messages and all stored offsets. Returns the folder they were in.
    pub(crate) fn purge(&self, log_id: u64, home: Option<Home>) -> Option<PathBuf> {
        let mut log = self.log.lock();
        let old = log.restart(home);
        self.log_id.store(log_id, Ordering::Release);
        self.offsets.lock().clear();
        self.publish(log.figures());
        old
    }

    /// Refuses all further appends. Returns the folder.
    pub(crate) fn close(&self) -> Option<PathBuf> {
        self.log.lock().close()
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

    /// The offsets' file and content if they have changed since they were last taken.
    pub(crate) fn take_changed_offsets(&self) -> Option<(PathBuf, Vec<u8>)> {
        let folder = self.log.lock().folder()?.to_owned();
        Some((folder.join(OFFSETS_FILE), self.offsets.lock().take_changed()?))
    }

    /// To be called if those could not be written.
    pub(crate) fn offsets_not_written(&self) {
        self.offsets.lock().not_written();
    }

    /// Log files written to since they were last taken.
    pub(crate) fn take_unsynced(&self) -> Vec<Arc<File>> {
        self.log.lock().take_unsynced()
    }

    /// Adjusts the memory held to the log's present share.
    pub(crate) fn trim(&self) {
        self.log.lock().trim();
    }

    /// When the newest message of the oldest segment was stored; `None` in an empty log.
    pub(crate) fn oldest_segment_time(&self) -> Option<u64> {
        self.log.lock().oldest_segment_time()
    }

    /// Removes the oldest segment. `false` if there is none with messages.
    pub(crate) fn remove_oldest_segment(&self) -> Result<bool, Status> {
        let mut log = self.log.lock();
        let removed = log.remove_oldest_segment();
        self.publish(log.figures());
        removed
    }

    /// `next` is written first, so a reader never sees a first offset behind the end.
    fn publish(&self, figures: Figures) {
        self.next_offset.store(figures.next_offset, Ordering::Release);
        self.first_offset.store(figures.first_offset, Ordering::Release);
        self.size_bytes.store(figures.size_bytes, Ordering::Relaxed);
        self.segments.store(figures.segments, Ordering::Relaxed);
    }
}
