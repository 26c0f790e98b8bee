//! TOML as a tree of values that know where they came from.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::error::{ConfigError, Problem};
use crate::source_file::{Origin, SourceFile};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Time(Datetime),
    List(Vec<Node>),
    Table(Table),
}

/// Keys in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Vec<Entry>);

/// One key of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_origin: Origin,
    pub(crate) node: Node,
}

/// Parses a whole file. What cannot be parsed is left out of the tree and is an error.
pub(crate) fn parse(source: &Arc<SourceFile>) -> (Node, Vec<ConfigError>) {
    let (document, problems) = DeTable::parse_recoverable(source.text());
    let mut errors: Vec<_> = problems.iter().map(|problem| syntax_error(source, problem)).collect();
    let table = convert_table(document.get_ref(), source, &mut errors);
    let node = Node { origin: Origin::File(source.clone(), 0..0), value: Value::Table(table) };
    (node, errors)
}

fn syntax_error(source: &Arc<SourceFile>, problem: &toml::de::Error) -> ConfigError {
    let span = problem.span().unwrap_or(0..0);
    let text = source.text().get(span.start..).unwrap_or_default();
    let mut detail = problem.message().to_owned();
    let ends = text.starts_with(['\n', '\r']) || text.is_empty();
    if ends && detail.starts_with("string values must be quoted") {
        detail = "the value is missing".to_owned();
    }
    let help = match () {
        () if detail.contains("duplicate key") => "write each key and each [section] once",
        () if detail.contains("cannot extend") => "a key is either a value or a [section]",
        () if ends => {
            "the line ends too early; a value is text in quotes, a number, true, false, [a list] or { a table }"
        }
        () => "text values need quotes: key = \"value\"",
    };
    let error = ConfigError::new(Problem::Syntax { detail });
    error.at(&Origin::File(source.clone(), span)).help(help)
}

fn convert_table(
    table: &DeTable<'_>,
    source: &Arc<SourceFile>,
    errors: &mut Vec<ConfigError>,
) -> Table {
    let mut entries: Vec<_> = table
        .iter()
        .filter_map(|(key, value)| {
            let origin = Origin::File(source.clone(), value.span());
            let value = convert(value.get_ref(), &origin, source, errors)?;
            Some(Entry {
                key: key.get_ref().to_string(),
                key_origin: Origin::File(source.clone(), key.span()),
                node: Node { origin, value },
            })
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_origin.rank());
    Table(entries)
}

fn convert(
    value: &DeValue<'_>,
    origin: &Origin,
    source: &Arc<SourceFile>,
    errors: &mut Vec<ConfigError>,
) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => {
                let detail = "the number does not fit into 64 bits".to_owned();
                let help = "write a smaller number, or text in quotes";
                errors.push(ConfigError::new(Problem::Syntax { detail }).at(origin).help(help));
                return None;
            }
        },
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            Ok(float) if float.is_finite() => Value::Float(float),
            _ => {
                let detail = "the number is not finite".to_owned();
                let help = "write a finite number, or text in quotes";
                errors.push(ConfigError::new(Problem::Syntax { detail }).at(origin).help(help));
                return None;
            }
        },
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(time) => Value::Time(*time),
        DeValue::Array(list) => Value::List(
            list.iter()
                .filter_map(|element| {
                    let origin = Origin::File(source.clone(), element.span());
                    let value = convert(element.get_ref(), &origin, source, errors)?;
                    Some(Node { origin, value })
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, source, errors)),
    })
}

impl Value {
    /// The type, with its article.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Flag(_) => "a boolean",
            Self::Time(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The same value as JSON; dates and times become text.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Integer(integer) => (*integer).into(),
            Self::Float(float) => (*float).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Time(time) => time.to_string().into(),
            Self::List(list) => list.iter().map(|node| node.value.to_json()).collect(),
            Self::Table(table) => table
                .entries()
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.value.to_json()))
                .collect(),
        }
    }
}

impl Table {
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// The keys in their order.
    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    /// Sets the value at a path, making the tables on the way; a value in the way is replaced.
    pub(crate) fn set(&mut self, path: &[String], node: Node) {
        let Some((key, rest)) = path.split_first() else { return };
        let at = self.0.iter().position(|entry| &entry.key == key).unwrap_or_else(|| {
            self.0.push(Entry {
                key: key.clone(),
                key_origin: node.origin.clone(),
                node: Node { origin: node.origin.clone(), value: Value::Table(Table::default()) },
            });
            self.0.len() - 1
        });
        let entry = &mut self.0[at];
        if rest.is_empty() {
            entry.key_origin = node.origin.clone();
            entry.node = node;
            return;
        }
        if !matches!(entry.node.value, Value::Table(_)) {
            entry.node.value = Value::Table(Table::default());
        }
        if let Value::Table(table) = &mut entry.node.value {
            table.set(rest, node);
        }
    }
}
