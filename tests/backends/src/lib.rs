//! Real servers for the tests of connectors: see the README.
#![forbid(unsafe_code)]

mod account;
mod binaries;
mod certificate;
mod error;
mod machine;
mod postgres;
mod registry;
mod watchdog;

pub use error::BackendError;
pub use postgres::{Postgres, PostgresBuilder};
pub use registry::Registry;
