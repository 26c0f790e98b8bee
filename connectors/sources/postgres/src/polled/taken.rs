//! Rows that are there until they are dealt with: deleted, or marked.
//!
//! The cursor names every row that was read and is not known to be dealt with, by its key and its version. So whoever
//! confirms needs nothing but the cursor; a row that was changed after it was read is another version, stays, and is read again.

use kennel_postgres::quote_identifier;
use kennel_postgres::tokio_postgres::Row;
use kennel_sdk::json::write_string;
use kennel_sdk::{Error, Limit, Progress, Records};

use super::bookmark::{namespace, table_label};
use super::sql::{Sql, array, text};
use super::{Portion, as_texts, columns_of, key_of, table_of, values, write_row};
use crate::column::Column;
use crate::config::{Config, Mode};
use crate::cursor::Taken;
use crate::identity::Namespace;
use crate::partition_key::PartitionKey;

/// Most bytes that the rows of a cursor may need, of the 64 KiB that it may have.
const CURSOR_BYTES: usize = 48 * 1024;
/// What the largest number beside them needs.
const PER_VALUE: usize = 3;

/// Reads rows that are there until they are dealt with.
pub(crate) struct Taking {
    sql: Sql,
    plan: Plan,
    taken: Taken,
    portion: Portion,
    key: PartitionKey,
}

struct Plan {
    /// Finds rows that are not taken.
    read: String,
    /// Deletes or marks those that are.
    settle: String,
    columns: Vec<Column>,
    key: Vec<String>,
    namespace: Namespace,
    name: String,
}

impl Taking {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let mut sql = Sql::connect(&config.connection)?;
        let plan = Plan::new(&mut sql, config)?;
        let taken = Taken::default();
        Ok(Self { sql, plan, taken, portion: Portion::new(), key: PartitionKey::default() })
    }

    pub(crate) fn start(&mut self, taken: Option<Taken>) -> Result<(), Error> {
        let taken = taken.unwrap_or_default();
        let fits = taken.keys.iter().all(|column| column.len() == taken.versions.len());
        if !fits || !(taken.keys.is_empty() || taken.keys.len() == self.plan.key.len()) {
            return Err(Error::invalid_config(
                "the saved position is of another `key`: forget it to begin anew",
            ));
        }
        self.taken = taken;
        Ok(())
    }

    pub(crate) fn taken(&self) -> Taken {
        self.taken.clone()
    }

    pub(crate) fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Progress, Error> {
        if records.is_full(limit) {
            return Ok(Progress::More);
        }
        let used = self.taken.bytes();
        let wanted = self.portion.rows(limit);
        let rows = {
            let mut values = self.parameters(0);
            values.push(wanted.to_string());
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            self.sql.query(&self.plan.read, &values)?
        };
        let before = self.taken.clone();
        match self.emit(&rows, CURSOR_BYTES.saturating_sub(used), limit, records) {
            Ok(true) => {}
            // The cursor is full; what is taken has to be dealt with first.
            Ok(false) if records.is_empty() => return Ok(Progress::Idle),
            Ok(false) => return Ok(Progress::More),
            Err(error) => {
                self.taken = before;
                return Err(error);
            }
        }
        self.portion.seen(records.len() as u64, records.bytes());
        let all = records.len() < rows.len() || rows.len() as u64 == wanted;
        Ok(if all { Progress::More } else { Progress::Idle })
    }

    /// Deals with every row of `taken` that is not dealt with.
    pub(crate) fn confirm(&mut self, taken: &Taken) -> Result<(), Error> {
        let known = self.taken.before.saturating_sub(taken.before);
        let done = usize::try_from(known).unwrap_or(usize::MAX);
        if done >= taken.versions.len() {
            return Ok(());
        }
        let values = taken.parameters(self.plan.key.len(), done);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let rows = self.sql.query(&self.plan.settle, &values)?;
        if rows.iter().any(|row| text(row, 0) == Some("true")) {
            return Err(Error::invalid_config(
                "/set: rows still meet `filter` after it, so they would be read for ever",
            ));
        }
        let end = taken.before + taken.versions.len() as u64;
        self.taken.forget(end.saturating_sub(self.taken.before));
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.sql.close();
    }

    fn parameters(&self, from: usize) -> Vec<String> {
        self.taken.parameters(self.plan.key.len(), from)
    }

    /// Moves rows into `records` and takes them. False: the cursor has no room for all that would fit.
    fn emit(
        &mut self,
        rows: &[Row],
        mut room: usize,
        limit: &Limit,
        records: &mut Records,
    ) -> Result<bool, Error> {
        let Self { plan, taken, key, .. } = self;
        taken.keys.resize_with(plan.key.len(), Vec::new);
        for row in rows {
            if records.is_full(limit) {
                break;
            }
            let first = plan.columns.len();
            let keys = values(row, plan.key.iter().map(String::as_str), first)?;
            let version = text(row, first + keys.len()).unwrap_or_default();
            let needed = keys.iter().map(String::as_str).chain([version]).map(length).sum();
            if needed > CURSOR_BYTES {
                let detail = format!("a key of {needed} bytes: too long to be kept in a cursor");
                return Err(Error::invalid_config(detail));
            }
            let Some(left) = room.checked_sub(needed) else { return Ok(false) };
            room = left;
            plan.push(row, (&keys, version), key, records);
            for (column, value) in taken.keys.iter_mut().zip(keys) {
                column.push(value);
            }
            taken.versions.push(version.to_owned());
        }
        Ok(true)
    }
}

