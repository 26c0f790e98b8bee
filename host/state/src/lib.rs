//! What must survive a restart: cursors of sources, state of guests, seeks and records of dead letters,
//! in one embedded database.
//!
//! One transaction commits a cursor or a checkpoint together with the state written on the way to it
//! (D5), so after a crash either both are there or neither is.
#![forbid(unsafe_code)]

mod connector;
mod error;
mod pending;
mod seek;
mod store;
mod tables;

pub use connector::{Checkpoint, Commit, ConnectorState, Writes};
pub use error::StateError;
pub use pending::Pending;
pub use seek::Seek;
pub use store::StateStore;
