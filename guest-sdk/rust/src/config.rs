//! From the host's JSON to a connector's typed configuration.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::glue::common::exports::kennel::connector::describe as wit;

/// For connectors that have nothing to configure.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// What is wrong with one place of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON Pointer into the configuration, such as `/batch/rows`; empty for the whole.
    pub path: String,
    /// What is wrong, for the person who wrote it.
    pub detail: String,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self { path: path.into(), detail: detail.to_string() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.detail)
        } else {
            write!(formatter, "{}: {}", self.path, self.detail)
        }
    }
}

impl From<Problem> for wit::Problem {
    fn from(problem: Problem) -> Self {
        Self { path: problem.path, detail: problem.detail }
    }
}

/// Reads a configuration, or says where it does not fit.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    // A connector without a `[config]` table may be given nothing at all.
    let json = if json.trim().is_empty() { "{}" } else { json };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| Problem::new(pointer(error.path()), without_position(error.inner())))
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            // Variants and what is unknown have no place of their own in the document.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The line and column are those of generated JSON, which nobody has seen.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) if error.line() != 0 => text[..at].to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nested {
        #[serde(default)]
        rows: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        batch: Nested,
    }

    #[test]
    fn given_a_wrong_value_should_point_at_it() {
        let problem = parse::<Config>(r#"{"batch":{"rows":[1,"two"]}}"#).expect_err("not a number");
        assert_eq!(problem.path, "/batch/rows/1");
        assert_eq!(problem.detail, "invalid type: string \"two\", expected u8");
    }

    #[test]
    fn given_an_unknown_key_should_name_it() {
        let problem = parse::<Config>(r#"{"batch":{"row":[]}}"#).expect_err("unknown key");
        assert_eq!(problem.path, "/batch/row");
        assert!(problem.detail.contains("unknown field `row`"), "{problem}");
    }

    #[test]
    fn given_no_configuration_should_read_as_an_empty_one() {
        assert!(parse::<NoConfig>("").is_ok());
        let config = parse::<Config>(r#"{"batch":{}}"#).expect("defaults");
        assert!(config.batch.rows.is_empty());
    }
}
