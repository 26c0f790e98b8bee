//! What a component says about itself.

use serde::Serialize;
use serde_json::Value;

/// The direction of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Kind {
    Sink,
    Source,
    Transform,
}

/// What the destination guarantees when a batch comes twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Duplicates may appear at the destination.
    AtLeastOnce,
    /// The destination drops what it has already.
    Idempotent,
    /// Data and position are committed in one transaction.
    Transactional,
}

/// An effect that the component needs. It is refused where one that is not optional is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// `http`, `tcp`, `files`, `state` and so on.
    pub capability: &'static str,
    /// What the effect is on; may point into the configuration: `config:/url`.
    pub target: &'static str,
    /// Why, for the operator who grants it.
    pub reason: &'static str,
    /// Whether the component also works without.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// The self-description of a component, in the order and with the names of its JSON document.
#[derive(Clone, Debug, Serialize)]
pub struct Description {
    /// Short name: `http`, `postgres`.
    pub name: &'static str,
    /// The crate's version.
    pub version: &'static str,
    /// The crate's licence, an SPDX expression.
    pub licence: &'static str,
    /// The direction.
    pub kind: Kind,
    /// One sentence for lists; empty if there is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub summary: &'static str,
    /// JSON Schema of the configuration.
    pub config_schema: Value,
    /// Formats that it reads; empty: any.
    pub accepts: &'static [&'static str],
    /// Formats that it makes; empty: the one it was given.
    pub produces: &'static [&'static str],
    /// What a repeated batch does.
    pub delivery: Delivery,
    /// Whether order within a partition is kept.
    pub ordered: bool,
    /// Longest time without a call that the component's connections bear; 0: any.
    pub heartbeat_ms: u32,
    /// Version of the layout of its state.
    pub state_version: u32,
    /// Names of the metrics that it may report.
    pub metrics: &'static [&'static str],
    /// The effects that it asks for.
    pub asks: &'static [Ask],
    /// What the component was made with.
    pub sdk: Sdk,
}

/// What the component was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sdk {
    /// `rust`.
    pub language: &'static str,
    /// This crate's version.
    pub version: &'static str,
}

impl Sdk {
    /// This crate.
    #[must_use]
    pub const fn current() -> Self {
        Self { language: "rust", version: env!("CARGO_PKG_VERSION") }
    }
}
