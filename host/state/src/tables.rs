//! What the database holds. Every key begins with the connector's.

use redb::{TableDefinition, WriteTransaction};

use crate::StateError;

/// (connector) to the source's cursor.
pub(crate) const CURSORS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("cursors");
/// (connector, keyspace, key) to a value.
pub(crate) const VALUES: TableDefinition<'_, (&str, &str, &str), &[u8]> =
    TableDefinition::new("values");
/// (connector, partition) to (epoch, next offset): what the values of its keyspaces account for.
pub(crate) const CHECKPOINTS: TableDefinition<'_, (&str, &str), (u64, u64)> =
    TableDefinition::new("checkpoints");
/// (connector, partition) to (epoch, end): the position of the destination that makes the pending
/// values of the partition true.
pub(crate) const PENDING: TableDefinition<'_, (&str, &str), (u64, u64)> =
    TableDefinition::new("pending");
/// (connector, partition, keyspace, key) to a pending value; `None`: to be removed.
pub(crate) const PENDING_VALUES: TableDefinition<'_, (&str, &str, &str, &str), Option<&[u8]>> =
    TableDefinition::new("pending-values");
/// (connector, partition) to (number of seeks, where to begin if that is still to be done).
pub(crate) const SEEKS: TableDefinition<'_, (&str, &str), (u64, Option<u64>)> =
    TableDefinition::new("seeks");
/// (connector, record id) to what the host keeps about a dead letter, JSON.
pub(crate) const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> =
    TableDefinition::new("dead-letter-records");

pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), StateError> {
    transaction.open_table(CURSORS)?;
    transaction.open_table(VALUES)?;
    transaction.open_table(CHECKPOINTS)?;
    transaction.open_table(PENDING)?;
    transaction.open_table(PENDING_VALUES)?;
    transaction.open_table(SEEKS)?;
    transaction.open_table(RECORDS)?;
    Ok(())
}
