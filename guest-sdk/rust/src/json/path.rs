//! Where in an object: keys joined by dots.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// Keys joined by dots: `customer.address.city`. `\.` is a dot within a key, `\\` a backslash. A path walks objects, never
/// lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

/// One key, plain and as JSON text between quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: String,
    pub(super) encoded: String,
}

/// Why a text is not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// Nothing before, between or behind dots.
    EmptyKey,
    /// A backslash before something other than a dot or a backslash.
    Escape,
}

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EmptyKey => "a path is keys joined by single dots, such as `customer.name`",
            Self::Escape => "in a path, a backslash stands only before a dot or a backslash",
        })
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut keys = vec![String::new()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let character = match character {
                '.' => {
                    keys.push(String::new());
                    continue;
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('.' | '\\')) => escaped,
                    _ => return Err(PathError::Escape),
                },
                other => other,
            };
            if let Some(key) = keys.last_mut() {
                key.push(character);
            }
        }
        if keys.iter().any(String::is_empty) {
            return Err(PathError::EmptyKey);
        }
        Ok(Self { steps: keys.into_iter().map(Step::new).collect() })
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The keys from the outermost to the innermost.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.key.as_str())
    }
}

impl Step {
    fn new(key: String) -> Self {
        let mut encoded = Vec::new();
        super::write_string(&mut encoded, &key);
        let encoded = String::from_utf8_lossy(&encoded[1..encoded.len() - 1]).into_owned();
        Self { key, encoded }
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Path {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "Keys joined by dots; `\\.` is a dot within a key, `\\\\` a backslash.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_paths_should_split_or_refuse_them() {
        let keys = |text| Path::parse(text).map(|path| path.keys().map(str::to_owned).collect());
        assert_eq!(keys("a"), Ok(vec!["a".to_owned()]));
        assert_eq!(keys(r"a\.b.c\\"), Ok(vec!["a.b".to_owned(), r"c\".to_owned()]));
        for empty in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(keys(empty), Err(PathError::EmptyKey), "{empty}");
        }
        for escape in [r"a\", r"a\b"] {
            assert_eq!(keys(escape), Err(PathError::Escape), "{escape}");
        }
    }
}
