//! What an operator has done with dead letters.
//!
//! A database of its own, which a running host does not open: letters can be looked at and sent
//! again while their connector works.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase as _, TableDefinition};

use crate::StateError;
use crate::store::open_database;

const FILE: &str = "letters.redb";

/// (replayed at, purged at), microseconds since 1970 UTC.
type Times = (Option<u64>, Option<u64>);
/// By (connector, letter).
const MARKS: TableDefinition<'_, (&str, &str), Times> = TableDefinition::new("marks");

/// What became of one dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LetterMark {
    /// When it was last sent again, microseconds since 1970 UTC.
    pub replayed: Option<u64>,
    /// When it was purged, microseconds since 1970 UTC.
    pub purged: Option<u64>,
}

/// Marks of one connector's letters. The names of letters are the caller's; one that is used for
/// another letter later would carry the mark on.
#[derive(Clone)]
pub struct LetterMarks {
    database: Arc<Database>,
    connector: Arc<str>,
}

impl LetterMarks {
    /// Opens or creates the marks of the connector `key` in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be created, or another command has the marks open.
    pub fn open(folder: &Path, key: &str) -> Result<Self, StateError> {
        let database = open_database(folder, FILE)?;
        let transaction = database.begin_write()?;
        transaction.open_table(MARKS)?;
        transaction.commit()?;
        Ok(Self { database: Arc::new(database), connector: key.into() })
    }

    /// All marks by letter.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn all(&self) -> Result<BTreeMap<String, LetterMark>, StateError> {
        let table = self.database.begin_read()?.open_table(MARKS)?;
        let mut marks = BTreeMap::new();
        for entry in table.range((&*self.connector, "")..)? {
            let (key, mark) = entry?;
            let (connector, letter) = key.value();
            if connector != &*self.connector {
                break;
            }
            let (replayed, purged) = mark.value();
            marks.insert(letter.to_owned(), LetterMark { replayed, purged });
        }
        Ok(marks)
    }

    /// Sets marks, synced to disk. Other letters keep theirs.
    ///
    /// # Errors
    /// When the database cannot be written; then none of them is set.
    pub fn put(&self, marks: &[(String, LetterMark)]) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(MARKS)?;
            for (letter, LetterMark { replayed, purged }) in marks {
                table.insert((&*self.connector, letter.as_str()), (*replayed, *purged))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets marks, synced to disk: their letters are gone.
    ///
    /// # Errors
    /// When the database cannot be written; then all of them stay.
    pub fn forget(&self, letters: &[String]) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(MARKS)?;
            for letter in letters {
                table.remove((&*self.connector, letter.as_str()))?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateStore;

    #[test]
    fn given_marks_should_find_them_after_opening_again_while_the_state_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let _running = StateStore::open(folder.path()).unwrap();
        let replayed = LetterMark { replayed: Some(7), purged: None };
        let purged = LetterMark { replayed: None, purged: Some(8) };
        {
            let marks = LetterMarks::open(folder.path(), "a").unwrap();
            marks.put(&[("x".into(), replayed), ("y".into(), purged)]).unwrap();
        }
        {
            let marks = LetterMarks::open(folder.path(), "a").unwrap();
            let expected = [("x".to_owned(), replayed), ("y".to_owned(), purged)].into();
            assert_eq!(marks.all().unwrap(), expected);
            marks.forget(&["x".into(), "unknown".into()]).unwrap();
            assert_eq!(marks.all().unwrap().len(), 1);
        }
        assert!(LetterMarks::open(folder.path(), "b").unwrap().all().unwrap().is_empty());
    }
}
