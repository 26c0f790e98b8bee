//! All that a connector's state holds, taken out and put back.

use std::collections::BTreeMap;
use std::ops::Range;

use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _, WriteTransaction};

use crate::StateError;
use crate::connector::{Checkpoint, ConnectorState, Writes};
use crate::pending::Pending;
use crate::seek::Seek;
use crate::tables::{CHECKPOINTS, CURSORS, PENDING, PENDING_VALUES, SEEKS, VALUES};

/// Values by their keys.
pub type Values = BTreeMap<String, Vec<u8>>;

/// A connector's state, without its records about dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateSnapshot {
    /// The source's cursor.
    pub cursor: Option<Vec<u8>>,
    /// Values by keyspace.
    pub keyspaces: BTreeMap<String, Values>,
    /// What the values account for, by partition.
    pub checkpoints: BTreeMap<String, Checkpoint>,
    /// Seeks by partition.
    pub seeks: BTreeMap<String, Seek>,
    /// Writes that wait for their destination.
    pub pending: Vec<Pending>,
}

impl StateSnapshot {
    /// Whether nothing would be lost if it were replaced. Seeks that were carried out do not count:
    /// they only number the epochs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cursor.is_none()
            && self.keyspaces.is_empty()
            && self.checkpoints.is_empty()
            && self.pending.is_empty()
            && self.seeks.values().all(|seek| seek.next.is_none())
    }
}

