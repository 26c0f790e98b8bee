//! Statements with values in text form: as they are in a cursor, whatever their types.

use std::collections::HashMap;
use std::error::Error as StdError;

use bytes::BytesMut;
use kennel_postgres::tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use kennel_postgres::tokio_postgres::{Row, Statement};
use kennel_postgres::{Client, ClientError, ConnectionConfig, TableName, quote_identifier};
use kennel_sdk::Error;

use crate::column::Column;
use crate::value;

/// A client that prepares every statement once per session.
pub(crate) struct Sql {
    client: Client,
    session: u64,
    statements: HashMap<String, Statement>,
}

/// What a query answers.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) columns: Vec<Column>,
    /// The columns' types as SQL.
    pub(crate) types: Vec<String>,
    pub(crate) parameters: usize,
}

/// A value in text form, of the type that the statement wants.
#[derive(Debug)]
struct Text<'a>(&'a str);

impl Sql {
    pub(crate) fn connect(connection: &ConnectionConfig) -> Result<Self, Error> {
        let client = Client::connect(connection)?;
        let mut sql = Self { client, session: 0, statements: HashMap::new() };
        sql.connected()?;
        Ok(sql)
    }

    /// What `query` would answer.
    pub(crate) fn describe(&mut self, query: &str) -> Result<Described, Error> {
        let statement = self.prepared(query)?;
        let columns = statement.columns();
        let quoted = |one: &Type| {
            format!("{}.{}", quote_identifier(one.schema()), quote_identifier(one.name()))
        };
        Ok(Described {
            columns: columns.iter().map(|one| Column::new(one.name(), one.type_().oid())).collect(),
            types: columns.iter().map(|one| quoted(one.type_())).collect(),
            parameters: statement.params().len(),
        })
    }

    /// The rows of a query whose values are all text.
    pub(crate) fn query(&mut self, sql: &str, values: &[&str]) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql)?;
        let texts: Vec<Text<'_>> = values.iter().map(|value| Text(value)).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = texts.iter().map(|text| text as _).collect();
        let rows = self.client.run_in(self.session, async |session| {
            Ok(session.query(&statement, &parameters).await?)
        });
        Ok(rows?)
    }

    /// The columns of a table's primary key, in its order.
    pub(crate) fn primary_key(&mut self, table: &TableName) -> Result<Vec<String>, Error> {
        let sql = "select a.attname::text from pg_index i \
             cross join lateral unnest(i.indkey) with ordinality k(attnum, place) \
             join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum \
             where i.indrelid = to_regclass($1) and i.indisprimary and k.place <= i.indnkeyatts \
             order by k.place";
        let rows = self.query(sql, &[&table.to_string()])?;
        Ok(rows.iter().filter_map(|row| text(row, 0)).map(str::to_owned).collect())
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, ClientError> {
        self.connected()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement =
            self.client.run_in(self.session, async |session| Ok(session.prepare(sql).await?))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// A new session knows no statement, and writes values as its server likes best.
    fn connected(&mut self) -> Result<(), ClientError> {
        let session = self.client.connected()?;
        if session == self.session {
            return Ok(());
        }
        self.statements.clear();
        let settings = value::SETTINGS.map(|(name, value)| format!("set {name} = '{value}'"));
        let settings = settings.join("; ");
        self.client.run_in(session, async |client| Ok(client.batch_execute(&settings).await?))?;
        self.session = session;
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.client.close();
    }
}

/// A value of a row whose values are all text; none: null.
pub(crate) fn text(row: &Row, index: usize) -> Option<&str> {
    row.try_get(index).ok().flatten()
}

/// A list of texts in the form that an array has as text.
pub(crate) fn array(values: &[String]) -> String {
    let mut array = String::from("{");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        array.push('"');
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                array.push('\\');
            }
            array.push(character);
        }
        array.push('"');
    }
    array.push('}');
    array
}

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        _type: &Type,
        buffer: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_type: &Type) -> bool {
        true
    }

    fn encode_format(&self, _type: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    #[test]
    fn given_any_texts_should_quote_each() {
        let texts = ["1", "", "a \"b\" \\", "NULL", "{}"].map(str::to_owned);
        assert_eq!(super::array(&texts), r#"{"1","","a \"b\" \\","NULL","{}"}"#);
        assert_eq!(super::array(&[]), "{}");
    }
}
