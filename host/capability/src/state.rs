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
/// Staged writes by keyspace.
pub type StagedWrites = BTreeMap<String, Writes>;

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
    /// Writes of calls that succeeded and wait for their checkpoint.
    staged: StagedWrites,
    /// Writes of the call in hand, to `keyspace`.
    call: Writes,
    /// Bytes that each keyspace will have with what is staged for it.
    used: BTreeMap<String, u64>,
    /// The same for `keyspace` with the call in hand, once the call has written.
    used_by_call: Option<u64>,
}

impl StateView {
    /// A view with `quota` bytes; without a reader every call is denied.
    #[must_use]
    pub fn new(reader: Option<Arc<dyn StateReader>>, quota: Option<u64>) -> Self {
        let reader = quota.and(reader);
        Self { reader, quota: quota.unwrap_or(0), ..Self::default() }
    }

    /// A call begins; it reaches `keyspace`, or nothing outside of any partition. What an earlier
    /// call wrote without success vanishes.
    pub fn begin(&mut self, keyspace: Option<String>) {
        self.call.clear();
        self.used_by_call = None;
        self.keyspace = keyspace;
    }

    /// The call in hand succeeded: its writes wait for their checkpoint.
    pub fn accept(&mut self) {
        if let (Some(keyspace), false) = (&self.keyspace, self.call.is_empty()) {
            let staged = self.staged.entry(keyspace.clone()).or_default();
            staged.append(&mut self.call);
            if let Some(used) = self.used_by_call.take() {
                self.used.insert(keyspace.clone(), used);
            }
        }
    }

    /// Takes what succeeded since the last time, to be committed with its checkpoint.
    pub fn take_writes(&mut self) -> StagedWrites {
        self.used.clear();
        std::mem::take(&mut self.staged)
    }

    fn staged(&self, key: &str) -> Option<&Option<Vec<u8>>> {
        let earlier = || self.staged.get(self.keyspace.as_deref()?)?.get(key);
        self.call.get(key).or_else(earlier)
    }

    fn reach(&self) -> Result<(&dyn StateReader, &str), Error> {
        let reader = self.reader.as_deref().ok_or_else(|| {
            Error::Denied(
                "no state granted; the line that allows it: [grants] state = \"16MiB\"".into(),
            )
        })?;
        Ok((reader, self.keyspace.as_deref().ok_or(Error::NotNow)?))
    }

    fn get(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut answered = 0;
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let value = self.value(key)?;
            answered += value.as_ref().map_or(0, Vec::len) as u64;
            // No more is there to be read, unless the same is read again and again.
            if answered > self.quota {
                return Err(Error::Other(format!(
                    "asked for more than the quota of {} bytes at once",
                    self.quota
                )));
            }
            values.push(value);
        }
        Ok(values)
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let (reader, keyspace) = self.reach()?;
        match self.staged(key) {
            Some(staged) => Ok(staged.clone()),
            None => reader.get(keyspace, key).map_err(Error::Other),
        }
    }

    fn write(&mut self, key: String, value: Option<Vec<u8>>) -> Result<(), Error> {
        if key.len() > MAX_KEY {
            return Err(Error::Other(format!("key of {} bytes, at most {MAX_KEY}", key.len())));
        }
        let bytes_of = |value: &Option<Vec<u8>>| {
            value.as_ref().map_or(0, |value| (key.len() + value.len()) as u64)
        };
        let (before, after) = (bytes_of(&self.value(&key)?), bytes_of(&value));
        let used = (self.used()? + after).saturating_sub(before);
        if after > before && used > self.quota {
            return Err(Error::Quota(self.quota));
        }
        self.used_by_call = Some(used);
        self.call.insert(key, value);
        Ok(())
    }

    /// Bytes of the keyspace in hand with all that was written so far. The store is asked once for
    /// all writes until the next checkpoint.
    fn used(&self) -> Result<u64, Error> {
        let (reader, keyspace) = self.reach()?;
        match self.used_by_call.or_else(|| self.used.get(keyspace).copied()) {
            Some(used) => Ok(used),
            None => reader.size(keyspace).map_err(Error::Other),
        }
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Pairs, Error> {
        let limit = limit.min(MAX_SCAN) as usize;
        let (reader, keyspace) = self.reach()?;
        let earlier = self.staged.get(keyspace).into_iter().flatten();
        let staged: Vec<_> = earlier.chain(&self.call).collect();
        // Staged removals may hide durable pairs, so ask for that many more.
        let ask = limit + staged.len();
        let durable = reader.scan(keyspace, prefix, after, ask).map_err(Error::Other)?;
        let mut merged: BTreeMap<String, Option<Vec<u8>>> =
            durable.into_iter().map(|(key, value)| (key, Some(value))).collect();
        for (key, value) in staged {
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
        view.begin(Some("k".into()));
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
        view.accept();
        assert_eq!(view.get(&["b".into()]).unwrap(), [None]);
        assert_eq!(view.take_writes()["k"].len(), 2);
        assert_eq!(view.get(&["b".into()]).unwrap(), [Some(b"2".to_vec())]);
    }

    #[test]
    fn given_a_call_that_failed_should_forget_its_writes() {
        let mut view = view(100);
        view.write("b".into(), None).unwrap();
        view.begin(Some("k".into()));
        assert_eq!(view.get(&["b".into()]).unwrap(), [Some(b"2".to_vec())]);
        view.accept();
        assert!(view.take_writes().is_empty());
    }

    #[test]
    fn given_two_partitions_should_keep_their_writes_apart() {
        let mut view = view(100);
        for keyspace in ["x", "y"] {
            view.begin(Some(keyspace.into()));
            view.write("d".into(), Some(keyspace.into())).unwrap();
            view.accept();
        }
        assert_eq!(view.get(&["d".into()]).unwrap(), [Some(b"y".to_vec())]);
        assert_eq!(view.take_writes().len(), 2);
    }

    #[test]
    fn given_a_full_quota_should_refuse_the_write_that_passes_it() {
        let mut view = view(8);
        view.write("d".into(), Some(b"4".to_vec())).unwrap();
        assert!(matches!(view.write("e".into(), Some(b"5".to_vec())), Err(Error::Quota(8))));
    }

    #[test]
    fn given_the_same_key_again_and_again_should_count_what_is_there_in_the_end() {
        let mut view = view(8);
        for _ in 0..100 {
            view.write("d".into(), Some(b"4".to_vec())).unwrap();
            view.accept();
            view.begin(Some("k".into()));
        }
        assert!(matches!(view.write("e".into(), Some(b"5".to_vec())), Err(Error::Quota(8))));
        // What is removed makes room, and what a failed call wrote takes none.
        view.write("d".into(), None).unwrap();
        view.write("e".into(), Some(b"5".to_vec())).unwrap();
        view.begin(Some("k".into()));
        view.write("d".into(), None).unwrap();
        view.write("f".into(), Some(b"6".to_vec())).unwrap();
        view.accept();
    }

    #[test]
    fn given_the_same_key_many_times_in_one_call_should_not_answer_more_than_there_can_be() {
        let view = view(8);
        assert_eq!(view.get(&vec!["a".to_owned(); 8]).unwrap().len(), 8);
        assert!(matches!(view.get(&vec!["a".to_owned(); 9]), Err(Error::Other(_))));
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
        view.begin(None);
        assert!(matches!(view.get(&["a".into()]), Err(Error::NotNow)));
    }
}
