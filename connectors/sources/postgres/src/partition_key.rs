//! The key by which all messages about one row get into one partition, so that their order is kept.

/// `schema.table/value/value`; without values all rows of the table share a partition.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct PartitionKey(Vec<u8>);

impl PartitionKey {
    /// Begins a key in the room of an earlier one.
    pub(crate) fn begin(&mut self, table: &str) {
        self.0.clear();
        self.0.extend_from_slice(table.as_bytes());
    }

    pub(crate) fn add(&mut self, value: &[u8]) {
        self.0.push(b'/');
        self.0.extend_from_slice(value);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
