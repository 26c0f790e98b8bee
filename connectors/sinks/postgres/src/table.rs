//! The table as it is, and how it is made and grown.

use kennel_postgres::{ClientError, Session, TableName, quote_identifier};

use crate::config::{Column, Config};
use crate::kind::Kind;

/// One column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    /// The type as SQL, without length or precision: a cast cuts text silently, an assignment refuses it.
    pub(crate) cast: String,
    pub(crate) kind: Kind,
    pub(crate) not_null: bool,
    /// Its value is always made by the server.
    pub(crate) generated: bool,
    /// Expression of the value that it gets if none is given.
    pub(crate) default: Option<String>,
}

/// The columns that a table gets if nothing says otherwise: name, type, and what goes into them.
pub(crate) const FALLBACK: [(&str, &str, &str); 5] = [
    ("topic", "text", "topic"),
    ("partition", "bigint", "partition"),
    ("offset", "bigint", "offset"),
    ("timestamp", "timestamptz", "timestamp"),
    ("payload", "jsonb", "payload"),
];

/// The table's columns; none if there is no such table.
pub(crate) async fn read(
    session: &Session,
    table: &TableName,
) -> Result<Option<Vec<TableColumn>>, ClientError> {
    const COLUMNS: &str = "\
        select a.attname::text, format_type(a.atttypid, -1), \
               coalesce(b.typname, t.typname)::text, coalesce(b.typcategory, t.typcategory)::text, \
               a.attnotnull, a.attgenerated <> '' or a.attidentity = 'a', \
               case when a.attidentity = 'd' \
                    then format('nextval(%L::regclass)', pg_get_serial_sequence($1::text, a.attname::text)) \
                    when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end \
        from pg_attribute a \
        join pg_type t on t.oid = a.atttypid \
        left join pg_type b on b.oid = t.typbasetype \
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
        where a.attrelid = to_regclass($1::text) and a.attnum > 0 and not a.attisdropped \
        order by a.attnum";
    if !exists(session, table).await? {
        return Ok(None);
    }
    let rows = session.query(COLUMNS, &[&table.to_string()]).await?;
    let mut columns = Vec::with_capacity(rows.len());
    for row in rows {
        columns.push(TableColumn {
            name: row.try_get(0)?,
            cast: row.try_get(1)?,
            kind: Kind::of(row.try_get(2)?, row.try_get(3)?),
            not_null: row.try_get(4)?,
            generated: row.try_get(5)?,
            default: row.try_get(6)?,
        });
    }
    Ok(Some(columns))
}

/// Whether there is such a table.
pub(crate) async fn exists(session: &Session, table: &TableName) -> Result<bool, ClientError> {
    let found = session
        .query_one("select to_regclass($1::text) is not null", &[&table.to_string()])
        .await?;
    Ok(found.try_get(0)?)
}

/// The statement that makes the table.
pub(crate) fn create_statement(config: &Config) -> String {
    let mut parts: Vec<String> = if !config.columns.is_empty() {
        config.columns.iter().map(definition).collect()
    } else if config.evolve {
        // Columns come with the fields.
        Vec::new()
    } else {
        let column = |(name, type_name, _)| format!("{} {type_name}", quote_identifier(name));
        FALLBACK.into_iter().map(column).collect()
    };
    if !config.keys.is_empty() {
        let keys: Vec<_> = config.keys.iter().map(|key| quote_identifier(key)).collect();
        parts.push(format!("primary key ({})", keys.join(", ")));
    }
    format!("create table if not exists {} ({})", config.table, parts.join(", "))
}

/// The statement that adds columns; none if nothing is missing.
pub(crate) fn evolve_statement<'a>(
    table: &TableName,
    missing: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let added: Vec<_> = missing
        .into_iter()
        .map(|(name, type_name)| {
            format!("add column if not exists {} {type_name}", quote_identifier(name))
        })
        .collect();
    (!added.is_empty()).then(|| format!("alter table {table} {}", added.join(", ")))
}

fn definition(column: &Column) -> String {
    // `validate` asks for the type wherever a column may have to be made.
    let type_name = column.type_name.as_deref().unwrap_or("text");
    format!("{} {type_name}", quote_identifier(&column.name))
}

/// Runs a statement that makes or grows a table, one instance at a time: `if not exists` alone does not keep two that
/// come at once apart.
pub(crate) async fn define(session: &Session, statement: &str) -> Result<(), ClientError> {
    /// Any number, as long as all instances use the same.
    const LOCK: i64 = 0x6b65_6e6e_656c;
    let whole = format!(
        "begin; set local lock_timeout = '3s'; select pg_advisory_xact_lock({LOCK}); {statement}; commit"
    );
    let done = session.batch_execute(&whole).await;
    if done.is_err() && !session.is_closed() {
        // Of a failed transaction only the first failure matters.
        drop(session.batch_execute("rollback").await);
    }
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: serde_json::Value) -> Config {
        let mut whole = serde_json::json!({
            "connection": { "host": "localhost", "user": "u", "database": "d" }, "table": "shop.orders",
        });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn given_columns_and_keys_should_create_the_table_with_them() {
        let config = config(serde_json::json!({
            "mode": "upsert", "keys": ["id"],
            "columns": [{ "name": "id", "type": "bigint" }, { "name": "Note", "type": "text" }],
        }));
        assert_eq!(
            create_statement(&config),
            r#"create table if not exists "shop"."orders" ("id" bigint, "Note" text, primary key ("id"))"#
        );
    }

    #[test]
    fn given_no_columns_should_create_the_fallback_or_an_empty_table_that_grows() {
        assert_eq!(
            create_statement(&config(serde_json::json!({}))),
            r#"create table if not exists "shop"."orders" ("topic" text, "partition" bigint, "offset" bigint, "timestamp" timestamptz, "payload" jsonb)"#
        );
        assert_eq!(
            create_statement(&config(serde_json::json!({ "evolve": true }))),
            r#"create table if not exists "shop"."orders" ()"#
        );
    }

    #[test]
    fn given_missing_columns_should_add_them_in_one_statement() {
        let table = TableName::parse("t").unwrap();
        assert_eq!(evolve_statement(&table, []), None);
        assert_eq!(
            evolve_statement(&table, [("a", "bigint"), ("b\"", "text")]).unwrap(),
            r#"alter table "t" add column if not exists "a" bigint, add column if not exists "b""" text"#
        );
    }
}
