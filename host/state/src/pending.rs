//! State that waits for its destination.
//!
//! D5: a transactional destination commits rows and position on its own, so the host cannot commit the
//! state of that batch in the same transaction. It saves the writes beforehand, as pending until the
//! destination is at `end`, and whoever is assigned the partition next learns from the destination's
//! position whether they became true.

use redb::{ReadableTable as _, WriteTransaction};

use crate::StateError;
use crate::connector::{Checkpoint, ConnectorState, Writes};
use crate::tables::{CHECKPOINTS, PENDING, PENDING_VALUES, VALUES};

/// Writes of one partition that become true when the destination is at `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Name of the partition.
    pub partition: String,
    /// Epoch and position.
    pub end: Checkpoint,
    /// Values by keyspace.
    pub writes: Vec<(String, Writes)>,
}

impl ConnectorState {
    /// Saves `pending`, synced to disk. What was pending for the same partitions is replaced.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is there.
    pub fn prepare(&self, pending: &[Pending]) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        for pending in pending {
            self.drop_pending(&transaction, &pending.partition)?;
            self.put_pending(&transaction, pending)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Nothing is pending for the partition.
    pub(crate) fn put_pending(
        &self,
        transaction: &WriteTransaction,
        Pending { partition, end, writes }: &Pending,
    ) -> Result<(), StateError> {
        let mut ends = transaction.open_table(PENDING)?;
        ends.insert((&*self.connector, partition.as_str()), (end.epoch, end.next))?;
        let mut values = transaction.open_table(PENDING_VALUES)?;
        for (keyspace, writes) in writes {
            for (key, value) in writes {
                let key = (&*self.connector, partition.as_str(), keyspace.as_str(), key.as_str());
                values.insert(key, value.as_deref())?;
            }
        }
        Ok(())
    }

    /// The destination is at `position` in `partition`: applies what was pending until there, and drops
    /// what it did not reach.
    ///
    /// # Errors
    /// When the database cannot be written; then it is still pending.
    pub fn resolve(&self, partition: &str, position: Checkpoint) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        let end = {
            let ends = transaction.open_table(PENDING)?;
            let end = ends.get((&*self.connector, partition))?;
            end.map(|end| {
                let (epoch, next) = end.value();
                Checkpoint { epoch, next }
            })
        };
        let Some(end) = end else { return Ok(()) };
        if end.epoch == position.epoch && end.next <= position.next {
            let pending = transaction.open_table(PENDING_VALUES)?;
            let mut values = transaction.open_table(VALUES)?;
            for entry in pending.range((&*self.connector, partition, "", "")..)? {
                let (key, value) = entry?;
                let (connector, place, keyspace, key) = key.value();
                if connector != &*self.connector || place != partition {
                    break;
                }
                match value.value() {
                    Some(value) => values.insert((connector, keyspace, key), value)?,
                    None => values.remove((connector, keyspace, key))?,
                };
            }
            let mut checkpoints = transaction.open_table(CHECKPOINTS)?;
            checkpoints.insert((&*self.connector, partition), (end.epoch, end.next))?;
        }
        self.drop_pending(&transaction, partition)?;
        transaction.commit()?;
        Ok(())
    }

    fn drop_pending(
        &self,
        transaction: &WriteTransaction,
        partition: &str,
    ) -> Result<(), StateError> {
        transaction.open_table(PENDING)?.remove((&*self.connector, partition))?;
        let mut values = transaction.open_table(PENDING_VALUES)?;
        let first = (&*self.connector, partition, "", "");
        // The shortest name after `partition` is `partition` and a zero byte.
        let after = format!("{partition}\0");
        values.retain_in(first..(&*self.connector, after.as_str(), "", ""), |_, _| false)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateStore;

    fn pending(next: u64, value: Option<&str>) -> Pending {
        let value = value.map(|value| value.as_bytes().to_vec());
        Pending {
            partition: "s/t/0".into(),
            end: Checkpoint { epoch: 1, next },
            writes: vec![("sink:s/t/0".into(), [("k".to_owned(), value)].into())],
        }
    }

    fn state() -> (tempfile::TempDir, ConnectorState) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateStore::open(folder.path()).unwrap().connector("c");
        (folder, state)
    }

    fn value(state: &ConnectorState) -> Option<Vec<u8>> {
        state.get("sink:s/t/0", "k").unwrap()
    }

    #[test]
    fn given_a_destination_that_got_there_should_apply_what_was_pending() {
        let (_folder, state) = state();
        state.prepare(&[pending(10, Some("1"))]).unwrap();
        assert_eq!(value(&state), None, "not true before the destination says so");
        state.resolve("s/t/0", Checkpoint { epoch: 1, next: 10 }).unwrap();
        assert_eq!(value(&state), Some(b"1".to_vec()));
        assert_eq!(state.checkpoint("s/t/0").unwrap(), Some(Checkpoint { epoch: 1, next: 10 }));
        state.prepare(&[pending(20, None)]).unwrap();
        state.resolve("s/t/0", Checkpoint { epoch: 1, next: 25 }).unwrap();
        assert_eq!(value(&state), None);
    }

    #[test]
    fn given_a_destination_that_did_not_get_there_should_drop_it_for_good() {
        let (_folder, state) = state();
        for position in [Checkpoint { epoch: 1, next: 9 }, Checkpoint { epoch: 2, next: 30 }] {
            state.prepare(&[pending(10, Some("1"))]).unwrap();
            state.resolve("s/t/0", position).unwrap();
            state.resolve("s/t/0", Checkpoint { epoch: 1, next: 10 }).unwrap();
            assert_eq!(value(&state), None);
        }
    }

    #[test]
    fn given_a_partition_whose_name_begins_alike_should_leave_it_pending() {
        let (_folder, state) = state();
        let other = Pending { partition: "s/t/01".into(), ..pending(5, Some("other")) };
        state.prepare(&[pending(10, Some("1")), other]).unwrap();
        state.resolve("s/t/0", Checkpoint { epoch: 1, next: 0 }).unwrap();
        state.resolve("s/t/01", Checkpoint { epoch: 1, next: 5 }).unwrap();
        assert_eq!(value(&state), Some(b"other".to_vec()));
    }
}
