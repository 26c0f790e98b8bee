//! From changes to messages.

use std::io::Write;

use kennel_postgres::wire::DataRow;
use kennel_sdk::Records;
use kennel_sdk::json::write_string;

use super::moment;
use super::pgoutput::{Begin, Old, Tuple};
use super::table::Table;
use crate::identity::Namespace;
use crate::lsn::Lsn;
use crate::partition_key::PartitionKey;

/// Where a change stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Where its transaction was committed.
    pub(crate) commit: Lsn,
    /// Changes of its transaction before it.
    pub(crate) sequence: u64,
}

/// Makes messages of changes.
#[derive(Debug)]
pub(crate) struct Writer {
    namespace: Namespace,
    /// What all changes of a transaction tell, made once: `,"lsn":…,"xid":…,"committed_at":…,"sequence":`
    transaction: Vec<u8>,
    key: PartitionKey,
    old_key: PartitionKey,
}

/// What a message tells of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Content<'a, 'b> {
    before: Option<&'b Old<'a>>,
    after: Option<&'b Tuple<'a>>,
    /// Where `after` finds what it leaves out because it was not changed.
    known: Option<&'b Tuple<'a>>,
}

impl Writer {
    pub(crate) fn new(namespace: Namespace) -> Self {
        Self {
            namespace,
            transaction: Vec::new(),
            key: PartitionKey::default(),
            old_key: PartitionKey::default(),
        }
    }

    /// The changes that follow belong to this transaction.
    pub(crate) fn begin(&mut self, begin: &Begin) {
        let Begin { commit, time, transaction_id } = begin;
        let time = moment::text(*time);
        self.transaction = format!(
            ",\"lsn\":\"{commit}\",\"xid\":{transaction_id},\"committed_at\":\"{time}\",\"sequence\":"
        )
        .into_bytes();
    }

    /// A row of the snapshot taken at `lsn`, of which `sequence` came before.
    pub(crate) fn snapshot(
        &mut self,
        table: &Table,
        row: &DataRow,
        (lsn, sequence): (Lsn, u64),
        records: &mut Records,
    ) {
        table.key_of_row(&mut self.key, row);
        let numbers = [lsn.0.to_be_bytes(), sequence.to_be_bytes()];
        let id = self.namespace.id([&b"snapshot"[..], &numbers[0], &numbers[1]]);
        let write = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(b"{\"op\":\"snapshot\",");
            buffer.extend_from_slice(&table.label);
            // Writing to memory cannot fail.
            let _ = write!(buffer, ",\"lsn\":\"{lsn}\",\"after\":");
            table.write_row(buffer, row);
            buffer.push(b'}');
        };
        records.record().id(id).payload_with(write).key(self.key.as_bytes()).push();
    }

    pub(crate) fn insert(
        &mut self,
        table: &Table,
        new: &Tuple<'_>,
        place: Place,
        records: &mut Records,
    ) {
        table.key(&mut self.key, new, None);
        let content = Content { after: Some(new), ..Content::default() };
        self.push(("insert", table), content, (place, 0), records);
    }

    /// A row that is told apart by other values than before is another row: one is gone, and one has come. Told as one
    /// change, it would be out of order with what else happens to either in its own partition.
    pub(crate) fn update(
        &mut self,
        table: &Table,
        (old, new): (Option<&Old<'_>>, &Tuple<'_>),
        place: Place,
        records: &mut Records,
    ) {
        table.key(&mut self.key, new, old.map(Old::tuple));
        if let Some(old) = old {
            table.key(&mut self.old_key, old.tuple(), None);
            if self.old_key != self.key {
                std::mem::swap(&mut self.key, &mut self.old_key);
                let gone = Content { before: Some(old), ..Content::default() };
                self.push(("delete", table), gone, (place, 0), records);
                std::mem::swap(&mut self.key, &mut self.old_key);
                let come = Content { before: None, after: Some(new), known: Some(old.tuple()) };
                self.push(("insert", table), come, (place, 1), records);
                return;
            }
        }
        let known = old.map(Old::tuple);
        let content = Content { before: old, after: Some(new), known };
        self.push(("update", table), content, (place, 0), records);
    }

    pub(crate) fn delete(
        &mut self,
        table: &Table,
        old: &Old<'_>,
        place: Place,
        records: &mut Records,
    ) {
        table.key(&mut self.key, old.tuple(), None);
        let content = Content { before: Some(old), ..Content::default() };
        self.push(("delete", table), content, (place, 0), records);
    }

    /// `part`: which of the tables that were truncated together.
    pub(crate) fn truncate(
        &mut self,
        table: &Table,
        (cascade, restart_identity): (bool, bool),
        (place, part): (Place, u64),
        records: &mut Records,
    ) {
        self.key.begin(&table.name);
        let write = |buffer: &mut Vec<u8>| {
            self.write_place(buffer, ("truncate", table), place);
            let options = (cascade, restart_identity);
            let _ =
                write!(buffer, ",\"cascade\":{},\"restart_identity\":{}}}", options.0, options.1);
        };
        let id = self.id(place, part);
        records.record().id(id).payload_with(write).key(self.key.as_bytes()).push();
    }

    fn push(
        &self,
        (operation, table): (&str, &Table),
        content: Content<'_, '_>,
        (place, part): (Place, u64),
        records: &mut Records,
    ) {
        let write = |buffer: &mut Vec<u8>| {
            self.write_place(buffer, (operation, table), place);
            content.write(buffer, table);
            buffer.push(b'}');
        };
        let id = self.id(place, part);
        records.record().id(id).payload_with(write).key(self.key.as_bytes()).push();
    }

    /// What all changes have in common.
    fn write_place(&self, buffer: &mut Vec<u8>, (operation, table): (&str, &Table), place: Place) {
        for part in [b"{\"op\":\"", operation.as_bytes(), b"\",", &table.label, &self.transaction] {
            buffer.extend_from_slice(part);
        }
        let _ = write!(buffer, "{}", place.sequence);
    }

    fn id(&self, place: Place, part: u64) -> u128 {
        let numbers = [place.commit.0, place.sequence, part].map(u64::to_be_bytes);
        self.namespace.id(numbers.iter().map(<[u8; 8]>::as_slice))
    }
}

impl Content<'_, '_> {
    fn write(self, buffer: &mut Vec<u8>, table: &Table) {
        if let Some(old) = self.before {
            buffer.extend_from_slice(b",\"before\":");
            match old {
                Old::Key(tuple) => table.write_identity(buffer, tuple),
                Old::Row(tuple) => table.write_tuple(buffer, tuple, None),
            }
        }
        let Some(new) = self.after else { return };
        buffer.extend_from_slice(b",\"after\":");
        table.write_tuple(buffer, new, self.known);
        let mut unchanged = table.unchanged(new, self.known).peekable();
        if unchanged.peek().is_none() {
            return;
        }
        buffer.extend_from_slice(b",\"unchanged\":[");
        for (index, name) in unchanged.enumerate() {
            if index > 0 {
                buffer.push(b',');
            }
            write_string(buffer, name);
        }
        buffer.push(b']');
    }
}