impl Plan {
    fn new(sql: &mut Sql, config: &Config) -> Result<Self, Error> {
        let table = table_of(config)?;
        let key = key_of(sql, config, table)?;
        let described = sql.describe(&format!("select {} from {table}", columns_of(config)))?;
        let quoted: Vec<String> = key.iter().map(|name| quote_identifier(name)).collect();
        let types = sql.describe(&format!("select {} from {table}", quoted.join(", ")))?.types;

        // The rows that are taken, as a table of their own.
        let names: Vec<String> = (0..key.len()).map(|index| format!("kennel_{index}")).collect();
        let arrays: Vec<String> =
            (1..).zip(&types).map(|(number, one)| format!("${number}::{one}[]")).collect();
        let taken = format!(
            "unnest({}, ${}::text[]) kennel({}, kennel_version)",
            arrays.join(", "),
            key.len() + 1,
            names.join(", ")
        );
        let same: Vec<String> = quoted
            .iter()
            .zip(&names)
            .map(|(column, name)| format!("t.{column} = kennel.{name}"))
            .chain(["t.xmin::text = kennel.kennel_version".to_owned()])
            .collect();
        let same = same.join(" and ");

        let shown = described.columns.iter().map(|column| column.name.as_str());
        let select = as_texts(shown.chain(key.iter().map(String::as_str)));
        let order: Vec<String> = quoted.iter().map(|column| format!("t.{column}")).collect();
        let filter = config.filter.as_deref().unwrap_or("true");
        let read = format!(
            "select {select}, t.xmin::text from {table} t \
             where ({filter}) and not exists (select from {taken} where {same}) order by {} limit ${}",
            order.join(", "),
            key.len() + 2
        );
        let settle = match (config.mode, &config.set) {
            (Mode::Mark, Some(set)) => format!(
                "update {table} t set {set} from {taken} where {same} returning ({filter})::text"
            ),
            _ => format!("delete from {table} t using {taken} where {same}"),
        };
        Ok(Self {
            read,
            settle,
            columns: described.columns,
            key,
            namespace: namespace(config, &table.to_string()),
            name: table_label(table),
        })
    }

    fn push(
        &self,
        row: &Row,
        (keys, version): (&[String], &str),
        key: &mut PartitionKey,
        records: &mut Records,
    ) {
        let parts = keys.iter().map(String::as_bytes).chain([version.as_bytes()]);
        let id = self.namespace.id(parts);
        key.begin(&self.name);
        for value in keys {
            key.add(value.as_bytes());
        }
        let write = |buffer: &mut Vec<u8>| write_row(buffer, &self.columns, row);
        records.record().id(id).payload_with(write).key(key.as_bytes()).push();
    }
}

impl Taken {
    /// The rows from `from` on as arrays: one per key column, and that of their versions.
    fn parameters(&self, columns: usize, from: usize) -> Vec<String> {
        let column = |index: usize| {
            let values = self.keys.get(index).map(Vec::as_slice).unwrap_or_default();
            array(values.get(from..).unwrap_or_default())
        };
        let versions = array(self.versions.get(from..).unwrap_or_default());
        (0..columns).map(column).chain([versions]).collect()
    }

    /// Drops the first rows, which are dealt with.
    fn forget(&mut self, rows: u64) {
        let count = usize::try_from(rows).unwrap_or(usize::MAX).min(self.versions.len());
        for column in self.keys.iter_mut().chain([&mut self.versions]) {
            column.drain(..count.min(column.len()));
        }
        self.before += rows;
    }

    /// What the rows need in a cursor.
    fn bytes(&self) -> usize {
        self.keys.iter().chain([&self.versions]).flatten().map(|value| length(value)).sum()
    }
}

/// What a value needs in a cursor: quoted, with a comma.
fn length(value: &str) -> usize {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if plain {
        return value.len() + PER_VALUE;
    }
    let mut quoted = Vec::new();
    write_string(&mut quoted, value);
    quoted.len() + PER_VALUE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(before: u64, keys: &[&str]) -> Taken {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        Taken { before, versions: vec!["7".to_owned(); keys.len()], keys: vec![keys] }
    }

    #[test]
    fn given_rows_that_are_dealt_with_should_forget_the_first() {
        let mut three = taken(10, &["a", "b", "c"]);
        three.forget(2);
        assert_eq!(three, taken(12, &["c"]));
        three.forget(1);
        assert_eq!(three, taken(13, &[]));
    }

    #[test]
    fn given_rows_should_name_those_from_a_place_on() {
        assert_eq!(taken(0, &["a", "b"]).parameters(1, 1), [r#"{"b"}"#, r#"{"7"}"#]);
        assert_eq!(Taken::default().parameters(2, 0), ["{}", "{}", "{}"]);
    }

    #[test]
    fn given_any_keys_should_never_need_more_than_was_counted() {
        let odd = "naïve \u{1} \"\\ \n";
        let taken = taken(0, &["1", "some-key", odd]);
        let cursor = serde_json::to_vec(&taken).unwrap();
        let empty = serde_json::to_vec(&Taken::default()).unwrap();
        assert!(cursor.len() <= taken.bytes() + empty.len() + 2, "{}", cursor.len());
    }
}
