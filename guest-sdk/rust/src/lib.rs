//! Write connectors for Kennel in Rust.
//!
//! A connector is one type that implements [`Sink`], [`Source`] or [`Transform`], with the attribute of the same name on
//! the `impl` block. The attribute makes the component's exports and its self-description from what it says and from the
//! crate's metadata. Everything else is ordinary Rust that is unit-tested on the machine it is written on: see [`testing`].
//!
//! ```
//! use kennel_sdk::prelude::*;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// Messages longer than this many bytes are dropped.
//!     longest: usize,
//! }
//!
//! struct Shortener {
//!     longest: usize,
//! }
//!
//! #[kennel_sdk::transform(name = "shortener", summary = "drops what is too long")]
//! impl Transform for Shortener {
//!     type Config = Config;
//!
//!     fn open(config: Config) -> Result<Self, Error> {
//!         Ok(Self { longest: config.longest })
//!     }
//!
//!     fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
//!         for message in batch.iter().filter(|message| message.payload().len() <= self.longest) {
//!             output.keep(&message);
//!         }
//!         Ok(())
//!     }
//! }
//! ```

#![deny(unsafe_code)]

// The attributes expand to `::kennel_sdk` paths, and so does this crate when it uses its own bindings.
extern crate self as kennel_sdk;

mod batch;
#[allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, clippy::mem_forget)]
mod bindings;
mod config;
mod description;
mod error;
mod header;
mod host;
pub mod http;
pub mod json;
pub mod log;
mod message;
pub mod metrics;
mod outgoing;
mod receipt;
pub mod secrets;
mod sink;
mod source;
pub mod state;
mod transform;

#[doc(hidden)]
pub mod glue;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use batch::{Batch, Messages, Origin};
pub use config::{NoConfig, Problem};
pub use description::{Ask, Delivery, Description, Kind, Sdk};
pub use error::Error;
pub use glue::types::{Format, Verdict};
pub use header::{Header, HeaderValue, HeaderWriter, Headers};
pub use host::{attribute, schema};
pub use kennel_sdk_macros::{sink, source, transform};
pub use message::{Malformed, Message};
pub use outgoing::MessageBuilder;
pub use receipt::Receipt;
pub use sink::{Position, Sink};
pub use source::{Limit, Polled, Progress, Record, Records, Source};
pub use transform::{Emission, Output, Transform};

pub use {schemars, serde, serde_json};

/// Everything that a connector normally names.
pub mod prelude {
    pub use crate::log::{debug, error, info, trace, warn};
    pub use crate::{
        Batch, Error, Format, Header, HeaderValue, Limit, Malformed, Message, NoConfig, Origin,
        Output, Polled, Position, Problem, Progress, Receipt, Records, Sink, Source, Transform,
        Verdict, http, json, log, metrics, secrets, state,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
}

/// The example of the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
