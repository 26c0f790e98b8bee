//! A topic: partitions, and the consumer groups that read them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use iggy_binary_protocol::{WireIdentifier, WireName, WirePartitioning};
use iggy_common::calculate_32;

use super::TopicSettings;
use crate::group::{Committed, Group, MemberId};
use crate::partition::{ConsumerKey, Partition};
use crate::registry::{Named, Registry};
use crate::status::Status;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) id: u32,
    pub(crate) name: WireName,
    /// Microseconds since the epoch.
    pub(crate) created_at: u64,
    pub(crate) settings: TopicSettings,
    /// A partition's id is its index.
    pub(crate) partitions: Vec<Arc<Partition>>,
    pub(crate) groups: Registry<Group>,
    next_balanced: AtomicU32,
}

impl Named for Topic {
    fn id(&self) -> u32 {
        self.id
    }

    fn name(&self) -> &WireName {
        &self.name
    }

    fn rename(&mut self, name: WireName) {
        self.name = name;
    }
}

/// The offsets one group has committed in a topic.
pub(crate) struct GroupOffsets<'a> {
    partitions: &'a [Arc<Partition>],
    key: ConsumerKey,
}

impl Committed for GroupOffsets<'_> {
    fn committed(&self, partition: u32) -> Option<u64> {
        self.partitions.get(partition as usize)?.stored_offset(&self.key)
    }
}

impl Topic {
    pub(crate) fn new(id: u32, name: WireName, created_at: u64, settings: TopicSettings) -> Self {
        Self {
            id,
            name,
            created_at,
            settings,
            partitions: Vec::new(),
            groups: Registry::default(),
            next_balanced: AtomicU32::new(0),
        }
    }

    pub(crate) fn partition(&self, id: u32) -> Result<&Arc<Partition>, Status> {
        self.partitions.get(id as usize).ok_or(Status::PARTITION_NOT_FOUND)
    }

    pub(crate) fn partitions_count(&self) -> u32 {
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn group(&self, group: &WireIdentifier) -> Result<&Group, Status> {
        self.groups.get(group).ok_or(Status::GROUP_NOT_FOUND)
    }

    /// A group with the offsets it has committed.
    pub(crate) fn group_mut(
        &mut self,
        group: &WireIdentifier,
    ) -> Result<(&mut Group, GroupOffsets<'_>), Status> {
        let group = self.groups.get_mut(group).ok_or(Status::GROUP_NOT_FOUND)?;
        let offsets =
            GroupOffsets { partitions: &self.partitions, key: ConsumerKey::Group(group.id()) };
        Ok((group, offsets))
    }

    /// Assigns partitions anew in every group, after their number has changed.
    pub(crate) fn rebalance(&mut self) {
        let (now, count) = (Instant::now(), self.partitions_count());
        for group in self.groups.iter_mut() {
            let key = ConsumerKey::Group(group.id());
            group.rebalance(count, &GroupOffsets { partitions: &self.partitions, key }, now);
        }
    }

    pub(crate) fn drop_member(&mut self, member: MemberId, now: Instant) {
        let count = self.partitions_count();
        for group in self.groups.iter_mut() {
            let key = ConsumerKey::Group(group.id());
            let offsets = GroupOffsets { partitions: &self.partitions, key };
            group.leave(member, count, &offsets, now);
        }
    }

    /// The partition a batch goes to.
    pub(crate) fn route(&self, partitioning: &WirePartitioning) -> Result<&Arc<Partition>, Status> {
        let count = self.partitions_count();
        if count == 0 {
            return Err(Status::NO_PARTITIONS);
        }
        self.partition(match partitioning {
            WirePartitioning::PartitionId(id) => *id,
            WirePartitioning::Balanced => {
                self.next_balanced.fetch_add(1, Ordering::Relaxed) % count
            }
            WirePartitioning::MessagesKey(key) => calculate_32(key) % count,
        })
    }
}
