//! Finds the message that ends an instance, so that its neighbours can go on.
//!
//! Only a trap, a CPU deadline or a memory limit is held against a message. The range of offsets that was in
//! hand comes again on a fresh instance with `isolate` set, and a guest that marks each message before it
//! touches it has accused the guilty one if it ends again. An accused message then comes alone, because a
//! guest may mark wrongly, and only a message that ends an instance alone is guilty. If none was
//! accused, or the wrong one, all of the range come alone: each neighbour is delivered once more,
//! where cutting the range in halves would deliver those next to the guilty one with every cut.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use kennel_sandbox::{Fault, FaultKind, Verdict};

use crate::live::Identity;
use crate::settle::Failed;
use crate::stage::Stage;

/// What one partition has to fear.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    suspect: Option<Suspect>,
    /// Messages that will be touched no more, by offset.
    guilty: BTreeMap<u64, Failed>,
}

#[derive(Debug)]
struct Suspect {
    offsets: Range<u64>,
    approach: Approach,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Approach {
    /// All at once, with `isolate` set.
    Marking,
    /// These offsets alone, what lies between them together.
    Accused(Vec<u64>),
    /// Each message alone.
    Singly,
}

impl Approach {
    fn is_alone(&self, offset: u64) -> bool {
        match self {
            Self::Marking => false,
            Self::Accused(offsets) => offsets.contains(&offset),
            Self::Singly => true,
        }
    }
}

/// What an instance's end told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    /// Something in this batch may be guilty.
    Suspected,
    /// It is looked for more closely.
    Narrowed,
    /// It was found.
    Guilty,
}

/// A part of a batch that is delivered by itself.
pub(super) struct Part {
    /// Its messages, indices into the whole batch kept as lineage.
    pub(super) stage: Stage,
    /// All below is accounted for when it has been settled.
    pub(super) end: u64,
    /// Messages of it that are not to be touched.
    pub(super) guilty: Vec<Failed>,
}

/// Whether a fault may be a message's own: what the guest did with it, not how long others took.
pub(super) fn is_held_against_messages(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Trap(_) | FaultKind::CpuTimeout { .. } | FaultKind::Limit(_))
}

impl Quarantine {
    /// Cuts `root` as carefully as what is known of its offsets asks for. Nothing known: one part.
    pub(super) fn cut(&mut self, root: &Stage) -> Vec<Part> {
        let batch = &root.batch;
        let first = batch.offsets.first().copied().unwrap_or(batch.begin);
        if self.suspect.as_ref().is_some_and(|suspect| first >= suspect.offsets.end) {
            self.suspect = None;
        }
        self.guilty = self.guilty.split_off(&first);
        if self.suspect.is_none() && self.guilty.is_empty() {
            return vec![Part { stage: root.clone(), end: batch.end, guilty: Vec::new() }];
        }
        let is_alone = |index: u32| {
            let approach = self.suspect.as_ref().map(|suspect| &suspect.approach);
            approach.is_some_and(|approach| approach.is_alone(batch.offsets[index as usize]))
        };
        let mut parts = Vec::new();
        let mut begin = batch.begin;
        let all: Vec<u32> = (0..batch.len() as u32).collect();
        let groups: Vec<&[u32]> =
            all.chunk_by(|left, right| !is_alone(*left) && !is_alone(*right)).collect();
        let last = groups.len().saturating_sub(1);
        for (number, group) in groups.into_iter().enumerate() {
            let end = match group.last() {
                Some(index) if number < last => batch.offsets[*index as usize] + 1,
                _ => batch.end,
            };
            let (mut guilty, mut innocent) = (Vec::new(), Vec::with_capacity(group.len()));
            for index in group {
                match self.guilty.get(&batch.offsets[*index as usize]) {
                    Some(failed) => guilty.push(Failed { root: *index, ..failed.clone() }),
                    None => innocent.push(*index),
                }
            }
            let mut stage = root.part(&innocent, begin, end);
            stage.batch.isolate = self.suspect.is_some();
            parts.push(Part { stage, end, guilty });
            begin = end;
        }
        parts
    }

