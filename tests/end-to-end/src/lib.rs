//! The whole of Kennel, seen from outside: the tests of this crate start the real `kennel`, with
//! configurations and folders of their own, and judge it by what arrives at the destinations.
//!
//! The program and the components have to be there: `cargo build --workspace --bin kennel` and
//! `cargo xtask components`. `KENNEL_BIN` and `KENNEL_COMPONENTS` name others. With
//! `KENNEL_TEST_IGGY=host:port`, tests that need a broker and nothing more use that server.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what the tests share may fail as tests do")]
#![allow(missing_docs, reason = "no public API; names of a test's helpers say what they do")]

pub mod authority;
pub mod broker;
pub mod client;
pub mod connector;
pub mod crash;
pub mod destination;
pub mod http_server;
pub mod installation;
pub mod process;
pub mod wait;
pub mod world;

pub use authority::Authority;
pub use broker::{Broker, BrokerProcess};
pub use client::{Target, message};
pub use connector::Connector;
pub use http_server::HttpServer;
pub use process::{Ended, Process};
pub use wait::eventually;
pub use world::World;
