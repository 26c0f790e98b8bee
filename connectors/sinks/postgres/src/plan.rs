//! Which columns are written, from what, and by which statement.

use std::collections::HashSet;

use kennel_postgres::{TableName, quote_identifier};
use kennel_sdk::prelude::*;

use crate::config::{Config, Mode};
use crate::kind::Kind;
use crate::prepared::Prepared;
use crate::table::{FALLBACK, TableColumn};
use crate::value_path::ValuePath;
use crate::value_source::ValueSource;

/// One column that is written.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) value: Origination,
    /// Null is refused here, before the server does.
    pub(crate) required: bool,
}

/// Where a column's value comes from.
#[derive(Debug)]
pub(crate) enum Origination {
    /// A place in the JSON payload.
    Path(ValuePath),
    /// Something else about the message.
    Source(ValueSource),
}

/// How messages become rows of the table as it was when the plan was made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) mode: Mode,
    /// Whether any column comes from within a JSON payload.
    pub(crate) reads_fields: bool,
    /// With `evolve` and no listed columns: the fields that have a column.
    pub(crate) known: Option<HashSet<String>>,
    pub(crate) statement: Prepared,
}

impl Plan {
    /// Fits the configuration to the table's columns.
    ///
    /// # Errors
    /// If they do not fit.
    pub(crate) fn new(config: &Config, table: &[TableColumn]) -> Result<Self, Error> {
        let wanted = wanted(config, table)?;
        let mut targets = Vec::with_capacity(wanted.len());
        let mut columns = Vec::with_capacity(wanted.len());
        for (name, value) in wanted {
            let Some(column) = table.iter().find(|column| column.name == name) else {
                return Err(Error::invalid_config(format!(
                    "table {} has no column {name}; create it, or set evolve = true",
                    config.table
                )));
            };
            if column.generated {
                let detail = format!("column {name} of {} is made by the server", config.table);
                return Err(Error::invalid_config(detail));
            }
            let has_default = column.default.is_some() && config.mode != Mode::Copy;
            let is_key = config.keys.contains(&name);
            targets.push(Target {
                kind: column.kind,
                value,
                required: (column.not_null || is_key) && !has_default,
                name,
            });
            columns.push(column);
        }
        if let Some(key) =
            config.keys.iter().find(|key| !targets.iter().any(|target| target.name == **key))
        {
            let detail = format!("table {} has no column {key}, a key", config.table);
            return Err(Error::invalid_config(detail));
        }
        let fields = |target: &Target| matches!(target.value, Origination::Path(_));
        let grows = config.evolve && config.columns.is_empty();
        Ok(Self {
            reads_fields: grows || targets.iter().any(fields),
            known: grows.then(|| table.iter().map(|column| column.name.clone()).collect()),
            statement: Prepared::new(statement(config, &columns)),
            targets,
            mode: config.mode,
        })
    }
}

/// Names of the columns to write, and what goes into them.
fn wanted(config: &Config, table: &[TableColumn]) -> Result<Vec<(String, Origination)>, Error> {
    if !config.columns.is_empty() {
        let listed = config.columns.iter().map(|column| {
            let value = match (&column.path, &column.source) {
                (_, Some(source)) => Origination::Source(source.clone()),
                (Some(path), None) => Origination::Path(path.clone()),
                (None, None) => Origination::Path(ValuePath::field(&column.name)),
            };
            (column.name.clone(), value)
        });
        return Ok(listed.collect());
    }
    if config.create && !config.evolve {
        let fallback = FALLBACK.into_iter().filter_map(|(name, _, source)| {
            Some((name.to_owned(), Origination::Source(ValueSource::parse(source)?)))
        });
        return Ok(fallback.collect());
    }
    if let Some(column) =
        table.iter().find(|column| config.mode == Mode::Copy && column.default.is_some())
    {
        return Err(Error::invalid_config(format!(
            "column {} of {} has a default, and COPY cannot choose it row by row: list the columns to write",
            column.name, config.table
        )));
    }
    let writable = table.iter().filter(|column| !column.generated);
    let by_name = writable
        .map(|column| (column.name.clone(), Origination::Path(ValuePath::field(&column.name))));
    Ok(by_name.collect())
}

fn statement(config: &Config, columns: &[&TableColumn]) -> String {
    let names: Vec<_> = columns.iter().map(|column| quote_identifier(&column.name)).collect();
    let (table, list) = (&config.table, names.join(", "));
    match config.mode {
        Mode::Copy => format!("copy {table} ({list}) from stdin"),
        Mode::Insert => {
            format!(
                "insert into {table} ({list}) select {} from {}",
                values(columns),
                unnested(columns, "")
            )
        }
        Mode::Upsert => upsert(table, config, columns, &list),
    }
}

