//! What the operator writes under `[config]`.

use kennel_postgres::{ConnectionConfig, TableName};
use kennel_sdk::prelude::*;

use crate::value_path::ValuePath;
use crate::value_source::ValueSource;

/// Configuration of the PostgreSQL sink.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server.
    pub connection: ConnectionConfig,
    /// Table to write into.
    pub table: TableName,
    /// How rows are written.
    #[serde(default)]
    pub mode: Mode,
    /// Columns that tell rows apart (`upsert`): the table has a primary key or unique index of just these.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Create the table if it is missing.
    #[serde(default)]
    pub create: bool,
    /// Add columns that are missing: those of `columns`, or without `columns` one for each new field.
    #[serde(default)]
    pub evolve: bool,
    /// What goes where. If empty, fields go to the columns of their name.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// Table in which the sink keeps how far each partition is, in the same transaction as the rows. It is created if it is
    /// missing.
    #[serde(default = "default_positions_table")]
    pub positions_table: TableName,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// `INSERT`, one statement for a batch.
    #[default]
    Insert,
    /// `INSERT … ON CONFLICT (keys) DO UPDATE`: the last message with a key wins.
    Upsert,
    /// `COPY`: faster, and without the columns' defaults for fields that are missing.
    Copy,
}

/// One column and what goes into it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name of the column.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its PostgreSQL type; needed with `create` and `evolve`.
    #[serde(default, rename = "type")]
    pub type_name: Option<String>,
    /// Where the value is in a JSON payload: keys joined by dots (`customer.id`), or a JSON Pointer (`/lines/0/sku`). If neither
    /// `path` nor `source` is set: the field of the column's name.
    #[serde(default)]
    pub path: Option<ValuePath>,
    /// What else the value is.
    #[serde(default)]
    pub source: Option<ValueSource>,
}

impl Config {
    /// What JSON Schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.connection.problems("/connection");
        match self.mode {
            Mode::Upsert if self.keys.is_empty() => {
                problems.push(Problem::new("/keys", "mode = \"upsert\" needs the key's columns"));
            }
            Mode::Insert | Mode::Copy if !self.keys.is_empty() => {
                problems.push(Problem::new("/keys", "only mode = \"upsert\" has keys"));
            }
            _ => {}
        }
        if self.mode == Mode::Upsert && self.create && self.columns.is_empty() {
            let detail = "to create a table with a key, its columns have to be listed";
            problems.push(Problem::new("/columns", detail));
        }
        for (index, column) in self.columns.iter().enumerate() {
            let at = |key: &str| format!("/columns/{index}/{key}");
            if column.name.is_empty() || column.name.contains('\0') {
                problems.push(Problem::new(at("name"), "must not be empty"));
            }
            if self.columns[..index].iter().any(|earlier| earlier.name == column.name) {
                problems.push(Problem::new(at("name"), "this column is listed twice"));
            }
            if column.path.is_some() && column.source.is_some() {
                problems.push(Problem::new(at("source"), "set either path or source"));
            }
            match &column.type_name {
                Some(name) if !is_type_name(name) => {
                    problems.push(Problem::new(at("type"), "not a type's name"));
                }
                None if self.create || self.evolve => {
                    let detail = "to create or evolve the table, the column's type is needed";
                    problems.push(Problem::new(at("type"), detail));
                }
                _ => {}
            }
        }
        for (index, key) in self.keys.iter().enumerate() {
            if !self.columns.is_empty() && !self.columns.iter().any(|column| column.name == *key) {
                let detail = "not one of the listed columns";
                problems.push(Problem::new(format!("/keys/{index}"), detail));
            }
        }
        problems
    }
}

/// Letters, digits and what types are written with: `numeric(10,2)`, `timestamp with time zone`, `text[]`, `"my type"`.
fn is_type_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().all(|character| {
            character.is_alphanumeric()
                || matches!(character, ' ' | '_' | ',' | '.' | '(' | ')' | '[' | ']' | '"')
        })
}

fn default_positions_table() -> TableName {
    TableName::unqualified("kennel_positions")
}
