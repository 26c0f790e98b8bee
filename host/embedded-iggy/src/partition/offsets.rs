//! Stored consumer offsets of one partition.

use std::collections::BTreeMap;

use iggy_binary_protocol::WireIdentifier;

/// Whose offset it is. A numeric consumer and a consumer named by the same digits are two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConsumerKey {
    Numbered(u32),
    Named(String),
    /// A group by its id, which is never reused within its topic.
    Group(u32),
}

impl From<&WireIdentifier> for ConsumerKey {
    fn from(identifier: &WireIdentifier) -> Self {
        match identifier {
            WireIdentifier::Numeric(id) => Self::Numbered(*id),
            WireIdentifier::String(name) => Self::Named(name.as_str().to_owned()),
        }
    }
}

/// Offsets by consumer.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    stored: BTreeMap<ConsumerKey, u64>,
}

impl Offsets {
    pub(crate) fn get(&self, key: &ConsumerKey) -> Option<u64> {
        self.stored.get(key).copied()
    }

    pub(crate) fn store(&mut self, key: ConsumerKey, offset: u64) {
        self.stored.insert(key, offset);
    }

    /// `false` if none was stored.
    pub(crate) fn remove(&mut self, key: &ConsumerKey) -> bool {
        self.stored.remove(key).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.stored.clear();
    }
}
