//! A connector under test without WebAssembly: batches from literals, results as plain values, and a world that collects
//! logs, metrics and state.
//!
//! ```
//! use kennel_sdk::prelude::*;
//! use kennel_sdk::testing::{self, BatchBuilder};
//!
//! struct Shout;
//!
//! #[kennel_sdk::transform(name = "shout")]
//! impl Transform for Shout {
//!     type Config = NoConfig;
//!     fn open(_config: NoConfig) -> Result<Self, Error> {
//!         Ok(Self)
//!     }
//!     fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
//!         for message in batch {
//!             output.payload(&message, &message.payload().to_ascii_uppercase());
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let batch = BatchBuilder::text(["hello"]).build();
//! let transformed = testing::run(&mut Shout, &batch);
//! assert_eq!(transformed.payloads(), [b"HELLO"]);
//! ```

mod batch;
mod outcome;
pub(crate) mod secrets;
pub(crate) mod world;

pub use batch::{BatchBuilder, IntoJson};
pub use outcome::{Emitted, Failed, Reading, Transformed, poll, poll_with, run, try_run};
pub use secrets::{reveal_secrets, set_secret};
pub use world::{
    LogLine, counter, deny_state, gauge, observations, reset, serve, set_attribute, set_schema,
    state, take_logs, take_marks,
};

use serde_json::Value;

use crate::glue::{self, Component, SinkGuest, SourceGuest, TransformGuest};
use crate::{Error, Problem, Sink, Source, Transform};

/// Opens a sink as the host does: from JSON.
///
/// # Errors
/// If the configuration does not parse, or what `open` answers.
pub fn open_sink<T: Sink>(config: Value) -> Result<T, Error> {
    glue::open::<T, SinkGuest<T>>(&config.to_string())
}

/// Opens a source as the host does: from JSON.
///
/// # Errors
/// If the configuration does not parse, or what `open` answers.
pub fn open_source<T: Source>(config: Value) -> Result<T, Error> {
    glue::open::<T, SourceGuest<T>>(&config.to_string())
}

/// Opens a transform as the host does: from JSON.
///
/// # Errors
/// If the configuration does not parse, or what `open` answers.
pub fn open_transform<T: Transform>(config: Value) -> Result<T, Error> {
    glue::open::<T, TransformGuest<T>>(&config.to_string())
}

/// Validates a sink's configuration as `kennel check` does.
#[must_use]
pub fn validate_sink<T: Sink>(config: Value) -> Vec<Problem> {
    glue::problems::<T, SinkGuest<T>>(&config.to_string())
}

/// Validates a source's configuration as `kennel check` does.
#[must_use]
pub fn validate_source<T: Source>(config: Value) -> Vec<Problem> {
    glue::problems::<T, SourceGuest<T>>(&config.to_string())
}

/// Validates a transform's configuration as `kennel check` does.
#[must_use]
pub fn validate_transform<T: Transform>(config: Value) -> Vec<Problem> {
    glue::problems::<T, TransformGuest<T>>(&config.to_string())
}

/// The document that the component's `describe` answers.
#[must_use]
pub fn describe<T: Component>() -> Value {
    serde_json::to_value(T::description()).unwrap_or_default()
}
