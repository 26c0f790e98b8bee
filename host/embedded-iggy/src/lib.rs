//! A single-node server for Apache Iggy's TCP protocol, as a library.
//!
//! The unmodified official client of the 0.11 line works against it, so a demo or a test needs no
//! other process. What it supports is listed in the crate's README.
//!
//! ```no_run
//! # async fn run() -> Result<(), embedded_iggy::ServerError> {
//! let server = embedded_iggy::Server::builder().bind("127.0.0.1:0").start().await?;
//! println!("listening on {}", server.local_addr());
//! server.shutdown().await
//! # }
//! ```
//!
//! From the wire inwards: `frame` reads and writes frames, `connection` serves one client,
//! `command` carries out what a request asks for, on the `catalog` of streams, topics and groups
//! (`group` decides who owns what) and on each `partition`'s log.

#![forbid(unsafe_code)]

mod broker;
mod builder;
mod catalog;
mod clock;
mod command;
mod connection;
mod error;
mod frame;
mod group;
mod lock;
mod partition;
mod registry;
mod server;
mod session;
mod settings;
mod status;

pub use builder::ServerBuilder;
pub use error::ServerError;
pub use server::{RunningServer, Server};
