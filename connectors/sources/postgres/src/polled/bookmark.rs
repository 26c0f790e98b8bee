//! Rows behind a bookmark: the values of a few columns of the last row.
//!
//! The bookmark moves on only when no later row of the same answer has the same values, so a batch that ends between
//! two equal ones repeats the first after a restart instead of losing the second.

use std::collections::VecDeque;

use kennel_postgres::quote_identifier;
use kennel_postgres::tokio_postgres::Row;
use kennel_sdk::{Error, Limit, Progress, Records};

use super::sql::Sql;
use super::{Portion, as_texts, columns_of, key_of, table_of, values, write_row};
use crate::column::Column;
use crate::config::{Config, Mode};
use crate::identity::Namespace;
use crate::partition_key::PartitionKey;

/// Reads rows behind a bookmark.
pub(crate) struct Bookmarked {
    sql: Sql,
    plan: Plan,
    /// Of the last row that need not be read again.
    bookmark: Option<Vec<String>>,
    /// Rows that were read and did not fit.
    rest: VecDeque<Row>,
    portion: Portion,
    key: PartitionKey,
}

/// The statements, and what their answers mean.
struct Plan {
    /// Finds the first rows, by `start_after` if there is one.
    first: String,
    /// Finds those behind a bookmark.
    next: String,
    start_after: Option<String>,
    /// Whether the statements take the number of rows.
    limited: bool,
    columns: Vec<Column>,
    /// The columns of the bookmark; their values come behind the others.
    marks: Vec<String>,
    /// How many of them, from the first, the statements take.
    parameters: usize,
    /// Those among them that tell rows apart.
    key: Vec<usize>,
    namespace: Namespace,
    name: String,
}

impl Bookmarked {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let mut sql = Sql::connect(&config.connection)?;
        let plan = match config.mode {
            Mode::Query => Plan::of_query(&mut sql, config)?,
            _ => Plan::of_table(&mut sql, config)?,
        };
        Ok(Self {
            sql,
            plan,
            bookmark: None,
            rest: VecDeque::new(),
            portion: Portion::new(),
            key: PartitionKey::default(),
        })
    }

    pub(crate) fn start(&mut self, bookmark: Option<Vec<String>>) -> Result<(), Error> {
        if bookmark.as_ref().is_some_and(|values| values.len() != self.plan.parameters) {
            return Err(Error::invalid_config(
                "the saved position is of another `column` or `key`: forget it to begin anew",
            ));
        }
        self.bookmark = bookmark;
        self.rest.clear();
        Ok(())
    }

    pub(crate) fn bookmark(&self) -> Option<Vec<String>> {
        self.bookmark.clone()
    }

    pub(crate) fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Progress, Error> {
        if records.is_full(limit) {
            return Ok(Progress::More);
        }
        let mut progress = Progress::More;
        if self.rest.is_empty() {
            let wanted = self.portion.rows(limit);
            self.rest = self.read(wanted)?.into();
            let found = self.rest.len() as u64;
            if found == 0 || (self.plan.limited && found < wanted) {
                progress = Progress::Idle;
            }
        }
        let answer = self.emit(limit, records);
        if answer.is_err() {
            // What was taken from it is lost with this call.
            self.rest.clear();
        }
        self.bookmark = answer?;
        self.portion.seen(records.len() as u64, records.bytes());
        Ok(if self.rest.is_empty() { progress } else { Progress::More })
    }

    pub(crate) fn close(&mut self) {
        self.sql.close();
    }

    fn read(&mut self, wanted: u64) -> Result<Vec<Row>, Error> {
        let Self { sql, plan, bookmark, .. } = self;
        let wanted = wanted.to_string();
        let statement = if bookmark.is_some() { &plan.next } else { &plan.first };
        let mut values: Vec<&str> = match bookmark {
            Some(bookmark) => bookmark.iter().map(String::as_str).collect(),
            None => plan.start_after.iter().map(String::as_str).collect(),
        };
        if plan.limited {
            values.push(&wanted);
        }
        sql.query(statement, &values)
    }

    /// Moves rows into `records`; answers the bookmark behind them.
    fn emit(&mut self, limit: &Limit, records: &mut Records) -> Result<Option<Vec<String>>, Error> {
        let Self { plan, rest, key, .. } = self;
        let mut bookmark = self.bookmark.clone();
        let mut marks = match rest.front() {
            Some(row) => plan.marks(row)?,
            None => return Ok(bookmark),
        };
        while !records.is_full(limit) {
            let Some(row) = rest.pop_front() else { break };
            let next = rest.front().map(|row| plan.marks(row)).transpose()?;
            plan.push(&row, &marks, key, records);
            let taken = plan.parameters;
            if next.as_ref().is_none_or(|next| next[..taken] != marks[..taken]) {
                bookmark = Some(marks[..taken].to_vec());
            }
            marks = next.unwrap_or_default();
        }
        Ok(bookmark)
    }
}

