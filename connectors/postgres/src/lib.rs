//! The PostgreSQL client that the sink and the source share: a connection that mends itself, for code
//! that is called synchronously, in a component (WASI sockets) as on any other machine.
//!
//! ```no_run
//! use kennel_postgres::{Client, ConnectionConfig};
//!
//! fn count(config: &ConnectionConfig) -> Result<i64, kennel_sdk::Error> {
//!     let mut client = Client::connect(config)?;
//!     let count = client.run(async |session| {
//!         Ok(session.query_one("select count(*) from orders", &[]).await?.try_get(0)?)
//!     })?;
//!     Ok(count)
//! }
//! ```
#![forbid(unsafe_code)]

mod channel_binding;
mod client;
mod config;
mod error;
mod identifier;
mod logged_in;
mod password;
mod tls;
pub mod wire;

pub use client::{Client, Session};
pub use config::{ConnectionConfig, Tls};
pub use error::ClientError;
pub use identifier::{TableName, quote_identifier, quote_literal};
pub use password::{GrantedPassword, Password};
pub use tokio_postgres;
