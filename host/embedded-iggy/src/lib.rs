//! A single-node server for Apache Iggy's TCP protocol, as a library.
//!
//! The unmodified official client of the 0.11 line works against it, so a demo or a test needs no
//! other process. What it supports is listed in the crate's README.
//!
//! ```no_run
//! # async fn run() -> Result<(), embedded_iggy::ServerError> {
//! let server = embedded_iggy::Server::builder().bind("127.0.0.1:0").start().await?;
//! println!("listening on {}", server.local_addr());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! From the wire inwards: `frame` reads and writes frames, `connection` serves one client and
//! injects `faults`, `command` carries out what a request asks for, on the `catalog` of streams,
//! topics, groups and users (`group` decides who owns what) and on each `partition`'s log.
//! `storage` is the data folder, `durability` writes to it, `maintenance` does so on timers.

#![forbid(unsafe_code)]

mod broker;
mod builder;
mod catalog;
mod clock;
mod command;
mod connection;
mod durability;
mod error;
mod faults;
mod frame;
mod group;
mod lock;
mod maintenance;
mod partition;
mod registry;
mod server;
mod session;
mod settings;
mod status;
mod storage;
mod tls;
mod user;

pub use builder::ServerBuilder;
pub use error::ServerError;
pub use faults::{Command, Fault, Faults};
pub use server::{RunningServer, Server};
pub use settings::Fsync;
pub use tls::Tls;
