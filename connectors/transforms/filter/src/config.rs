//! What the operator writes.

use kennel_sdk::prelude::*;

use crate::expression::Expression;
use crate::parser;

/// Configuration of the filter transform: exactly one of `keep` and `drop`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Messages for which this expression holds stay, the others go.
    #[serde(default)]
    keep: Option<String>,
    /// Messages for which this expression holds go, the others stay.
    #[serde(default)]
    drop: Option<String>,
}

impl Config {
    /// The expression, and whether messages stay for which it holds.
    pub(crate) fn parse(&self) -> Result<(Expression, bool), Problem> {
        let (key, text) = match (&self.keep, &self.drop) {
            (Some(text), None) => ("/keep", text),
            (None, Some(text)) => ("/drop", text),
            (None, None) => return Err(Problem::new("", "either `keep` or `drop` is missing")),
            (Some(_), Some(_)) => {
                return Err(Problem::new("/drop", "`keep` and `drop` exclude each other"));
            }
        };
        let expression = parser::parse(text).map_err(|error| Problem::new(key, error))?;
        Ok((expression, self.keep.is_some()))
    }
}
