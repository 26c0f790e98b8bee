//! Real servers for the tests of connectors: see the README.
#![forbid(unsafe_code)]

mod account;
mod binaries;
mod certificate;
mod error;
mod postgres;
mod watchdog;

pub use error::BackendError;
pub use postgres::{Postgres, PostgresBuilder};
