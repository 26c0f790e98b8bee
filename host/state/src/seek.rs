//! Where an operator told a partition to begin anew.

use redb::ReadableDatabase as _;

use crate::StateError;
use crate::connector::ConnectorState;
use crate::tables::SEEKS;

/// Seeks of one partition. Each begins a new epoch, because after it the same offsets mean
/// deliveries that have not been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seek {
    /// How many there were.
    pub count: u64,
    /// Where to begin, until that has been done.
    pub next: Option<u64>,
}

impl ConnectorState {
    /// Seeks of `partition` so far.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sought(&self, partition: &str) -> Result<Seek, StateError> {
        let table = self.database.begin_read()?.open_table(SEEKS)?;
        let found = table.get((&*self.connector, partition))?;
        Ok(found.map_or_else(Seek::default, |found| {
            let (count, next) = found.value();
            Seek { count, next }
        }))
    }

    /// `partition` begins at `next` in a new epoch when it is assigned next.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn seek(&self, partition: &str, next: u64) -> Result<(), StateError> {
        let count = self.sought(partition)?.count;
        self.put_seek(partition, Seek { count: count + 1, next: Some(next) })
    }

    /// `partition` began where it was told to, or is not to any more. Its epoch stays.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn seek_done(&self, partition: &str) -> Result<(), StateError> {
        let seek = self.sought(partition)?;
        match seek.next {
            Some(_) => self.put_seek(partition, Seek { next: None, ..seek }),
            None => Ok(()),
        }
    }

    fn put_seek(&self, partition: &str, seek: Seek) -> Result<(), StateError> {
        let transaction = self.database.begin_write()?;
        let key = (&*self.connector, partition);
        transaction.open_table(SEEKS)?.insert(key, (seek.count, seek.next))?;
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateStore;

    #[test]
    fn given_seeks_should_count_them_and_forget_the_place_once_it_was_gone_to() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateStore::open(folder.path()).unwrap().connector("c");
        assert_eq!(state.sought("p").unwrap(), Seek::default());
        state.seek("p", 7).unwrap();
        state.seek("p", 0).unwrap();
        assert_eq!(state.sought("p").unwrap(), Seek { count: 2, next: Some(0) });
        state.seek_done("p").unwrap();
        assert_eq!(state.sought("p").unwrap(), Seek { count: 2, next: None });
        assert_eq!(state.sought("q").unwrap(), Seek::default());
    }
}