    /// An instance ended while it had `part` of `root` in hand. `accused` are the root messages behind
    /// the one that the guest had marked.
    pub(super) fn strike(
        &mut self,
        root: &Stage,
        part: &Stage,
        (guest, fault): (&Arc<Identity>, &Arc<Fault>),
        accused: &[u32],
    ) -> Strike {
        let offsets = &root.batch.offsets;
        // Alone with an instance that knew what it was about, on at least the second try.
        let guilty =
            (part.batch.isolate && part.batch.len() == 1).then(|| part.lineage.of(0).first());
        if let Some(index) = guilty {
            let failed = Failed {
                root: index,
                guest: Arc::clone(guest),
                verdict: Verdict::Reject,
                code: fault.kind.code().to_owned(),
                detail: fault.to_string(),
                attempts: 2,
                fault: Some(Arc::clone(fault)),
            };
            self.guilty.insert(offsets[index as usize], failed);
        }
        let range = offsets.first().copied().unwrap_or(root.batch.begin)..root.batch.end;
        let known = self.suspect.take();
        let strike = match (guilty, &known) {
            (Some(_), _) => Strike::Guilty,
            (None, Some(_)) => Strike::Narrowed,
            (None, None) => Strike::Suspected,
        };
        let approach = match known.as_ref().map(|known| &known.approach) {
            None => Approach::Marking,
            // The others may be as bad; they were not the ones that ended this instance.
            Some(approach) if guilty.is_some() => approach.clone(),
            Some(Approach::Marking) if !accused.is_empty() => {
                Approach::Accused(accused.iter().map(|index| offsets[*index as usize]).collect())
            }
            Some(_) => Approach::Singly,
        };
        let offsets = match known.map(|known| known.offsets) {
            Some(known) => known.start.min(range.start)..known.end.max(range.end),
            None => range,
        };
        self.suspect = Some(Suspect { offsets, approach });
        strike
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kennel_broker::PolledBatch;
    use kennel_sandbox::{Format, Origin};

    use super::*;

    fn root(offsets: Range<u64>) -> Stage {
        let origin = Origin { stream: "s".into(), topic: "t".into(), partition: 0, epoch: 0 };
        let count = (offsets.end - offsets.start) as usize;
        let polled = PolledBatch {
            data: Bytes::from_static(b"x"),
            spans: [0, 1, 1, 1].repeat(count),
            offsets: offsets.clone().collect(),
            current_offset: offsets.end - 1,
        };
        Stage::polled(polled, origin, Format::Raw, offsets.start)
    }

    fn fault() -> (Arc<Identity>, Arc<Fault>) {
        let identity = Identity { component: "c".into(), role: "sink".into(), digest: "d".into() };
        let fault = Fault {
            export: "sink.consume",
            kind: FaultKind::CpuTimeout { limit: std::time::Duration::from_secs(1) },
            backtrace: None,
            last_lines: Vec::new(),
            marked: None,
        };
        (Arc::new(identity), Arc::new(fault))
    }

    /// Delivers `root` until nothing ends any more: a message ends its instance if it is poison; `mark`
    /// says which one the guest accuses. Answers how often each offset was delivered, and the guilty.
    fn deliver(
        root: &Stage,
        poison: &[u64],
        mark: impl Fn(u64) -> Option<u64>,
    ) -> (BTreeMap<u64, u32>, Vec<u64>) {
        let mut quarantine = Quarantine::default();
        let mut delivered = BTreeMap::new();
        let mut settled = root.batch.begin;
        let mut guilty = Vec::new();
        let (guest, fault) = fault();
        'again: for _ in 0..1000 {
            let rest: Vec<u32> = (0..root.batch.len() as u32)
                .filter(|index| root.batch.offsets[*index as usize] >= settled)
                .collect();
            let Some(first) = rest.first() else { return (delivered, guilty) };
            let again = self::root(root.batch.offsets[*first as usize]..root.batch.end);
            for part in quarantine.cut(&again) {
                for offset in part.stage.batch.offsets.iter() {
                    if poison.contains(offset) {
                        let accused =
                            mark(*offset).map(|offset| (offset - again.batch.begin) as u32);
                        let accused: Vec<u32> = accused.into_iter().collect();
                        let by = (&guest, &fault);
                        quarantine.strike(&again, &part.stage, by, &accused);
                        continue 'again;
                    }
                    *delivered.entry(*offset).or_default() += 1;
                }
                guilty.extend(
                    part.guilty.iter().map(|failed| again.batch.offsets[failed.root as usize]),
                );
                assert_eq!(part.stage.batch.end, part.end);
                settled = part.end;
            }
        }
        panic!("it never ended");
    }

    #[test]
    fn given_a_guest_that_marks_should_deliver_neighbours_at_most_twice_more() {
        let (delivered, guilty) = deliver(&root(100..200), &[150], Some);
        assert_eq!(guilty, [150]);
        assert_eq!(delivered.len(), 99);
        assert!(delivered.values().all(|times| (1..=3).contains(times)), "{delivered:?}");
    }

    #[test]
    fn given_a_guest_that_marks_nothing_should_find_it_one_by_one() {
        let (delivered, guilty) = deliver(&root(0..100), &[40], |_| None);
        assert_eq!(guilty, [40]);
        assert!(delivered.values().all(|times| (1..=3).contains(times)), "{delivered:?}");
    }

    #[test]
    fn given_a_guest_that_marks_wrongly_should_not_blame_the_innocent() {
        let (delivered, guilty) = deliver(&root(0..100), &[40], |_| Some(99));
        assert_eq!(guilty, [40]);
        assert_eq!(delivered.len(), 99);
    }

    #[test]
    fn given_several_guilty_ones_should_find_each_and_no_other() {
        let (delivered, guilty) = deliver(&root(0..50), &[0, 7, 8, 49], Some);
        assert_eq!(guilty, [0, 7, 8, 49]);
        assert_eq!(delivered.len(), 46);
    }
}
