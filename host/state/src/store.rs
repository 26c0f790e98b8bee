//! The database and one connector's part of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, TableDefinition, TableError};

use crate::StateError;

const FILE: &str = "state.redb";
/// (connector) to the source's cursor.
const CURSORS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("cursors");
/// (connector, keyspace, key) to a value.
const VALUES: TableDefinition<'_, (&str, &str, &str), &[u8]> = TableDefinition::new("values");

/// Values to store, or `None` to remove.
pub type Writes = BTreeMap<String, Option<Vec<u8>>>;

/// The state of all connectors of a host. Cheap to clone.
#[derive(Clone)]
pub struct StateStore {
    database: Arc<Database>,
}

impl StateStore {
    /// Opens or creates the state in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be created, or another process has the state open.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| StateError::Folder { folder: folder.into(), source })?;
        let database = Database::create(folder.join(FILE)).map_err(|error| StateError::Open {
            folder: folder.into(),
            source: Box::new(error.into()),
        })?;
        let transaction = database.begin_write()?;
        transaction.open_table(CURSORS)?;
        transaction.open_table(VALUES)?;
        transaction.commit()?;
        Ok(Self { database: Arc::new(database) })
    }

    /// The part of the connector `key`; no other part can be reached through it.
    #[must_use]
    pub fn connector(&self, key: &str) -> ConnectorState {
        ConnectorState { database: Arc::clone(&self.database), connector: key.into() }
    }
}

/// One connector's cursors and values.
#[derive(Clone)]
pub struct ConnectorState {
    database: Arc<Database>,
    connector: Arc<str>,
}

/// What one checkpoint makes durable, all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The source's new cursor.
    pub cursor: Option<Vec<u8>>,
    /// Values by keyspace.
    pub writes: Vec<(String, Writes)>,
}

impl Commit {
    /// Whether there is nothing to make durable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cursor.is_none() && self.writes.iter().all(|(_, writes)| writes.is_empty())
    }
}

impl ConnectorState {
    /// The saved cursor.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self) -> Result<Option<Vec<u8>>, StateError> {
        let table = self.database.begin_read()?.open_table(CURSORS)?;
        Ok(table.get(&*self.connector)?.map(|cursor| cursor.value().to_vec()))
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
        let table = match self.database.begin_read()?.open_table(VALUES) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(pairs: &[(&str, Option<&str>)]) -> Writes {
        let own = |text: &&str| text.as_bytes().to_vec();
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_ref().map(own))).collect()
    }

    #[test]
    fn given_a_commit_should_find_cursor_and_values_after_opening_again() {
        let folder = tempfile::tempdir().unwrap();
        let commit = Commit {
            cursor: Some(b"7".to_vec()),
            writes: vec![("p".into(), writes(&[("a", Some("1")), ("b", Some("2"))]))],
        };
        StateStore::open(folder.path()).unwrap().connector("c").commit(&commit).unwrap();
        let state = StateStore::open(folder.path()).unwrap().connector("c");
        assert_eq!(state.cursor().unwrap(), Some(b"7".to_vec()));
        assert_eq!(state.get("p", "a").unwrap(), Some(b"1".to_vec()));
        assert_eq!(state.size("p").unwrap(), 4);
    }

    #[test]
    fn given_two_connectors_should_keep_their_state_apart() {
        let folder = tempfile::tempdir().unwrap();
        let store = StateStore::open(folder.path()).unwrap();
        for (connector, keyspace) in [("a", "x"), ("a", "y"), ("b", "x")] {
            let pairs = writes(&[("k1", Some(connector)), ("k2", Some(keyspace))]);
            let commit = Commit { cursor: None, writes: vec![(keyspace.into(), pairs)] };
            store.connector(connector).commit(&commit).unwrap();
        }
        let state = store.connector("a");
        assert_eq!(state.scan("x", "k", None, 10).unwrap().len(), 2);
        assert_eq!(state.scan("x", "k", Some("k1"), 10).unwrap()[0].1, b"x");
        assert_eq!(state.scan("x", "", None, 1).unwrap().len(), 1);
        assert_eq!(store.connector("c").cursor().unwrap(), None);
    }

    #[test]
    fn given_a_second_process_should_say_that_the_state_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let _first = StateStore::open(folder.path()).unwrap();
        let error = StateStore::open(folder.path()).err().unwrap();
        assert!(error.to_string().contains("another kennel"), "{error}");
    }
}
