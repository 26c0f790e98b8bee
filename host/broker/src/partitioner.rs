//! Which partition a batch goes to. The protocol carries partition numbers only: the choice is the
//! producer's, with the official client's rules, so that both put a key into the same partition.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use iggy_common::calculate_32;

use crate::target::Target;

/// How long a topic's partition count is trusted: partitions may be added while we run.
const COUNT_LIFETIME: Duration = Duration::from_secs(30);

/// Where a batch of messages goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partitioning {
    /// The partitions in turn, one batch each.
    Balanced,
    /// This partition.
    Partition(u32),
    /// The partition that the hash of this key selects. Adding partitions moves keys.
    Key(Bytes),
}

/// Partition counts and round-robin positions of the topics a connection sends to.
#[derive(Debug, Default)]
pub(crate) struct Partitioner {
    topics: Mutex<HashMap<Target, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    partitions: u32,
    learned: Instant,
    turn: u32,
}

impl Partitioner {
    /// The partition to send to, or `None` while the number of partitions is not known.
    pub(crate) fn select(&self, target: &Target, partitioning: &Partitioning) -> Option<u32> {
        if let Partitioning::Partition(partition) = partitioning {
            return Some(*partition);
        }
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            topics.get_mut(target).filter(|known| known.learned.elapsed() < COUNT_LIFETIME)?;
        match partitioning {
            Partitioning::Partition(partition) => Some(*partition),
            Partitioning::Key(key) => calculate_32(key).checked_rem(known.partitions),
            Partitioning::Balanced => {
                let turn = known.turn;
                known.turn = turn.wrapping_add(1);
                turn.checked_rem(known.partitions)
            }
        }
    }

    pub(crate) fn learn(&self, target: &Target, partitions: u32) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = topics.get(target).map_or(0, |known| known.turn);
        topics.insert(target.clone(), Known { partitions, learned: Instant::now(), turn });
    }

    /// After the broker did not know the partition: the topic has changed.
    pub(crate) fn forget(&self, target: &Target) {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_balanced_select_should_take_the_partitions_in_turn() {
        let (partitioner, target) = (Partitioner::default(), Target::new("s", "t"));
        assert_eq!(partitioner.select(&target, &Partitioning::Balanced), None);
        partitioner.learn(&target, 3);
        let turns: Vec<_> =
            (0..4).map(|_| partitioner.select(&target, &Partitioning::Balanced)).collect();
        assert_eq!(turns, [Some(0), Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn given_a_key_select_should_be_stable_and_in_range() {
        let (partitioner, target) = (Partitioner::default(), Target::new("s", "t"));
        partitioner.learn(&target, 5);
        let key = Partitioning::Key(Bytes::from_static(b"customer-17"));
        let first = partitioner.select(&target, &key);
        assert!(first.is_some_and(|partition| partition < 5));
        assert_eq!(partitioner.select(&target, &key), first);
        partitioner.forget(&target);
        assert_eq!(partitioner.select(&target, &key), None);
    }

    #[test]
    fn given_no_partitions_select_should_find_none() {
        let (partitioner, target) = (Partitioner::default(), Target::new("s", "t"));
        partitioner.learn(&target, 0);
        assert_eq!(partitioner.select(&target, &Partitioning::Balanced), None);
    }
}
