//! The interface `state`: reads see the instance's own writes, writes wait for their checkpoint.
//!
//! Writes of a call are staged here, next to the durable values of the keyspace in hand. When the
//! pipeline settles the call it takes them ([`StateView::take_writes`]) and commits them together
//! with the checkpoint; when a call fails, traps or is replayed the view is dropped with them (D5).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::GuestData;
use crate::bindings::kennel::connector::state::{Error, Host};

/// Longest key in bytes.
const MAX_KEY: usize = 512;
/// Most pairs one `scan` answers.
const MAX_SCAN: u32 = 1000;

/// Pairs of a keyspace, in key order.
pub type Pairs = Vec<(String, Vec<u8>)>;
/// Staged writes: a value, or `None` for a removal.
pub type Writes = BTreeMap<String, Option<Vec<u8>>>;

/// Reads durable state. Implemented by the state store.
pub trait StateReader: Send + Sync {
    /// The value of `key` in `keyspace`.
    ///
    /// # Errors
    /// What the store says, for people.
    fn get(&self, keyspace: &str, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// Pairs of `keyspace` whose keys start with `prefix` and lie after `after`, in key order.
    ///
    /// # Errors
    /// What the store says, for people.
    fn scan(
        &self,
        keyspace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Pairs, String>;

    /// Bytes of keys and values in `keyspace`.
    ///
    /// # Errors
    /// What the store says, for people.
    fn size(&self, keyspace: &str) -> Result<u64, String>;
}

/// One instance's view of its keyspace.
#[derive(Default)]
pub struct StateView {
    reader: Option<Arc<dyn StateReader>>,
    quota: u64,
    keyspace: Option<String>,
    /// Settled calls whose writes wait for a checkpoint, and the call in hand.
    staged: Writes,
    staged_bytes: u64,
}

impl StateView {
    /// A view with `quota` bytes; without a reader every call is denied.
    #[must_use]
    pub fn new(reader: Option<Arc<dyn StateReader>>, quota: Option<u64>) -> Self {
        let reader = quota.and(reader);
        Self { reader, quota: quota.unwrap_or(0), ..Self::default() }
    }

    /// Names the keyspace that calls reach from now on; `None` outside of any partition.
    pub fn select(&mut self, keyspace: Option<String>) {
        self.keyspace = keyspace;
    }

    /// Takes what was written since the last time, to be committed with its checkpoint.
    pub fn take_writes(&mut self) -> Writes {
        self.staged_bytes = 0;
        std::mem::take(&mut self.staged)
    }

    fn reach(&self) -> Result<(&dyn StateReader, &str), Error> {
        let reader = self.reader.as_deref().ok_or_else(|| {
            Error::Denied("no state granted; the line that allows it: [grants] state = \"16MiB\"".into())
        })?;
        Ok((reader, self.keyspace.as_deref().ok_or(Error::NotNow)?))
    }

    fn get(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let (reader, keyspace) = self.reach()?;
        keys.iter()
            .map(|key| match self.staged.get(key) {
                Some(staged) => Ok(staged.clone()),
                None => reader.get(keyspace, key).map_err(Error::Other),
            })
            .collect()
    }

    fn write(&mut self, key: String, value: Option<Vec<u8>>) -> Result<(), Error> {
        if key.len() > MAX_KEY {
            return Err(Error::Other(format!("key of {} bytes, at most {MAX_KEY}", key.len())));
        }
        let (reader, keyspace) = self.reach()?;
        let added = (key.len() + value.as_ref().map_or(0, Vec::len)) as u64;
        let durable = reader.size(keyspace).map_err(Error::Other)?;
        if value.is_some() && durable + self.staged_bytes + added > self.quota {
            return Err(Error::Quota(self.quota));
        }
        self.staged_bytes += added;
        self.staged.insert(key, value);
        Ok(())
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Pairs, Error> {
        let limit = limit.min(MAX_SCAN) as usize;
        let (reader, keyspace) = self.reach()?;
        // Staged removals may hide durable pairs, so ask for that many more.
        let ask = limit + self.staged.len();
        let durable = reader.scan(keyspace, prefix, after, ask).map_err(Error::Other)?;
        let mut merged: BTreeMap<String, Option<Vec<u8>>> =
            durable.into_iter().map(|(key, value)| (key, Some(value))).collect();
        for (key, value) in &self.staged {
            if key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after) {
                merged.insert(key.clone(), value.clone());
            }
        }
        Ok(merged.into_iter().filter_map(|(key, value)| Some((key, value?))).take(limit).collect())
    }
}

impl Host for GuestData {
    fn get(&mut self, keys: Vec<String>) -> wasmtime::Result<Result<Vec<Option<Vec<u8>>>, Error>> {
        Ok(self.state.get(&keys))
    }

    fn put(&mut self, entries: Vec<(String, Vec<u8>)>) -> wasmtime::Result<Result<(), Error>> {
        Ok(entries.into_iter().try_for_each(|(key, value)| self.state.write(key, Some(value))))
    }

    fn remove(&mut self, keys: Vec<String>) -> wasmtime::Result<Result<(), Error>> {
        Ok(keys.into_iter().try_for_each(|key| self.state.write(key, None)))
    }

    fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Pairs, Error>> {
        Ok(self.state.scan(&prefix, after.as_deref(), limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Durable(BTreeMap<String, Vec<u8>>);

    impl StateReader for Durable {
        fn get(&self, _: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(self.0.get(key).cloned())
        }
        fn scan(
            &self,
            _: &str,
            prefix: &str,
            after: Option<&str>,
            limit: usize,
        ) -> Result<Pairs, String> {
            let pairs = self.0.iter().filter(|(key, _)| key.starts_with(prefix));
            let pairs = pairs.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
            Ok(pairs.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        fn size(&self, _: &str) -> Result<u64, String> {
            Ok(self.0.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum())
        }
    }

    fn view(quota: u64) -> StateView {
        let durable = [("a", "1"), ("b", "2"), ("c", "3")];
        let durable = durable.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
        let mut view = StateView::new(Some(Arc::new(Durable(durable.into()))), Some(quota));
        view.select(Some("k".into()));
        view
    }

    #[test]
    fn given_staged_writes_should_read_them_over_durable_ones() {
        let mut view = view(100);
        view.write("b".into(), None).unwrap();
        view.write("d".into(), Some(b"4".to_vec())).unwrap();
        let keys = view.scan("", None, 3).unwrap().into_iter().map(|(key, _)| key);
        assert_eq!(keys.collect::<Vec<_>>(), ["a", "c", "d"]);
        assert_eq!(view.get(&["b".into()]).unwrap(), [None]);
        assert_eq!(view.take_writes().len(), 2);
        assert_eq!(view.get(&["b".into()]).unwrap(), [Some(b"2".to_vec())]);
    }

    #[test]
    fn given_a_full_quota_should_refuse_the_write_that_passes_it() {
        let mut view = view(8);
        view.write("d".into(), Some(b"4".to_vec())).unwrap();
        assert!(matches!(view.write("e".into(), Some(b"5".to_vec())), Err(Error::Quota(8))));
    }

    #[test]
    fn given_no_grant_should_deny_and_name_the_line() {
        let mut view = StateView::new(None, None);
        let Err(Error::Denied(detail)) = view.write("a".into(), None) else { panic!("not denied") };
        assert!(detail.contains("[grants] state"), "{detail}");
    }

    #[test]
    fn given_no_partition_in_hand_should_answer_not_now() {
        let mut view = view(8);
        view.select(None);
        assert!(matches!(view.get(&["a".into()]), Err(Error::NotNow)));
    }
}
