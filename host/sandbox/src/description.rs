//! What a component says of itself: the JSON document of `describe`.

use serde::{Deserialize, Serialize};

/// The guarantee a component can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// A replay repeats messages at the destination.
    #[default]
    AtLeastOnce,
    /// A replay overwrites with the same.
    Idempotent,
    /// Rows and position are committed together.
    Transactional,
}

/// A capability the component asks for. Asking grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// `http`, `files`, `state` …
    pub capability: String,
    /// What exactly, or where in the configuration it stands (`config:/url`).
    #[serde(default)]
    pub target: String,
    /// Why, for the operator.
    #[serde(default)]
    pub reason: String,
    /// Whether it also works without; otherwise it is refused where this is not granted.
    #[serde(default)]
    pub optional: bool,
}

impl Ask {
    /// Whether it asks for the same, whatever it says about it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.capability == other.capability && self.target == other.target
    }
}

/// The document, with unknown keys ignored: it grows by optional keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    /// Short name of the component.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// SPDX licence expression.
    #[serde(default, alias = "license")]
    pub licence: String,
    /// One sentence.
    #[serde(default)]
    pub summary: String,
    /// JSON Schema of its configuration.
    #[serde(default = "any_object")]
    pub config_schema: serde_json::Value,
    /// Formats it accepts; empty: any.
    #[serde(default)]
    pub accepts: Vec<String>,
    /// Formats it produces.
    #[serde(default)]
    pub produces: Vec<String>,
    /// The guarantee it can keep.
    #[serde(default)]
    pub delivery: Delivery,
    /// Whether order within a partition matters to it.
    #[serde(default = "yes")]
    pub ordered: bool,
    /// Longest silence it can bear, milliseconds; 0: any.
    #[serde(default)]
    pub heartbeat_ms: u64,
    /// Version of the layout of its state.
    #[serde(default)]
    pub state_version: u32,
    /// Names of its metrics.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// Capabilities it asks for.
    #[serde(default)]
    pub asks: Vec<Ask>,
    /// Language and version of its SDK.
    #[serde(default)]
    pub sdk: serde_json::Value,
}

fn yes() -> bool {
    true
}

fn any_object() -> serde_json::Value {
    serde_json::json!({ "type": "object" })
}

/// What is wrong with a configuration, in the component's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer into the configuration.
    pub path: String,
    /// What is wrong there.
    pub detail: String,
}
