//! What must survive a restart: cursors of sources, state of guests, seeks and records of dead letters,
//! in one embedded database. A second one has what operators did with dead letters.
//!
//! One transaction commits a cursor or a checkpoint together with the state written on the way to it
//! (D5), so after a crash either both are there or neither is.
#![forbid(unsafe_code)]

mod connector;
mod error;
mod letters;
mod pending;
mod seek;
mod snapshot;
mod store;
mod tables;

pub use connector::{Checkpoint, Commit, ConnectorState, Writes};
pub use error::StateError;
pub use letters::{LetterMark, LetterMarks};
pub use pending::Pending;
pub use seek::Seek;
pub use snapshot::{StateSnapshot, Values};
pub use store::StateStore;
