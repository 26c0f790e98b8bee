//! What the operator writes under `[config]`.

use std::collections::BTreeMap;

use kennel_sdk::prelude::*;
use serde_json::Value;

/// Configuration of the random source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Records per second; 0: as fast as they are taken.
    pub rate: f64,
    /// Records to make before the source is finished; 0: without end.
    pub count: u64,
    /// The same seed and schema give the same records.
    pub seed: u64,
    /// Pad every record with a last field `padding` to this many bytes; 0: no padding. Records
    /// that are longer by themselves stay as they are.
    pub size: u32,
    /// Give every record a natural 128-bit id, the same on every re-read.
    pub ids: bool,
    /// Fields of a record and how to make them. Fields are written in alphabetical order.
    pub schema: BTreeMap<String, Field>,
}

impl Default for Config {
    fn default() -> Self {
        Self { rate: 0.0, count: 0, seed: 0, size: 0, ids: false, schema: orders() }
    }
}

/// What is made when no schema is configured.
fn orders() -> BTreeMap<String, Field> {
    let amount = Field::Float { minimum: 1.0, maximum: 500.0, decimals: 2 };
    let status = ["paid", "pending", "shipped", "refunded"].map(Value::from).to_vec();
    [
        ("amount", amount),
        ("customer", Field::Name {}),
        ("email", Field::Email {}),
        ("order_id", Field::Uuid {}),
        ("quantity", Field::Integer { minimum: 1, maximum: 9 }),
        ("sequence", Field::Sequence { start: 0, step: 1 }),
        ("status", Field::Choice { values: status, weights: vec![6.0, 2.0, 3.0, 1.0] }),
        (
            "time",
            Field::Timestamp {
                start: default_start(),
                step_ms: default_step(),
                clock: false,
                format: TimeFormat::Rfc3339,
            },
        ),
    ]
    .map(|(name, field)| (name.to_owned(), field))
    .into()
}

/// How one field is made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Field {
    /// `start`, `start + step`, …: the record's place in the stream, which accounts for each one.
    Sequence {
        /// Of the first record.
        #[serde(default)]
        start: u64,
        /// From one record to the next.
        #[serde(default = "one")]
        step: u64,
    },
    /// A whole number, both ends included.
    Integer {
        /// Smallest value.
        #[serde(default)]
        minimum: i64,
        /// Largest value.
        #[serde(default = "thousand")]
        maximum: i64,
    },
    /// A decimal number, both ends included.
    Float {
        /// Smallest value.
        #[serde(default)]
        minimum: f64,
        /// Largest value.
        #[serde(default = "unit")]
        maximum: f64,
        /// Digits after the point, 0 to 9.
        #[serde(default = "two")]
        decimals: u8,
    },
    /// `true` or `false`.
    Boolean {
        /// How likely `true` is, 0 to 1.
        #[serde(default = "half")]
        probability: f64,
    },
    /// One of several values of any JSON type.
    Choice {
        /// At least one.
        values: Vec<Value>,
        /// One per value, not negative, in any scale. Empty: all the same.
        #[serde(default)]
        weights: Vec<f64>,
    },
    /// A first and a last name.
    Name {},
    /// An address below `example.com`, `.net` or `.org`.
    Email {},
    /// A random UUID (version 4).
    Uuid {},
    /// A time that advances with each record, or the clock.
    Timestamp {
        /// Of the first record, RFC 3339 in UTC.
        #[serde(default = "default_start")]
        start: String,
        /// Milliseconds from one record to the next.
        #[serde(default = "default_step")]
        step_ms: u64,
        /// Use the clock instead. The one setting by which a seed no longer repeats its records.
        #[serde(default)]
        clock: bool,
        /// How it is written.
        #[serde(default)]
        format: TimeFormat,
    },
    /// Words.
    Text {
        /// Fewest bytes.
        #[serde(default = "text_minimum")]
        minimum: u32,
        /// Most bytes, at most 32768.
        #[serde(default = "text_maximum")]
        maximum: u32,
    },
    /// An object in the object.
    Object {
        /// As in the schema.
        fields: BTreeMap<String, Field>,
    },
    /// A list of values made alike.
    Array {
        /// How each is made.
        of: Box<Field>,
        /// Fewest values.
        #[serde(default)]
        minimum: u32,
        /// Most values, at most 10000.
        #[serde(default = "five")]
        maximum: u32,
    },
}

/// How a time is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeFormat {
    /// `"2026-01-01T00:00:00.000Z"`.
    #[default]
    Rfc3339,
    /// Milliseconds since 1970, a number.
    Milliseconds,
    /// Microseconds since 1970, a number.
    Microseconds,
}

fn one() -> u64 {
    1
}
fn thousand() -> i64 {
    1_000
}
fn unit() -> f64 {
    1.0
}
fn two() -> u8 {
    2
}
fn half() -> f64 {
    0.5
}
fn five() -> u32 {
    5
}
fn text_minimum() -> u32 {
    20
}
fn text_maximum() -> u32 {
    60
}
fn default_start() -> String {
    "2026-01-01T00:00:00Z".to_owned()
}
fn default_step() -> u64 {
    1_000
}
