//! Stored consumer offsets of one partition.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use iggy_binary_protocol::WireIdentifier;
use serde::{Deserialize, Serialize};

use crate::error::ServerError;

/// Name of the file in a log's folder.
pub(crate) const FILE_NAME: &str = "offsets.json";

/// Whose offset it is. A numeric consumer and a consumer named by the same digits are two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    consumer: ConsumerKey,
    offset: u64,
}

/// Offsets by consumer.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    stored: BTreeMap<ConsumerKey, u64>,
    /// Whether they differ from what was last written to disk.
    changed: bool,
}

impl Offsets {
    pub(crate) fn get(&self, key: &ConsumerKey) -> Option<u64> {
        self.stored.get(key).copied()
    }

    pub(crate) fn store(&mut self, key: ConsumerKey, offset: u64) {
        self.changed |= self.stored.insert(key, offset) != Some(offset);
    }

    /// `false` if none was stored.
    pub(crate) fn remove(&mut self, key: &ConsumerKey) -> bool {
        let removed = self.stored.remove(key).is_some();
        self.changed |= removed;
        removed
    }

    pub(crate) fn clear(&mut self) {
        self.stored.clear();
        self.changed = false;
    }

    /// The file's content if it is out of date. From then on it counts as written.
    pub(crate) fn take_changed(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let records: Vec<Record> = self
            .stored
            .iter()
            .map(|(consumer, offset)| Record { consumer: consumer.clone(), offset: *offset })
            .collect();
        serde_json::to_vec(&records).ok()
    }

    /// To be called if what [`Offsets::take_changed`] gave could not be written.
    pub(crate) fn not_written(&mut self) {
        self.changed = true;
    }

    /// Reads the file in a log's folder. A consumer that was ahead of the log, because the end of
    /// the log was lost, is set back to its end: it must not skip what will be written there.
    pub(crate) fn open(folder: &Path, next_offset: u64) -> Result<Self, ServerError> {
        let path = folder.join(FILE_NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(ServerError::io("read", &path, source)),
        };
        let records: Vec<Record> = serde_json::from_slice(&bytes)
            .map_err(|source| ServerError::CorruptFile { path: path.clone(), source })?;
        let mut offsets = Self::default();
        for Record { consumer, offset } in records {
            let Some(end) = next_offset.checked_sub(1) else { continue };
            if offset > end {
                tracing::warn!(path = %path.display(), ?consumer, offset, end,
                    "a stored offset was ahead of the log");
            }
            offsets.stored.insert(consumer, offset.min(end));
        }
        Ok(offsets)
    }
}
