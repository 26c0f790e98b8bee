//! The database.

use std::path::Path;
use std::sync::Arc;

use redb::Database;

use crate::connector::ConnectorState;
use crate::{StateError, tables};

const FILE: &str = "state.redb";

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
        let database = open_database(folder, FILE)?;
        let transaction = database.begin_write()?;
        tables::create(&transaction)?;
        transaction.commit()?;
        Ok(Self { database: Arc::new(database) })
    }

    /// The part of the connector `key`; no other part can be reached through it.
    #[must_use]
    pub fn connector(&self, key: &str) -> ConnectorState {
        ConnectorState::new(Arc::clone(&self.database), key)
    }
}

pub(crate) fn open_database(folder: &Path, file: &str) -> Result<Database, StateError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| StateError::Folder { folder: folder.into(), source })?;
    Database::create(folder.join(file))
        .map_err(|error| StateError::Open { folder: folder.into(), source: Box::new(error.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Commit, Writes};

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
            ..Commit::default()
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
            let commit = Commit { writes: vec![(keyspace.into(), pairs)], ..Commit::default() };
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
        assert!(error.is_taken());
    }
}
