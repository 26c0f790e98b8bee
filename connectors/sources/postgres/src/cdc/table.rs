//! A table whose rows are read: how to write its rows, and what tells them apart.

use kennel_postgres::wire::{self, DataRow};
use kennel_sdk::json::write_string;

use super::pgoutput::{Relation, Tuple, Value};
use crate::column::{Column, write_object};
use crate::partition_key::PartitionKey;

/// A table whose rows are read.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// `schema.table`.
    pub(crate) name: String,
    /// `"schema":"…","table":"…"`
    pub(crate) label: Vec<u8>,
    columns: Vec<Column>,
    /// By column: whether it is part of what tells rows apart.
    key: Vec<bool>,
    /// By column: whether it is part of the replica identity, and so known of a row that is gone.
    identity: Vec<bool>,
}

impl Table {
    /// A table of the snapshot.
    pub(crate) fn of_rows(
        (schema, table): (&str, &str),
        columns: &[wire::Column],
        key: &[String],
    ) -> Self {
        let key: Vec<bool> = columns.iter().map(|column| key.contains(&column.name)).collect();
        Self {
            name: format!("{schema}.{table}"),
            label: label(schema, table),
            columns: columns.iter().map(|one| Column::new(&one.name, one.type_id)).collect(),
            identity: key.clone(),
            key,
        }
    }

    /// A table of the log. `key` replaces a replica identity that is the whole row; `base_type` knows what lies under types
    /// that were made by `create domain`.
    pub(crate) fn of_relation(
        relation: &Relation<'_>,
        key: Option<&[String]>,
        base_type: impl Fn(u32) -> u32,
    ) -> Self {
        let columns = &relation.columns;
        let identity: Vec<bool> = columns.iter().map(|column| column.identity).collect();
        let named = |key: &[String]| {
            columns.iter().map(|column| key.iter().any(|name| name == column.name)).collect()
        };
        Self {
            name: format!("{}.{}", relation.schema, relation.table),
            label: label(relation.schema, relation.table),
            columns: columns
                .iter()
                .map(|one| Column::new(one.name, base_type(one.type_id)))
                .collect(),
            key: key.map_or_else(|| identity.clone(), named),
            identity,
        }
    }

    /// Makes the key of a row. What the row's new version leaves out is taken from the old one.
    pub(crate) fn key(&self, key: &mut PartitionKey, row: &Tuple<'_>, old: Option<&Tuple<'_>>) {
        key.begin(&self.name);
        let values = filled(row, old);
        for (value, _) in values.zip(&self.key).filter(|(_, part)| **part) {
            match value {
                Value::Text(text) => key.add(text),
                Value::Null | Value::Unchanged => key.add(b""),
            }
        }
    }

    /// Makes the key of a row of the snapshot.
    pub(crate) fn key_of_row(&self, key: &mut PartitionKey, row: &DataRow) {
        key.begin(&self.name);
        for (value, _) in row.values().zip(&self.key).filter(|(_, part)| **part) {
            key.add(value.ok().flatten().unwrap_or_default());
        }
    }

    /// Appends a row of the snapshot as an object.
    pub(crate) fn write_row(&self, buffer: &mut Vec<u8>, row: &DataRow) {
        write_object(buffer, self.columns.iter().zip(row.values()), |buffer, (column, value)| {
            column.write(buffer, value.ok().flatten());
        });
    }

    /// Appends the replica identity of a row as an object.
    pub(crate) fn write_identity(&self, buffer: &mut Vec<u8>, row: &Tuple<'_>) {
        let members = self.columns.iter().zip(row.values()).zip(&self.identity);
        let members = members.filter(|(_, identity)| **identity).map(|(member, _)| member);
        write_object(buffer, members, |buffer, (column, value)| write(buffer, column, value));
    }

    /// Appends a row as an object, without what is neither in it nor in its old version.
    pub(crate) fn write_tuple(
        &self,
        buffer: &mut Vec<u8>,
        row: &Tuple<'_>,
        old: Option<&Tuple<'_>>,
    ) {
        let members = self.columns.iter().zip(filled(row, old));
        let members = members.filter(|(_, value)| *value != Value::Unchanged);
        write_object(buffer, members, |buffer, (column, value)| write(buffer, column, value));
    }

    /// The columns that [`Table::write_tuple`] leaves out.
    pub(crate) fn unchanged<'a>(
        &'a self,
        row: &Tuple<'a>,
        old: Option<&Tuple<'a>>,
    ) -> impl Iterator<Item = &'a str> {
        let members = self.columns.iter().zip(filled(row, old));
        let left_out = members.filter(|(_, value)| *value == Value::Unchanged);
        left_out.map(|(column, _)| column.name.as_str())
    }
}

fn label(schema: &str, table: &str) -> Vec<u8> {
    let mut label = b"\"schema\":".to_vec();
    write_string(&mut label, schema);
    label.extend_from_slice(b",\"table\":");
    write_string(&mut label, table);
    label
}

fn write(buffer: &mut Vec<u8>, column: &Column, value: Value<'_>) {
    match value {
        Value::Text(text) => column.write(buffer, Some(text)),
        Value::Null | Value::Unchanged => column.write(buffer, None),
    }
}

/// The values of a row, where those that are unchanged come from its old version if that has them.
struct Filled<N, O> {
    new: N,
    old: Option<O>,
}

fn filled<'a>(
    row: &Tuple<'a>,
    old: Option<&Tuple<'a>>,
) -> impl Iterator<Item = Value<'a>> + use<'a> {
    Filled { new: row.values(), old: old.map(Tuple::values) }
}

impl<'a, N, O> Iterator for Filled<N, O>
where
    N: Iterator<Item = Value<'a>>,
    O: Iterator<Item = Value<'a>>,
{
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let old = self.old.as_mut().and_then(Iterator::next);
        match (self.new.next()?, old) {
            // An old key has nulls for all columns that are not part of it, and a null is never stored aside.
            (Value::Unchanged, Some(old @ Value::Text(_))) => Some(old),
            (new, _) => Some(new),
        }
    }
}
