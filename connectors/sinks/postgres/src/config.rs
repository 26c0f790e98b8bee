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

#[cfg(test)]
mod tests {
    use kennel_sdk::testing;
    use serde_json::{Value, json};

    use crate::PostgresSink;

    fn problems(more: Value) -> Vec<String> {
        let mut config = json!({
            "connection": { "host": "localhost", "user": "u", "database": "d" }, "table": "t",
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let problems = testing::validate_sink::<PostgresSink>(config);
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn given_the_sample_configurations_should_be_valid() {
        for text in [
            include_str!("../sample.toml"),
            include_str!("../../../../configs/postgres-sink/orders-to-postgres.toml"),
        ] {
            let sample: toml::Table = text.parse().unwrap();
            let config = serde_json::to_value(&sample["config"]).unwrap();
            assert_eq!(testing::validate_sink::<PostgresSink>(config), []);
        }
    }

    #[test]
    fn given_settings_that_contradict_each_other_should_name_each() {
        for (more, expected) in [
            (json!({ "mode": "upsert" }), vec!["/keys"]),
            (json!({ "keys": ["id"] }), vec!["/keys"]),
            (json!({ "mode": "upsert", "keys": ["id"], "create": true }), vec!["/columns"]),
            (json!({ "create": true, "columns": [{ "name": "a" }] }), vec!["/columns/0/type"]),
            (
                json!({ "columns": [
                    { "name": "a", "type": "text; drop table t" },
                    { "name": "a", "path": "x", "source": "offset" },
                ]}),
                vec!["/columns/0/type", "/columns/1/name", "/columns/1/source"],
            ),
            (
                json!({ "mode": "upsert", "keys": ["b"], "columns": [{ "name": "a" }] }),
                vec!["/keys/0"],
            ),
            (
                json!({ "connection": { "host": "", "user": "u", "database": "d" } }),
                vec!["/connection/host"],
            ),
        ] {
            assert_eq!(problems(more.clone()), expected, "{more}");
        }
    }

    #[test]
    fn given_what_is_no_source_or_path_or_table_should_refuse_it() {
        for (key, value) in [
            ("columns", json!([{ "name": "a", "source": "header:" }])),
            ("columns", json!([{ "name": "a", "source": "colour" }])),
            ("columns", json!([{ "name": "a", "path": "a..b" }])),
            ("table", json!("a.b.c")),
        ] {
            let mut more = serde_json::Map::new();
            more.insert(key.to_owned(), value.clone());
            assert_eq!(problems(Value::Object(more)).len(), 1, "{value}");
        }
    }
}
