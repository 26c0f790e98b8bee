//! The sandbox: components compiled, instantiated, called and stopped. Nothing above names wasmtime.
//!
//! * [`Engine`]: the compiler and the clock that stops endless loops
//! * [`Component`]: compiled code with its digest, its kind and what it [says of itself](Description)
//! * [`Batch`]: what crosses the boundary, one buffer with integer columns beside it
//! * [`Sink`], [`Source`], [`Transform`]: live instances; a call consumes the instance and gives it
//!   back only if it may be called again, so a trapped instance cannot be entered by construction
//! * [`Fault`]: why an instance is gone; [`GuestError`]: what a living guest answered
//!
//! That nobody enters an instance again that has ended is checked by the compiler:
//!
//! ```compile_fail,E0382
//! # use kennel_sandbox::{Batch, Sink};
//! async fn enter_again(sink: Sink, batch: Batch) {
//!     if let Err(_fault) = sink.consume(batch.clone(), None).await {
//!         let _ = sink.consume(batch, None).await;
//!     }
//! }
//! ```
//!
//! Compiled code is cached on disk and must be loaded by an `unsafe` function of wasmtime; that
//! one call, in `cache.rs`, is why this crate denies unsafe code instead of forbidding it.
#![deny(unsafe_code)]

mod batch;
mod bindings;
mod bounds;
mod cache;
mod columns;
mod component;
mod description;
mod engine;
mod fault;
mod guest;
mod instance;
mod load_error;
mod meter;
mod sink;
mod source;
mod transform;
mod wear;
mod words;

pub use batch::{Batch, Format, Origin};
pub use columns::Violation;
pub use component::{Component, Kind};
pub use description::{Ask, Delivery, Description, Problem};
pub use engine::{Engine, EngineError};
pub use fault::{Fault, FaultKind, GuestError, Unavailability};
pub use guest::Answer;
pub use instance::{InstanceSpec, Limits, StartError};
pub use kennel_capability as capability;
pub use load_error::LoadError;
pub use sink::{Failure, Position, Receipt, Sink, Verdict};
pub use source::{Limit, Messages, Produced, Progress, Source};
pub use transform::{Transform, Transformed};
pub use wear::Wear;

/// The interface version this host speaks.
pub const INTERFACE_VERSION: &str = "0.1.0-rc.1";