/// One parameter for each column: an array with the rows' texts.
fn unnested(columns: &[&TableColumn], ordinality: &str) -> String {
    let parameters: Vec<_> =
        (1..=columns.len()).map(|number| format!("${number}::text[]")).collect();
    let mut names: Vec<_> = (1..=columns.len()).map(|number| format!("c{number}")).collect();
    if !ordinality.is_empty() {
        names.push("ordinal".to_owned());
    }
    format!("unnest({}){ordinality} as r({})", parameters.join(", "), names.join(", "))
}

/// The parameters as the columns' types; the default where there is no value.
fn values(columns: &[&TableColumn]) -> String {
    let values = columns.iter().enumerate().map(|(index, column)| {
        let value = format!("r.c{}::{}", index + 1, column.cast);
        match &column.default {
            Some(default) => format!("coalesce({value}, {default})"),
            None => value,
        }
    });
    values.collect::<Vec<_>>().join(", ")
}

/// One statement must not touch a row twice, so of several messages with one key only the last is taken.
fn upsert(table: &TableName, config: &Config, columns: &[&TableColumn], list: &str) -> String {
    let is_key = |column: &TableColumn| config.keys.contains(&column.name);
    let position = |key: &String| columns.iter().position(|column| column.name == *key);
    let keys: Vec<_> = config
        .keys
        .iter()
        .filter_map(position)
        .map(|index| format!("r.c{}::{}", index + 1, columns[index].cast))
        .collect();
    let names: Vec<_> = config.keys.iter().map(|key| quote_identifier(key)).collect();
    let changes: Vec<_> = columns
        .iter()
        .filter(|column| !is_key(column))
        .map(|column| quote_identifier(&column.name))
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    let action = match changes.is_empty() {
        true => "nothing".to_owned(),
        false => format!("update set {}", changes.join(", ")),
    };
    let (keys, values) = (keys.join(", "), values(columns));
    let rows = unnested(columns, " with ordinality");
    format!(
        "insert into {table} ({list}) select distinct on ({keys}) {values} from {rows} \
         order by {keys}, r.ordinal desc on conflict ({}) do {action}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cast: &str, default: Option<&str>) -> TableColumn {
        TableColumn {
            name: name.to_owned(),
            cast: cast.to_owned(),
            kind: Kind::Other,
            not_null: false,
            generated: false,
            default: default.map(str::to_owned),
        }
    }

    fn config(more: serde_json::Value) -> Config {
        let mut whole = serde_json::json!({
            "connection": { "host": "localhost", "user": "u", "database": "d" }, "table": "t",
        });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn given_insert_should_cast_text_and_take_defaults() {
        let table = [column("id", "bigint", None), column("at", "timestamptz", Some("now()"))];
        let plan = Plan::new(&config(serde_json::json!({})), &table).unwrap();
        assert_eq!(
            plan.statement.sql(),
            r#"insert into "t" ("id", "at") select r.c1::bigint, coalesce(r.c2::timestamptz, now()) from unnest($1::text[], $2::text[]) as r(c1, c2)"#
        );
    }

    #[test]
    fn given_upsert_should_take_the_last_of_each_key() {
        let table = [column("id", "bigint", None), column("n", "text", None)];
        let config = config(serde_json::json!({ "mode": "upsert", "keys": ["id"] }));
        assert_eq!(
            Plan::new(&config, &table).unwrap().statement.sql(),
            r#"insert into "t" ("id", "n") select distinct on (r.c1::bigint) r.c1::bigint, r.c2::text from unnest($1::text[], $2::text[]) with ordinality as r(c1, c2, ordinal) order by r.c1::bigint, r.ordinal desc on conflict ("id") do update set "n" = excluded."n""#
        );
    }

    #[test]
    fn given_columns_that_the_table_lacks_should_name_them() {
        let table = [column("id", "bigint", None)];
        for (more, named) in [
            (serde_json::json!({ "columns": [{ "name": "total" }] }), "total"),
            (serde_json::json!({ "create": true }), "topic"),
            (serde_json::json!({ "mode": "upsert", "keys": ["key"] }), "key"),
        ] {
            let Err(Error::InvalidConfig(detail)) = Plan::new(&config(more), &table) else {
                panic!("{named} is missing");
            };
            assert!(detail.contains(named), "{detail}");
        }
    }

    #[test]
    fn given_copy_into_a_table_with_defaults_should_ask_for_the_columns() {
        let table = [column("id", "bigint", Some("nextval('s')")), column("n", "text", None)];
        let copy = config(serde_json::json!({ "mode": "copy" }));
        assert!(matches!(Plan::new(&copy, &table), Err(Error::InvalidConfig(_))));
        let listed = config(serde_json::json!({ "mode": "copy", "columns": [{ "name": "n" }] }));
        assert_eq!(
            Plan::new(&listed, &table).unwrap().statement.sql(),
            r#"copy "t" ("n") from stdin"#
        );
    }
}
