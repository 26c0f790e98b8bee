//! The newest batches of a log, kept in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

/// Memory that all durable logs of a server share equally for their newest batches.
#[derive(Debug)]
pub(crate) struct CacheBudget {
    bytes: u64,
    logs: AtomicU64,
}

impl CacheBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes, logs: AtomicU64::new(0) }
    }

    /// What one log may keep.
    fn share(&self) -> u64 {
        self.bytes / self.logs.load(Ordering::Relaxed).max(1)
    }
}

/// See the module documentation. Batches are counted over the log's whole life; the count of a
/// batch is its *ordinal*.
#[derive(Debug)]
pub(super) struct HotTail {
    batches: VecDeque<Bytes>,
    /// Ordinal of the first batch kept.
    first: u64,
    bytes: u64,
    /// `None` keeps everything: the log has no other storage.
    budget: Option<Arc<CacheBudget>>,
}

impl HotTail {
    /// `next` is the ordinal of the first batch to come.
    pub(super) fn new(next: u64, budget: Option<Arc<CacheBudget>>) -> Self {
        if let Some(budget) = &budget {
            budget.logs.fetch_add(1, Ordering::Relaxed);
        }
        Self { batches: VecDeque::new(), first: next, bytes: 0, budget }
    }

    /// The ordinal of the next batch.
    pub(super) fn next(&self) -> u64 {
        self.first + self.batches.len() as u64
    }

    pub(super) fn push(&mut self, batch: Bytes) {
        self.bytes += batch.len() as u64;
        self.batches.push_back(batch);
        self.trim();
    }

    pub(super) fn get(&self, ordinal: u64) -> Option<&Bytes> {
        self.batches.get(usize::try_from(ordinal.checked_sub(self.first)?).ok()?)
    }

    /// Lets go of what exceeds the log's share of the budget.
    pub(super) fn trim(&mut self) {
        if let Some(share) = self.budget.as_ref().map(|budget| budget.share()) {
            while self.bytes > share && self.pop() {}
        }
    }

    /// Lets go of the batches before an ordinal.
    pub(super) fn drop_before(&mut self, ordinal: u64) {
        while self.first < ordinal && self.pop() {}
    }

    fn pop(&mut self) -> bool {
        let Some(batch) = self.batches.pop_front() else { return false };
        self.first += 1;
        self.bytes -= batch.len() as u64;
        true
    }
}

impl Drop for HotTail {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.logs.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(len: usize) -> Bytes {
        Bytes::from(vec![0; len])
    }

    #[test]
    fn given_a_budget_when_exceeded_should_drop_the_oldest() {
        let mut tail = HotTail::new(10, Some(Arc::new(CacheBudget::new(100))));
        for _ in 0..3 {
            tail.push(batch(40));
        }
        assert!(tail.get(10).is_none());
        assert!(tail.get(11).is_some() && tail.get(12).is_some());
        assert_eq!(tail.next(), 13);
    }

    #[test]
    fn given_another_log_when_trimmed_should_keep_half() {
        let budget = Arc::new(CacheBudget::new(100));
        let mut tail = HotTail::new(0, Some(budget.clone()));
        tail.push(batch(50));
        tail.push(batch(50));
        let other = HotTail::new(0, Some(budget));
        tail.trim();
        assert!(tail.get(0).is_none() && tail.get(1).is_some());
        drop(other);
        tail.push(batch(50));
        assert!(tail.get(1).is_some());
    }

    #[test]
    fn given_no_budget_should_keep_everything() {
        let mut tail = HotTail::new(0, None);
        tail.push(batch(1 << 20));
        tail.trim();
        assert!(tail.get(0).is_some());
        tail.drop_before(1);
        assert!(tail.get(0).is_none());
    }
}
