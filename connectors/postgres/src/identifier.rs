//! Names and texts within SQL.

use std::borrow::Cow;
use std::fmt;

use kennel_sdk::prelude::*;
use kennel_sdk::schemars::{Schema, SchemaGenerator, json_schema};
use kennel_sdk::serde::{Deserializer, de};

/// A table, perhaps with its schema: `orders`, `shop.orders`. Names are taken letter by letter, so `Orders` and `orders` are two
/// tables. A name that itself has a dot stands in double quotes: `shop."2026.orders"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    schema: Option<String>,
    table: String,
}

impl TableName {
    /// Reads a name.
    ///
    /// # Errors
    /// With what is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, behind) = first_part(rest)?;
            parts.push(part);
            match behind {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(table), None, None) => Ok(Self { schema: None, table }),
            (Some(schema), Some(table), None) => Ok(Self { schema: Some(schema), table }),
            _ => Err(format!("`{text}` is not `table` or `schema.table`")),
        }
    }

    /// A table without a schema, found by the server's search path.
    #[must_use]
    pub fn unqualified(table: &str) -> Self {
        Self { schema: None, table: table.to_owned() }
    }

    /// The schema, if one was given.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The table's own name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }
}

/// One name, and what stands behind the dot after it.
fn first_part(text: &str) -> Result<(String, Option<&str>), String> {
    let (part, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let mut name = String::new();
            let mut rest = quoted;
            loop {
                let (before, behind) = rest.split_once('"').ok_or("a double quote is missing")?;
                name.push_str(before);
                match behind.strip_prefix('"') {
                    Some(behind) => {
                        name.push('"');
                        rest = behind;
                    }
                    None => break (name, behind),
                }
            }
        }
        None => {
            let end = text.find('.').unwrap_or(text.len());
            (text[..end].to_owned(), &text[end..])
        }
    };
    if part.is_empty() || part.contains('\0') {
        return Err("a table's name is not empty".to_owned());
    }
    match rest.strip_prefix('.') {
        Some(behind) => Ok((part, Some(behind))),
        None if rest.is_empty() => Ok((part, None)),
        None => Err(format!("`{rest}` stands behind a quoted name")),
    }
}

/// As SQL, quoted.
impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(formatter, "{}.", quote_identifier(schema))?;
        }
        formatter.write_str(&quote_identifier(&self.table))
    }
}

impl<'de> Deserialize<'de> for TableName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for TableName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TableName".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "`table` or `schema.table`, letter by letter; a name with a dot in double quotes.",
        })
    }
}

/// A name as SQL.
#[must_use]
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL.
#[must_use]
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_should_quote_each_part() {
        for (text, sql) in [
            ("orders", r#""orders""#),
            ("shop.Orders", r#""shop"."Orders""#),
            (r#"shop."2026.orders""#, r#""shop"."2026.orders""#),
            (r#""a""b""#, r#""a""b""#),
        ] {
            assert_eq!(TableName::parse(text).unwrap().to_string(), sql, "{text}");
        }
        for text in ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "\"\""] {
            assert!(TableName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn given_quotes_and_backslashes_should_quote_text() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), " E'a\\\\''b'");
    }
}
