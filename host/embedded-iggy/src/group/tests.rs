use std::collections::HashMap;

use super::*;

#[derive(Default)]
struct Offsets(HashMap<u32, u64>);

impl Committed for Offsets {
    fn committed(&self, partition: u32) -> Option<u64> {
        self.0.get(&partition).copied()
    }
}

fn group() -> Group {
    Group::new(0, WireName::new("group").unwrap())
}

#[test]
fn given_one_member_when_it_joins_should_own_every_partition() {
    let mut group = group();
    group.join(1, 3, &Offsets::default(), Instant::now());
    assert_eq!(group.pollable(1), [0, 1, 2]);
    assert_eq!(group.generation(), 1);
}

#[test]
fn given_a_member_when_it_joins_twice_should_change_nothing() {
    let mut group = group();
    group.join(1, 3, &Offsets::default(), Instant::now());
    group.join(1, 3, &Offsets::default(), Instant::now());
    assert_eq!(group.members(), [1]);
    assert_eq!(group.generation(), 1);
}

#[test]
fn given_idle_partitions_when_a_second_member_joins_should_share_at_once() {
    let mut group = group();
    let offsets = Offsets::default();
    group.join(1, 4, &offsets, Instant::now());
    group.join(2, 4, &offsets, Instant::now());
    assert_eq!(group.pollable(1).len(), 2);
    assert_eq!(group.pollable(2).len(), 2);
}

#[test]
fn given_more_members_than_partitions_should_leave_the_last_without() {
    let mut group = group();
    let offsets = Offsets::default();
    for member in 1..=3 {
        group.join(member, 2, &offsets, Instant::now());
    }
    let owned: usize = (1..=3).map(|member| group.pollable(member).len()).sum();
    assert_eq!(owned, 2);
    assert!(group.pollable(3).is_empty());
}

#[test]
fn given_uncommitted_messages_when_rebalanced_should_hand_off_after_the_commit() {
    let (mut group, mut offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 2, &offsets, now);
    assert!(group.deliver(1, 0, 9));
    assert!(group.deliver(1, 1, 9));
    group.join(2, 2, &offsets, now);
    let moving = (0..2).find(|p| !group.allows(1, *p, Access::Poll)).unwrap();
    assert!(group.allows(1, moving, Access::Commit));
    assert!(group.pollable(2).is_empty());

    offsets.0.insert(moving, 8);
    group.settle(&offsets, now);
    assert!(group.pollable(2).is_empty());

    offsets.0.insert(moving, 9);
    let generation = group.generation();
    group.settle(&offsets, now);
    assert_eq!(group.pollable(2), [moving]);
    assert!(!group.allows(1, moving, Access::Commit));
    assert!(group.generation() > generation);
}

#[test]
fn given_a_stuck_owner_when_patience_ends_should_hand_off_regardless() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 1, &offsets, now);
    group.deliver(1, 0, 5);
    group.join(2, 1, &offsets, now);
    group.join(3, 2, &offsets, now);
    group.settle(&offsets, now + HANDOFF_PATIENCE - Duration::from_millis(1));
    assert!(group.allows(1, 0, Access::Commit));
    group.leave(1, 2, &offsets, now);
    let owners = [2, 3].map(|member| group.pollable(member).len());
    assert_eq!(owners, [1, 1]);
}

#[test]
fn given_a_handoff_when_patience_ends_should_move_the_partition() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 2, &offsets, now);
    group.deliver(1, 0, 5);
    group.deliver(1, 1, 5);
    group.join(2, 2, &offsets, now);
    assert!(group.pollable(2).is_empty());
    group.settle(&offsets, now + HANDOFF_PATIENCE);
    assert_eq!(group.pollable(2).len(), 1);
}

#[test]
fn given_an_owner_with_uncommitted_messages_when_it_leaves_should_hand_over_at_once() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 1, &offsets, now);
    group.join(2, 1, &offsets, now);
    group.deliver(1, 0, 5);
    assert!(group.leave(1, 1, &offsets, now));
    assert_eq!(group.pollable(2), [0]);
    assert!(!group.leave(1, 1, &offsets, now));
}

#[test]
fn given_a_poll_that_lost_its_partition_while_reading_should_not_deliver() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 1, &offsets, now);
    group.join(2, 1, &offsets, now);
    group.leave(1, 1, &offsets, now);
    assert!(!group.deliver(1, 0, 5));
}

#[test]
fn given_a_balanced_group_when_partitions_are_added_should_keep_what_was_owned() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 2, &offsets, now);
    group.join(2, 2, &offsets, now);
    let before = [group.pollable(1), group.pollable(2)];
    group.rebalance(4, &offsets, now);
    for (member, kept) in [1, 2].into_iter().zip(before) {
        let after = group.pollable(member);
        assert_eq!(after.len(), 2);
        assert!(kept.iter().all(|partition| after.contains(partition)));
    }
}

#[test]
fn given_fewer_partitions_when_rebalanced_should_forget_the_removed() {
    let (mut group, offsets) = (group(), Offsets::default());
    let now = Instant::now();
    group.join(1, 3, &offsets, now);
    group.rebalance(1, &offsets, now);
    assert_eq!(group.pollable(1), [0]);
}