impl Plan {
    /// By a column and, among rows that are equal in it, by their key.
    fn of_table(sql: &mut Sql, config: &Config) -> Result<Self, Error> {
        let table = table_of(config)?;
        let column = column_of(config)?;
        let key = key_of(sql, config, table)?;
        let described = sql.describe(&format!("select {} from {table}", columns_of(config)))?;
        let mut marks = vec![column.to_owned()];
        marks.extend(key.iter().filter(|name| *name != column).cloned());

        let names = described.columns.iter().map(|column| column.name.as_str());
        let select = as_texts(names.chain(marks.iter().map(String::as_str)));
        let mut conditions = String::new();
        if let Some(filter) = &config.filter {
            conditions.push_str(&format!(" and ({filter})"));
        }
        let quoted: Vec<String> =
            marks.iter().map(|name| format!("t.{}", quote_identifier(name))).collect();
        if config.settle_ms > 0 {
            let settle = config.settle_ms;
            conditions.push_str(&format!(
                " and {} <= now() - interval '{settle} milliseconds'",
                quoted[0]
            ));
        }
        let order = quoted.join(", ");
        let statement = |condition: String, parameters: usize| {
            format!(
                "select {select} from {table} t where {condition}{conditions} order by {order} limit ${}",
                parameters + 1
            )
        };
        let first = match &config.start_after {
            Some(_) => statement(format!("{} > $1", quoted[0]), 1),
            None => statement(format!("{} is not null", quoted[0]), 0),
        };
        let numbers: Vec<String> = (1..=marks.len()).map(|number| format!("${number}")).collect();
        let next = statement(format!("({order}) > ({})", numbers.join(", ")), marks.len());
        let place = |name: &String| marks.iter().position(|mark| mark == name);
        Ok(Self {
            first,
            next,
            start_after: config.start_after.clone(),
            limited: true,
            columns: described.columns,
            key: key.iter().filter_map(place).collect(),
            parameters: marks.len(),
            marks,
            namespace: namespace(config, &table.to_string()),
            name: table_label(table),
        })
    }

    fn of_query(sql: &mut Sql, config: &Config) -> Result<Self, Error> {
        let column = column_of(config)?;
        let query = config.query.as_deref().unwrap_or_default();
        let query = query.trim().trim_end_matches(';');
        let described = sql.describe(query)?;
        if described.parameters != 1 {
            let detail = format!(
                "/query: takes {} values, but has to take one: $1, the last value of {column}",
                described.parameters
            );
            return Err(Error::invalid_config(detail));
        }
        let mut marks = vec![column.to_owned()];
        marks.extend(config.key.iter().cloned());
        for mark in &marks {
            if !described.columns.iter().any(|column| column.name == *mark) {
                let detail = format!("/query: does not answer a column {mark}");
                return Err(Error::invalid_config(detail));
            }
        }
        let names = described.columns.iter().map(|column| column.name.as_str());
        let select = as_texts(names.chain(marks.iter().map(String::as_str)));
        let statement = format!("select {select} from ({query}) t");
        Ok(Self {
            first: statement.clone(),
            next: statement,
            start_after: config.start_after.clone(),
            limited: false,
            columns: described.columns,
            key: (1..marks.len()).collect(),
            parameters: 1,
            marks,
            namespace: namespace(config, query),
            name: "query".to_owned(),
        })
    }

    fn marks(&self, row: &Row) -> Result<Vec<String>, Error> {
        values(row, self.marks.iter().map(String::as_str), self.columns.len())
    }

    fn push(&self, row: &Row, marks: &[String], key: &mut PartitionKey, records: &mut Records) {
        let mut record =
            records.record().payload_with(|buffer| write_row(buffer, &self.columns, row));
        // Without a key, two equal rows would be taken for one.
        if !self.key.is_empty() {
            record = record.id(self.namespace.id(marks.iter().map(String::as_bytes)));
            key.begin(&self.name);
            for place in &self.key {
                key.add(marks[*place].as_bytes());
            }
            record = record.key(key.as_bytes());
        }
        record.push();
    }
}

fn column_of(config: &Config) -> Result<&str, Error> {
    config.column.as_deref().ok_or_else(|| Error::invalid_config("/column: needed in this mode"))
}

/// Ids are of a server's rows: another server, another namespace.
pub(super) fn namespace(config: &Config, what: &str) -> Namespace {
    let connection = &config.connection;
    let port = connection.port.to_string();
    Namespace::new(&["rows", &connection.host, &port, &connection.database, what])
}

/// A table's name as it is in keys.
pub(super) fn table_label(table: &kennel_postgres::TableName) -> String {
    match table.schema() {
        Some(schema) => format!("{schema}.{}", table.table()),
        None => table.table().to_owned(),
    }
}
