//! Finds the message that ends an instance, so that its neighbours can go on.
//!
//! Only a trap, a CPU deadline or a memory limit is held against a message. The range of offsets that was in
//! hand comes again on a fresh instance with `isolate` set, and a guest that marks each message before it
//! touches it has named the guilty one if it ends again. If it named none, the range comes message by
//! message: each neighbour is delivered once more, where cutting the range in halves would
//! deliver those next to the guilty one again with every cut.

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approach {
    /// On a fresh instance, with `isolate` set.
    Marking,
    /// One message at a time.
    Singly,
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
    matches!(fault.kind, FaultKind::Trap(_) | FaultKind::CpuTimeout { .. } | FaultKind::Memory(_))
}

impl Quarantine {
    /// Cuts `root` as carefully as what is known of its offsets asks for. Nothing known: one part.
    pub(super) fn cut(&mut self, root: &Stage) -> Vec<Part> {
        let batch = &root.batch;
        if self.suspect.as_ref().is_some_and(|suspect| batch.begin >= suspect.offsets.end) {
            self.suspect = None;
        }
        self.guilty = self.guilty.split_off(&batch.begin);
        if self.suspect.is_none() && self.guilty.is_empty() {
            return vec![Part { stage: root.clone(), end: batch.end, guilty: Vec::new() }];
        }
        let singly = self.suspect.as_ref().is_some_and(|it| it.approach == Approach::Singly);
        let mut parts = Vec::new();
        let mut begin = batch.begin;
        let all: Vec<u32> = (0..batch.len() as u32).collect();
        let groups: Vec<&[u32]> = if singly { all.chunks(1).collect() } else { vec![&all] };
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

    /// An instance ended while it had `part` of `root` in hand. True: a message was found guilty.
    /// `suspected` are the root messages behind the one that the guest had marked.
    pub(super) fn strike(
        &mut self,
        root: &Stage,
        part: &Stage,
        (guest, fault): (&Arc<Identity>, &Arc<Fault>),
        suspected: &[u32],
    ) -> bool {
        let only = match part.batch.len() {
            1 => Some(part.lineage.of(0).first()),
            _ => None,
        };
        let named: Vec<u32> = match only {
            // Alone with a fresh instance and ended it again, or the only one it can have been.
            Some(only) if part.batch.isolate => vec![only],
            _ if part.batch.isolate => suspected.to_vec(),
            _ => Vec::new(),
        };
        for index in &named {
            let failed = Failed {
                root: *index,
                guest: Arc::clone(guest),
                verdict: Verdict::Reject,
                code: fault.kind.code().to_owned(),
                detail: fault.to_string(),
                attempts: 2,
                fault: Some(Arc::clone(fault)),
            };
            self.guilty.insert(root.batch.offsets[*index as usize], failed);
        }
        let approach = match (&self.suspect, named.is_empty()) {
            // It marked nothing, or nothing that helped.
            (Some(_), true) if part.batch.isolate => Approach::Singly,
            (Some(suspect), _) => suspect.approach,
            (None, _) => Approach::Marking,
        };
        let offsets = match self.suspect.take() {
            Some(known) => {
                known.offsets.start.min(root.batch.begin)..known.offsets.end.max(root.batch.end)
            }
            None => root.batch.begin..root.batch.end,
        };
        self.suspect = Some(Suspect { offsets, approach });
        !named.is_empty()
    }
}
