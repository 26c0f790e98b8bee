//! What the operator writes under `[config]`.

use std::collections::BTreeMap;

use kennel_sdk::prelude::*;

use crate::pattern::Pattern;

/// Configuration of the file source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The file, as the component sees it: absolute. Its last part may hold `*` and `?`.
    pub path: String,
    /// Read what is there, or go on with what is added.
    #[serde(default)]
    pub mode: Mode,
    /// What a record is.
    #[serde(default)]
    pub format: RecordFormat,
    /// Where to begin in files that are there at the very first start (`tail`).
    #[serde(default)]
    pub start: Start,
    /// Longest record in bytes. Longer ones are skipped, counted and logged.
    #[serde(default = "default_max_record_bytes")]
    pub max_record_bytes: u32,
    /// How to read CSV.
    #[serde(default)]
    pub csv: CsvConfig,
}

/// Read what is there, or go on with what is added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Follow the files for ever, also when they are rotated or truncated.
    #[default]
    Tail,
    /// Read every file to its end, in the order of their names, and finish.
    Once,
}

/// What a record is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordFormat {
    /// A line with a JSON value, passed on as it is.
    #[default]
    Ndjson,
    /// A row, made into a JSON object.
    Csv,
    /// A line of text.
    Lines,
}

/// Where to begin at the very first start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// With the first record.
    #[default]
    Beginning,
    /// With the first record added from now on.
    End,
}

/// How to read CSV.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// One ASCII character between cells.
    pub delimiter: char,
    /// Whether the first row of every file holds the names of the columns.
    pub header: bool,
    /// Names of the columns; needed without a header, and used instead of one.
    pub columns: Vec<String>,
    /// Columns that are not text.
    pub types: BTreeMap<String, CellType>,
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self { delimiter: ',', header: true, columns: Vec::new(), types: BTreeMap::new() }
    }
}

/// What the cells of a column hold. A cell that does not fit stays text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CellType {
    /// A whole number of 64 bits.
    Integer,
    /// A decimal number.
    Float,
    /// `true`, `false`, `yes`, `no`, `1`, `0`.
    Boolean,
    /// Any JSON value.
    Json,
}

fn default_max_record_bytes() -> u32 {
    1024 * 1024
}

impl Config {
    /// What JSON Schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = Pattern::new(&self.path) {
            problems.push(Problem::new("/path", error));
        }
        if self.max_record_bytes == 0 {
            problems.push(Problem::new("/max_record_bytes", "must be 1 or more"));
        }
        let csv = &self.csv;
        if !csv.delimiter.is_ascii() || matches!(csv.delimiter, '"' | '\n' | '\r') {
            problems.push(Problem::new(
                "/csv/delimiter",
                "must be an ASCII character, but no quote or line break",
            ));
        }
        if self.format == RecordFormat::Csv && !csv.header && csv.columns.is_empty() {
            problems.push(Problem::new("/csv/columns", "needed where `header` is false"));
        }
        if !csv.columns.is_empty()
            && let Some(name) = csv.types.keys().find(|name| !csv.columns.contains(name))
        {
            let path = format!("/csv/types/{}", name.replace('~', "~0").replace('/', "~1"));
            problems.push(Problem::new(path, "is not among `columns`"));
        }
        problems
    }
}
