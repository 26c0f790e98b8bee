//! The host's side of Apache Iggy: connections, topics, confirmed sends, consumer groups and raw polls.
//!
//! This is the only crate of the host that names the `iggy` client, because Iggy changes its wire
//! protocol between minor versions: a version bump must touch nothing above.
//!
//! - [`Connection`] looks topics up, creates them, sends, and reads as a bystander.
//! - [`GroupMember`] is one member of a consumer group on a connection of its own: it polls by explicit
//!   offset and stores offsets when told to. Nothing is ever committed behind the caller's back.
//! - [`PolledBatch`] is a reply as it came, with integer columns beside it.
//! - [`headers`] reads and writes message headers in wire form.
//!
//! Nothing here reconnects or retries. A call answers or fails within a bounded time, and
//! [`BrokerError`] says whether waiting, a new connection or an operator can help.
#![forbid(unsafe_code)]

mod batch;
mod config;
mod connection;
mod error;
mod exchange;
mod frames;
mod group;
pub mod headers;
mod link;
mod onlooker;
mod outgoing;
mod partitioner;
mod rival;
mod start;
mod target;
#[cfg(feature = "testing")]
pub mod testing;

pub use batch::{BatchBuffers, ColumnName, Poll, PolledBatch};
pub use config::{BrokerConfig, Credentials, Tls};
pub use connection::{Connection, GroupOffset, TopicInfo};
pub use error::{BrokerError, Resource};
pub use group::{Assignment, GroupMember};
pub use outgoing::{MAX_HEADERS_BYTES, MAX_PAYLOAD_BYTES, OutgoingMessage};
pub use partitioner::Partitioning;
pub use rival::OfficialClient;
pub use start::StartPosition;
pub use target::Target;
