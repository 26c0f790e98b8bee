//! One assigned partition: what the table of positions says about it, and what is held.

use std::rc::Rc;

use kennel_sdk::prelude::*;

use crate::plan::Plan;
use crate::position::Stored;
use crate::rows::Rows;

/// One assigned partition.
#[derive(Debug)]
pub(crate) struct Partition {
    /// The next offset in the table of positions, of this epoch.
    stored: Option<u64>,
    /// The host's checkpoint: all before it is settled.
    saved: Option<u64>,
    held: Option<Held>,
}

/// What was taken and is not committed. The rows stay here, so that they can be written again when the connection and with
/// it the transaction is lost.
#[derive(Debug)]
struct Held {
    /// One past the last offset.
    end: u64,
    chunks: Vec<Chunk>,
}

/// Rows of one batch, and how they were made.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) plan: Rc<Plan>,
    pub(crate) rows: Rows,
}

/// What a reconnected sink finds about what it holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The commit whose answer was lost had happened.
    Committed,
    /// Nothing of it is there.
    Missing,
    /// Somebody else has moved the partition on.
    Foreign,
}

impl Partition {
    pub(crate) fn new(stored: Option<u64>, saved: Option<u64>) -> Self {
        Self { stored, saved, held: None }
    }

    /// The next offset in the table of positions.
    pub(crate) fn stored(&self) -> Option<u64> {
        self.stored
    }

    /// Where the partition is once what is held is committed; none: nothing is held.
    pub(crate) fn held_end(&self) -> Option<u64> {
        self.held.as_ref().map(|held| held.end)
    }

    /// Rows that are held.
    pub(crate) fn chunks(&self) -> &[Chunk] {
        self.held.as_ref().map_or(&[], |held| &held.chunks)
    }

    /// Number of rows that are held.
    pub(crate) fn rows(&self) -> usize {
        self.chunks().iter().map(|chunk| chunk.rows.len()).sum()
    }

    /// The first offset of `batch` that is not here yet.
    ///
    /// # Errors
    /// Fenced, if messages between are missing.
    pub(crate) fn first_new(&self, batch: &Batch) -> Result<u64, Error> {
        let reached = self.held_end().or(self.stored);
        match reached {
            None => Ok(batch.begin()),
            Some(reached) if batch.begin() > reached.max(self.saved.unwrap_or(0)) => {
                Err(Error::fenced(format!(
                    "the rows of this partition end at offset {reached}, but the batch begins at {}",
                    batch.begin()
                )))
            }
            Some(reached) => Ok(reached.max(batch.begin())),
        }
    }

    /// Holds rows that are in the transaction; all offsets before `end` are accounted for.
    pub(crate) fn hold(&mut self, plan: &Rc<Plan>, rows: Rows, end: u64) {
        let held = self.held.get_or_insert_with(|| Held { end, chunks: Vec::new() });
        held.end = held.end.max(end);
        if !rows.is_empty() {
            held.chunks.push(Chunk { plan: Rc::clone(plan), rows });
        }
    }

    /// What was held is committed; answers how many rows.
    pub(crate) fn committed(&mut self) -> usize {
        let rows = self.rows();
        if let Some(held) = self.held.take() {
            self.stored = Some(held.end);
        }
        rows
    }

    /// Compares what is held with what the table of positions says now.
    pub(crate) fn compare(&self, stored: Stored) -> Found {
        match stored {
            Stored::Next(next) if Some(next) == self.held_end() => Found::Committed,
            Stored::Next(next) if Some(next) == self.stored => Found::Missing,
            // Nothing was there, or an operator has removed it.
            Stored::Nothing => Found::Missing,
            Stored::Next(_) | Stored::LaterEpoch => Found::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use kennel_sdk::testing::BatchBuilder;

    use super::*;

    fn batch(first: u64, messages: usize) -> Batch {
        BatchBuilder::json(vec!["{}"; messages]).offset(first).build()
    }

    #[test]
    fn given_offsets_that_are_here_should_begin_behind_them() {
        let partition = Partition::new(Some(10), None);
        assert_eq!(partition.first_new(&batch(5, 10)), Ok(10));
        assert_eq!(partition.first_new(&batch(10, 1)), Ok(10));
        assert_eq!(Partition::new(None, None).first_new(&batch(7, 1)), Ok(7));
    }

    #[test]
    fn given_a_gap_should_be_fenced_unless_the_host_has_settled_it() {
        let gap = Partition::new(Some(10), Some(9)).first_new(&batch(11, 1));
        assert!(matches!(gap, Err(Error::Fenced(_))), "{gap:?}");
        assert_eq!(Partition::new(Some(10), Some(12)).first_new(&batch(12, 1)), Ok(12));
    }

    #[test]
    fn given_a_lost_answer_should_tell_a_commit_from_none_and_from_a_stranger() {
        let mut partition = Partition::new(Some(10), None);
        let mut held_since_the_start = Partition::new(None, None);
        for held in [&mut partition, &mut held_since_the_start] {
            held.held = Some(Held { end: 20, chunks: Vec::new() });
        }
        assert_eq!(partition.compare(Stored::Next(20)), Found::Committed);
        assert_eq!(partition.compare(Stored::Next(10)), Found::Missing);
        assert_eq!(partition.compare(Stored::Nothing), Found::Missing);
        assert_eq!(partition.compare(Stored::Next(15)), Found::Foreign);
        assert_eq!(partition.compare(Stored::LaterEpoch), Found::Foreign);
        assert_eq!(held_since_the_start.compare(Stored::Next(15)), Found::Foreign);
    }
}
