//! A consumer group: who owns which partition.
//!
//! Assignment is sticky and balanced. A partition that changes hands while its owner has polled
//! messages it has not committed is *handed off*: the old owner may no longer poll it but may still
//! commit, and the new owner gets it when the commit has caught up with what was polled, when the
//! old owner leaves, or when [`HANDOFF_PATIENCE`] has passed. So a rebalance between live members
//! repeats no message.
//!
//! This is a pure state machine: committed offsets come in through [`Committed`], time as an
//! argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use iggy_binary_protocol::WireName;

use crate::registry::Named;

/// How long an old owner may take to commit before its partition is given away regardless.
pub(crate) const HANDOFF_PATIENCE: Duration = Duration::from_secs(30);

/// A member: the number of its connection, which is never reused.
pub(crate) type MemberId = u32;

/// Where a group learns what has been committed on its behalf.
pub(crate) trait Committed {
    /// The group's committed offset in a partition of its topic.
    fn committed(&self, partition: u32) -> Option<u64>;
}

/// What a member wants to do with a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Poll,
    Commit,
}

#[derive(Debug)]
struct Handoff {
    to: MemberId,
    since: Instant,
}

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Group {
    id: u32,
    name: WireName,
    generation: u64,
    members: Vec<MemberId>,
    owners: BTreeMap<u32, MemberId>,
    handoffs: BTreeMap<u32, Handoff>,
    /// The last offset polled from each partition by its present owner.
    delivered: BTreeMap<u32, u64>,
}

impl Named for Group {
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

impl Group {
    pub(crate) fn new(id: u32, name: WireName) -> Self {
        Self {
            id,
            name,
            generation: 0,
            members: Vec::new(),
            owners: BTreeMap::new(),
            handoffs: BTreeMap::new(),
            delivered: BTreeMap::new(),
        }
    }

    /// Grows with every change of ownership.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn members(&self) -> &[MemberId] {
        &self.members
    }

    pub(crate) fn is_member(&self, member: MemberId) -> bool {
        self.members.contains(&member)
    }

    /// Adds a member. Joining twice changes nothing.
    pub(crate) fn join(
        &mut self,
        member: MemberId,
        partitions: u32,
        committed: &impl Committed,
        now: Instant,
    ) {
        if !self.is_member(member) {
            self.members.push(member);
            self.rebalance(partitions, committed, now);
        }
    }

    /// Removes a member. `false` if it is none.
    pub(crate) fn leave(
        &mut self,
        member: MemberId,
        partitions: u32,
        committed: &impl Committed,
        now: Instant,
    ) -> bool {
        let before = self.members.len();
        self.members.retain(|other| *other != member);
        let left = self.members.len() < before;
        if left {
            self.rebalance(partitions, committed, now);
        }
        left
    }

    /// Assigns partitions `0..partitions` anew, moving as few as a balance allows.
    pub(crate) fn rebalance(&mut self, partitions: u32, committed: &impl Committed, now: Instant) {
        self.generation += 1;
        let waiting = std::mem::take(&mut self.handoffs);
        let members = &self.members;
        self.owners.retain(|partition, owner| *partition < partitions && members.contains(owner));
        self.delivered.retain(|partition, _| self.owners.contains_key(partition));
        for (partition, target) in self.targets(partitions) {
            match self.owners.get(&partition) {
                Some(owner) if *owner == target => {}
                Some(_) if self.is_in_flight(partition, committed) => {
                    let since = waiting.get(&partition).map_or(now, |handoff| handoff.since);
                    self.handoffs.insert(partition, Handoff { to: target, since });
                }
                _ => self.give(partition, target),
            }
        }
    }

    /// Completes the hand-offs that are due.
    pub(crate) fn settle(&mut self, committed: &impl Committed, now: Instant) {
        if self.handoffs.is_empty() {
            return;
        }
        let due: Vec<(u32, MemberId)> = self
            .handoffs
            .iter()
            .filter(|(partition, handoff)| {
                now.duration_since(handoff.since) >= HANDOFF_PATIENCE
                    || !self.is_in_flight(**partition, committed)
            })
            .map(|(partition, handoff)| (*partition, handoff.to))
            .collect();
        for (partition, target) in due {
            self.handoffs.remove(&partition);
            self.give(partition, target);
            self.generation += 1;
        }
    }

    /// Whether a member may use a partition now.
    pub(crate) fn allows(&self, member: MemberId, partition: u32, access: Access) -> bool {
        self.owners.get(&partition) == Some(&member)
            && (access == Access::Commit || !self.handoffs.contains_key(&partition))
    }

    /// Notes what a poll is about to deliver. `false` if the partition changed hands while the
    /// poll was reading: its messages must then not be delivered.
    pub(crate) fn deliver(&mut self, member: MemberId, partition: u32, last: u64) -> bool {
        if !self.allows(member, partition, Access::Poll) {
            return false;
        }
        // A poll of an earlier offset again does not take back what was delivered beyond it.
        let delivered = self.delivered.entry(partition).or_insert(last);
        *delivered = last.max(*delivered);
        true
    }

    /// The partitions a member may poll now, in ascending order.
    pub(crate) fn pollable(&self, member: MemberId) -> Vec<u32> {
        self.owners
            .keys()
            .copied()
            .filter(|partition| self.allows(member, *partition, Access::Poll))
            .collect()
    }

    fn give(&mut self, partition: u32, target: MemberId) {
        self.owners.insert(partition, target);
        self.delivered.remove(&partition);
    }

    fn is_in_flight(&self, partition: u32, committed: &impl Committed) -> bool {
        self.delivered
            .get(&partition)
            .is_some_and(|last| committed.committed(partition).is_none_or(|done| done < *last))
    }

    /// The balanced owner of every partition: present owners keep what their quota allows.
    fn targets(&self, partitions: u32) -> BTreeMap<u32, MemberId> {
        let mut room = self.quotas(partitions);
        let mut targets = BTreeMap::new();
        let mut free = Vec::new();
        for partition in 0..partitions {
            let keeper = self.owners.get(&partition).and_then(|owner| {
                room.iter_mut().find(|(member, left)| member == owner && *left > 0)
            });
            match keeper {
                Some((member, left)) => {
                    *left -= 1;
                    targets.insert(partition, *member);
                }
                None => free.push(partition),
            }
        }
        for partition in free {
            if let Some((member, left)) = room.iter_mut().find(|(_, left)| *left > 0) {
                *left -= 1;
                targets.insert(partition, *member);
            }
        }
        targets
    }

    /// How many partitions each member gets; what does not divide goes to who owns most already.
    fn quotas(&self, partitions: u32) -> Vec<(MemberId, usize)> {
        let (partitions, members) = (partitions as usize, self.members.len().max(1));
        let owned =
            |member: MemberId| self.owners.values().filter(|owner| **owner == member).count();
        let mut ranked = self.members.clone();
        ranked.sort_by_key(|member| std::cmp::Reverse(owned(*member)));
        ranked
            .into_iter()
            .enumerate()
            .map(|(rank, member)| {
                (member, partitions / members + usize::from(rank < partitions % members))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
