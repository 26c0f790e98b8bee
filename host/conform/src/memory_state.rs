//! The component's durable state while it is judged: it survives instances, not the scenario.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kennel_sandbox::capability::state::{Pairs, StagedWrites, StateReader};

type Values = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Values by keyspace and key.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryState {
    values: Arc<Mutex<Values>>,
}

impl MemoryState {
    /// D5: what a checkpoint covers becomes durable with it.
    pub(crate) fn commit(&self, writes: StagedWrites) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for (keyspace, writes) in writes {
            let space = values.entry(keyspace).or_default();
            for (key, value) in writes {
                match value {
                    Some(value) => drop(space.insert(key, value)),
                    None => drop(space.remove(&key)),
                }
            }
        }
    }

    fn read<T>(&self, keyspace: &str, read: impl FnOnce(&BTreeMap<String, Vec<u8>>) -> T) -> T {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        read(values.get(keyspace).unwrap_or(&BTreeMap::new()))
    }
}

impl StateReader for MemoryState {
    fn get(&self, keyspace: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.read(keyspace, |space| space.get(key).cloned()))
    }

    fn scan(
        &self,
        keyspace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Pairs, String> {
        Ok(self.read(keyspace, |space| {
            let pairs = space.iter().filter(|(key, _)| key.starts_with(prefix));
            let pairs = pairs.filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
            pairs.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect()
        }))
    }

    fn size(&self, keyspace: &str) -> Result<u64, String> {
        Ok(self.read(keyspace, |space| {
            space.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum()
        }))
    }
}
