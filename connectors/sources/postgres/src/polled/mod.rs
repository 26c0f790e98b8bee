//! Rows that queries find: by a bookmark that only moves on, or by being there until they are dealt with.

mod bookmark;
mod sql;
mod taken;

pub(crate) use bookmark::Bookmarked;
pub(crate) use taken::Taking;

use kennel_postgres::tokio_postgres::Row;
use kennel_postgres::{TableName, quote_identifier};
use kennel_sdk::{Error, Limit};

use crate::column::{Column, write_object};
use crate::config::Config;
use sql::{Sql, text};

/// What rows are taken to weigh before the first has been seen, bytes.
const FIRST_GUESS: u64 = 1024;

/// How many rows to ask for: as many as a batch may hold, by what rows have weighed so far.
#[derive(Debug)]
struct Portion {
    rows: u64,
    bytes: u64,
}

impl Portion {
    fn new() -> Self {
        Self { rows: 1, bytes: FIRST_GUESS }
    }

    fn seen(&mut self, rows: u64, bytes: u64) {
        if rows > 0 {
            *self = Self { rows, bytes: bytes.max(1) };
        }
    }

    fn rows(&self, limit: &Limit) -> u64 {
        let fitting = u128::from(limit.bytes) * u128::from(self.rows) / u128::from(self.bytes);
        u64::try_from(fitting).unwrap_or(u64::MAX).clamp(1, limit.messages.max(1).into())
    }
}

/// The table of the configuration.
fn table_of(config: &Config) -> Result<&TableName, Error> {
    config.table.as_ref().ok_or_else(|| Error::invalid_config("/table: needed in this mode"))
}

/// The columns that tell the rows of a table apart.
fn key_of(sql: &mut Sql, config: &Config, table: &TableName) -> Result<Vec<String>, Error> {
    if !config.key.is_empty() {
        return Ok(config.key.clone());
    }
    let key = sql.primary_key(table)?;
    if key.is_empty() {
        let detail = format!(
            "{table} has no primary key: name the columns that tell its rows apart in `key`"
        );
        return Err(Error::invalid_config(detail));
    }
    Ok(key)
}

/// The columns of the configuration as SQL.
fn columns_of(config: &Config) -> String {
    match config.columns.as_slice() {
        [] => "*".to_owned(),
        columns => columns.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", "),
    }
}

/// `t."a"::text, t."b"::text`
fn as_texts<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> =
        names.into_iter().map(|name| format!("t.{}::text", quote_identifier(name))).collect();
    names.join(", ")
}

/// Appends the first values of a row as an object.
fn write_row(buffer: &mut Vec<u8>, columns: &[Column], row: &Row) {
    write_object(buffer, columns.iter().enumerate(), |buffer, (index, column)| {
        column.write(buffer, text(row, index).map(str::as_bytes));
    });
}

/// Values of a row that may not be null.
fn values<'a>(
    row: &Row,
    names: impl IntoIterator<Item = &'a str>,
    first: usize,
) -> Result<Vec<String>, Error> {
    let value = |(index, name): (usize, &str)| {
        let is_null = || {
            Error::invalid_config(format!(
                "a row where {name}, by which rows are found again, is null"
            ))
        };
        text(row, first + index).map(str::to_owned).ok_or_else(is_null)
    };
    names.into_iter().enumerate().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_heavy_rows_should_ask_for_fewer() {
        let limit = Limit { messages: 1000, bytes: 100 * 1024, wait: std::time::Duration::ZERO };
        let mut portion = Portion::new();
        assert_eq!(portion.rows(&limit), 100);
        portion.seen(10, 1000);
        assert_eq!(portion.rows(&limit), 1000, "never more than the batch may hold");
        portion.seen(1, 1 << 40);
        assert_eq!(portion.rows(&limit), 1, "or nothing would ever move");
        portion.seen(0, 0);
        assert_eq!(portion.rows(&limit), 1, "nothing was learnt");
    }
}
