//! When an instance has served long enough.
//!
//! Memory that a guest gave back stays with its instance, because linear memory never shrinks, and a
//! guest that leaks would end in the middle of a batch. So an instance that came near its limit is
//! replaced where nothing is lost by it: between batches, after a checkpoint.

use std::fmt;

/// Part of the memory limit above which an instance is worn.
const HIGH_WATER: f64 = 0.75;
/// An instance that is as large after fewer batches needs its memory, and a fresh one would too.
const LEAST_BATCHES: u64 = 1000;

/// Why a fresh instance should take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wear {
    /// Most of its memory is used.
    Memory {
        /// Bytes.
        used: usize,
        /// `[limits] memory`, bytes.
        limit: usize,
    },
    /// It was given as many batches as `[limits] instance_batches` allows.
    Batches(u64),
}

impl fmt::Display for Wear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { used, limit } => {
                write!(formatter, "it uses {used} of {limit} bytes of memory")
            }
            Self::Batches(batches) => write!(formatter, "it was called for {batches} batches"),
        }
    }
}

/// Counts the batches of one instance.
#[derive(Debug)]
pub(crate) struct WearCounter {
    batches: u64,
    most: Option<u64>,
}

impl WearCounter {
    /// `most` batches, give or take a tenth, so that instances that began together do not all end
    /// together.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let most = most.map(|most| {
            let tenth = most / 10;
            let mut random = [0; 8];
            // Without randomness all end together, which costs time and nothing else.
            let _ = getrandom::fill(&mut random);
            most - tenth + u64::from_le_bytes(random) % (2 * tenth + 1)
        });
        Self { batches: 0, most }
    }

    pub(crate) fn count(&mut self) {
        self.batches += 1;
    }

    pub(crate) fn judge(&self, used: usize, limit: usize) -> Option<Wear> {
        if self.most.is_some_and(|most| self.batches >= most) {
            return Some(Wear::Batches(self.batches));
        }
        let is_full = used as f64 >= limit as f64 * HIGH_WATER;
        (is_full && self.batches >= LEAST_BATCHES).then_some(Wear::Memory { used, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_batches_should_wear_out_within_a_tenth_of_the_limit_and_not_all_at_once() {
        let ends: std::collections::BTreeSet<u64> = (0..100)
            .map(|_| {
                let mut wear = WearCounter::new(Some(1000));
                while wear.judge(0, 100).is_none() {
                    wear.count();
                }
                wear.batches
            })
            .collect();
        assert!(ends.iter().all(|batches| (900..=1100).contains(batches)), "{ends:?}");
        assert!(ends.len() > 20, "{ends:?}");
    }

    #[test]
    fn given_much_memory_should_be_worn_only_after_a_while() {
        let mut wear = WearCounter::new(None);
        assert_eq!(wear.judge(99, 100), None);
        (0..LEAST_BATCHES).for_each(|_| wear.count());
        assert_eq!(wear.judge(74, 100), None);
        assert_eq!(wear.judge(75, 100), Some(Wear::Memory { used: 75, limit: 100 }));
    }
}
