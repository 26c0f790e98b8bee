//! What must survive a restart: cursors of sources and state of guests, in one embedded database.
//!
//! One transaction commits a cursor together with the state written on the way to it (D5), so after
//! a crash either both are there or neither is.
#![forbid(unsafe_code)]

mod error;
mod store;

pub use error::StateError;
pub use store::{Commit, ConnectorState, StateStore, Writes};