impl ConnectorState {
    /// Everything, as of one moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn snapshot(&self) -> Result<StateSnapshot, StateError> {
        let transaction = self.database.begin_read()?;
        let cursors = transaction.open_table(CURSORS)?;
        let cursor = cursors.get(&*self.connector)?.map(|cursor| cursor.value().to_vec());
        Ok(StateSnapshot {
            cursor,
            keyspaces: self.read_values(&transaction)?,
            checkpoints: self.read_checkpoints(&transaction)?,
            seeks: self.read_seeks(&transaction)?,
            pending: self.read_pending(&transaction)?,
        })
    }

    /// Puts `snapshot` in the place of everything, synced to disk. Seeks of partitions that it does not
    /// name stay, and the number of seeks never falls: a destination may know the later epochs.
    ///
    /// # Errors
    /// When the database cannot be written; then all is as it was.
    pub fn restore(&self, snapshot: &StateSnapshot) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        self.clear(&transaction)?;
        if let Some(cursor) = &snapshot.cursor {
            transaction.open_table(CURSORS)?.insert(&*self.connector, cursor.as_slice())?;
        }
        self.write_values(&transaction, snapshot)?;
        self.write_partitions(&transaction, snapshot)?;
        transaction.commit()?;
        Ok(())
    }

    /// Removes cursor, values, checkpoints and what was pending, synced to disk. Seeks and records about
    /// dead letters stay.
    ///
    /// # Errors
    /// When the database cannot be written; then all is as it was.
    pub fn reset(&self) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        self.clear(&transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// Removes the values of one keyspace, pending ones too, synced to disk. Answers how many there were.
    ///
    /// # Errors
    /// When the database cannot be written; then all is as it was.
    pub fn reset_keyspace(&self, keyspace: &str) -> Result<u64, StateError> {
        let mut removed = 0;
        let transaction = self.database.begin_write()?;
        {
            let ours = self.keys();
            let mut values = transaction.open_table(VALUES)?;
            let range = (ours.start.as_str(), "", "")..(ours.end.as_str(), "", "");
            values.retain_in(range, |(_, space, _), _| {
                let keep = space != keyspace;
                removed += u64::from(!keep);
                keep
            })?;
            let mut pending = transaction.open_table(PENDING_VALUES)?;
            let range = (ours.start.as_str(), "", "", "")..(ours.end.as_str(), "", "", "");
            pending.retain_in(range, |(_, _, space, _), _| {
                let keep = space != keyspace;
                removed += u64::from(!keep);
                keep
            })?;
        }
        transaction.commit()?;
        Ok(removed)
    }

    fn clear(&self, transaction: &WriteTransaction) -> Result<(), StateError> {
        let ours = self.keys();
        let (first, after) = (ours.start.as_str(), ours.end.as_str());
        transaction.open_table(CURSORS)?.remove(first)?;
        let mut values = transaction.open_table(VALUES)?;
        values.retain_in((first, "", "")..(after, "", ""), |_, _| false)?;
        let mut checkpoints = transaction.open_table(CHECKPOINTS)?;
        checkpoints.retain_in((first, "")..(after, ""), |_, _| false)?;
        let mut pending = transaction.open_table(PENDING)?;
        pending.retain_in((first, "")..(after, ""), |_, _| false)?;
        let mut values = transaction.open_table(PENDING_VALUES)?;
        values.retain_in((first, "", "", "")..(after, "", "", ""), |_, _| false)?;
        Ok(())
    }

    fn write_values(
        &self,
        transaction: &WriteTransaction,
        snapshot: &StateSnapshot,
    ) -> Result<(), StateError> {
        let mut table = transaction.open_table(VALUES)?;
        for (keyspace, values) in &snapshot.keyspaces {
            for (key, value) in values {
                let key = (&*self.connector, keyspace.as_str(), key.as_str());
                table.insert(key, value.as_slice())?;
            }
        }
        Ok(())
    }

    fn write_partitions(
        &self,
        transaction: &WriteTransaction,
        snapshot: &StateSnapshot,
    ) -> Result<(), StateError> {
        {
            let mut table = transaction.open_table(CHECKPOINTS)?;
            for (partition, Checkpoint { epoch, next }) in &snapshot.checkpoints {
                table.insert((&*self.connector, partition.as_str()), (*epoch, *next))?;
            }
        }
        {
            let mut table = transaction.open_table(SEEKS)?;
            for (partition, Seek { count, next }) in &snapshot.seeks {
                let key = (&*self.connector, partition.as_str());
                let known = table.get(key)?.map_or(0, |known| known.value().0);
                table.insert(key, (known.max(*count), *next))?;
            }
        }
        for pending in &snapshot.pending {
            self.put_pending(transaction, pending)?;
        }
        Ok(())
    }

    fn read_values(
        &self,
        transaction: &ReadTransaction,
    ) -> Result<BTreeMap<String, Values>, StateError> {
        let table = transaction.open_table(VALUES)?;
        let mut keyspaces: BTreeMap<String, Values> = BTreeMap::new();
        let ours = self.keys();
        for entry in table.range((ours.start.as_str(), "", "")..(ours.end.as_str(), "", ""))? {
            let (key, value) = entry?;
            let (_, keyspace, key) = key.value();
            let values = keyspaces.entry(keyspace.to_owned()).or_default();
            values.insert(key.to_owned(), value.value().to_vec());
        }
        Ok(keyspaces)
    }

    fn read_checkpoints(
        &self,
        transaction: &ReadTransaction,
    ) -> Result<BTreeMap<String, Checkpoint>, StateError> {
        let table = transaction.open_table(CHECKPOINTS)?;
        let mut checkpoints = BTreeMap::new();
        let ours = self.keys();
        for entry in table.range((ours.start.as_str(), "")..(ours.end.as_str(), ""))? {
            let (key, checkpoint) = entry?;
            let (epoch, next) = checkpoint.value();
            checkpoints.insert(key.value().1.to_owned(), Checkpoint { epoch, next });
        }
        Ok(checkpoints)
    }

    fn read_seeks(
        &self,
        transaction: &ReadTransaction,
    ) -> Result<BTreeMap<String, Seek>, StateError> {
        let table = transaction.open_table(SEEKS)?;
        let mut seeks = BTreeMap::new();
        let ours = self.keys();
        for entry in table.range((ours.start.as_str(), "")..(ours.end.as_str(), ""))? {
            let (key, seek) = entry?;
            let (count, next) = seek.value();
            seeks.insert(key.value().1.to_owned(), Seek { count, next });
        }
        Ok(seeks)
    }

    fn read_pending(&self, transaction: &ReadTransaction) -> Result<Vec<Pending>, StateError> {
        let ends = transaction.open_table(PENDING)?;
        let values = transaction.open_table(PENDING_VALUES)?;
        let mut all = Vec::new();
        let ours = self.keys();
        for entry in ends.range((ours.start.as_str(), "")..(ours.end.as_str(), ""))? {
            let (key, end) = entry?;
            let (partition, (epoch, next)) = (key.value().1, end.value());
            let mut writes: BTreeMap<String, Writes> = BTreeMap::new();
            for entry in values.range((ours.start.as_str(), partition, "", "")..)? {
                let (key, value) = entry?;
                let (connector, place, keyspace, key) = key.value();
                if connector != ours.start || place != partition {
                    break;
                }
                let value = value.value().map(<[u8]>::to_vec);
                writes.entry(keyspace.to_owned()).or_default().insert(key.to_owned(), value);
            }
            all.push(Pending {
                partition: partition.to_owned(),
                end: Checkpoint { epoch, next },
                writes: writes.into_iter().collect(),
            });
        }
        Ok(all)
    }

    /// The connector's own name, and the shortest name after it: all of its keys lie between.
    fn keys(&self) -> Range<String> {
        self.connector.to_string()..format!("{}\0", self.connector)
    }
}

#[cfg(test)]
mod tests;
