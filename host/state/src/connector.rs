//! One connector's part of the database.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _};

use crate::StateError;
use crate::tables::{CHECKPOINTS, CURSORS, RECORDS, VALUES};

/// Values to store, or `None` to remove.
pub type Writes = BTreeMap<String, Option<Vec<u8>>>;

/// How far one partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Offsets of different epochs are unrelated.
    pub epoch: u64,
    /// The next offset: all below is settled.
    pub next: u64,
}

/// One connector's cursors, values and checkpoints. Cheap to clone.
#[derive(Clone)]
pub struct ConnectorState {
    pub(crate) database: Arc<Database>,
    pub(crate) connector: Arc<str>,
}

/// What one checkpoint makes durable, all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The source's new cursor.
    pub cursor: Option<Vec<u8>>,
    /// Values by keyspace.
    pub writes: Vec<(String, Writes)>,
    /// How far the partitions are that the values account for.
    pub checkpoints: Vec<(String, Checkpoint)>,
}

impl Commit {
    /// Whether there is nothing to make durable. Checkpoints alone are not worth a transaction: they
    /// only say what the values account for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cursor.is_none() && self.writes.iter().all(|(_, writes)| writes.is_empty())
    }
}

impl ConnectorState {
    pub(crate) fn new(database: Arc<Database>, connector: &str) -> Self {
        Self { database, connector: connector.into() }
    }

    /// The saved cursor.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self) -> Result<Option<Vec<u8>>, StateError> {
        let table = self.database.begin_read()?.open_table(CURSORS)?;
        Ok(table.get(&*self.connector)?.map(|cursor| cursor.value().to_vec()))
    }

    /// What the values of `partition` account for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn checkpoint(&self, partition: &str) -> Result<Option<Checkpoint>, StateError> {
        let table = self.database.begin_read()?.open_table(CHECKPOINTS)?;
        let found = table.get((&*self.connector, partition))?;
        Ok(found.map(|found| {
            let (epoch, next) = found.value();
            Checkpoint { epoch, next }
        }))
    }

    /// Makes `commit` durable in one transaction, synced to disk. Blocks for the sync.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of the commit is there.
    pub fn commit(&self, commit: &Commit) -> Result<(), StateError> {
        if commit.is_empty() {
            return Ok(());
        }
        let transaction = self.database.begin_write()?;
        if let Some(cursor) = &commit.cursor {
            transaction.open_table(CURSORS)?.insert(&*self.connector, cursor.as_slice())?;
        }
        {
            let mut table = transaction.open_table(VALUES)?;
            for (keyspace, writes) in &commit.writes {
                for (key, value) in writes {
                    let key = (&*self.connector, keyspace.as_str(), key.as_str());
                    match value {
                        Some(value) => table.insert(key, value.as_slice())?,
                        None => table.remove(key)?,
                    };
                }
            }
            let mut table = transaction.open_table(CHECKPOINTS)?;
            for (partition, Checkpoint { epoch, next }) in &commit.checkpoints {
                table.insert((&*self.connector, partition.as_str()), (*epoch, *next))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The value of `key` in `keyspace`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn get(&self, keyspace: &str, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        let table = self.database.begin_read()?.open_table(VALUES)?;
        let value = table.get((&*self.connector, keyspace, key))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    /// At most `limit` pairs of `keyspace` whose keys start with `prefix` and lie after `after`, in
    /// key order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scan(
        &self,
        keyspace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let from = after.filter(|after| *after > prefix).unwrap_or(prefix);
        let table = self.database.begin_read()?.open_table(VALUES)?;
        let mut pairs = Vec::new();
        for entry in table.range((&*self.connector, keyspace, from)..)? {
            let (key, value) = entry?;
            let (connector, space, key) = key.value();
            let inside = connector == &*self.connector && space == keyspace;
            if !inside || !key.starts_with(prefix) || pairs.len() == limit {
                break;
            }
            if after.is_none_or(|after| key > after) {
                pairs.push((key.to_owned(), value.value().to_vec()));
            }
        }
        Ok(pairs)
    }

    /// Bytes of keys and values in `keyspace`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn size(&self, keyspace: &str) -> Result<u64, StateError> {
        let table = self.database.begin_read()?.open_table(VALUES)?;
        let mut size = 0;
        for entry in table.range((&*self.connector, keyspace, "")..)? {
            let (key, value) = entry?;
            let (connector, space, key) = key.value();
            if connector != &*self.connector || space != keyspace {
                break;
            }
            size += (key.len() + value.value().len()) as u64;
        }
        Ok(size)
    }

    /// Names of the keyspaces that hold a value.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn keyspaces(&self) -> Result<Vec<String>, StateError> {
        let table = self.database.begin_read()?.open_table(VALUES)?;
        let mut spaces: Vec<String> = Vec::new();
        for entry in table.range((&*self.connector, "", "")..)? {
            let (key, _) = entry?;
            let (connector, space, _) = key.value();
            if connector != &*self.connector {
                break;
            }
            if spaces.last().is_none_or(|last| last != space) {
                spaces.push(space.to_owned());
            }
        }
        Ok(spaces)
    }

    /// Keeps `record` about the dead letter `id`; one that is there is replaced.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_records(&self, records: &[(String, Vec<u8>)]) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for (id, record) in records {
                table.insert((&*self.connector, id.as_str()), record.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// The record about the dead letter `id`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn record(&self, id: &str) -> Result<Option<Vec<u8>>, StateError> {
        let table = self.database.begin_read()?.open_table(RECORDS)?;
        Ok(table.get((&*self.connector, id))?.map(|record| record.value().to_vec()))
    }

    /// All records about dead letters, by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn records(&self) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let table = self.database.begin_read()?.open_table(RECORDS)?;
        let mut records = Vec::new();
        for entry in table.range((&*self.connector, "")..)? {
            let (key, record) = entry?;
            let (connector, id) = key.value();
            if connector != &*self.connector {
                break;
            }
            records.push((id.to_owned(), record.value().to_vec()));
        }
        Ok(records)
    }

    /// Removes records about dead letters; ids that are not there are passed over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remove_records(&self, ids: &[String]) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for id in ids {
                table.remove((&*self.connector, id.as_str()))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
