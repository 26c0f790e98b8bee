//! The state all connections share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::catalog::{Catalog, TopicSettings};
use crate::clock::now_micros;
use crate::lock::Lock;
use crate::partition::{Log, LogSettings, Offsets, Partition};
use crate::session::{Client, Clients, Session};
use crate::settings::Settings;

/// See the module documentation. Lock order: catalogue, then a partition's log, then its offsets.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) settings: Settings,
    pub(crate) catalog: Lock<Catalog>,
    pub(crate) clients: Lock<Clients>,
    pub(crate) started: Instant,
    /// Microseconds since the epoch.
    pub(crate) started_at: u64,
    operations: AtomicU64,
    connections: AtomicU32,
}

impl Broker {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            catalog: Lock::default(),
            clients: Lock::default(),
            started: Instant::now(),
            started_at: now_micros(),
            operations: AtomicU64::new(0),
            connections: AtomicU32::new(0),
        }
    }

    /// Registers a connection.
    pub(crate) fn open_session(&self, local: SocketAddr, peer: SocketAddr) -> Session {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        self.clients.lock().insert(connection, Client { peer, user: None });
        Session { connection, local, peer, identity: None }
    }

    /// Forgets a connection and everything that lives as long as it.
    pub(crate) fn close_session(&self, session: &Session) {
        self.catalog.lock().drop_member(session.connection);
        self.clients.lock().remove(&session.connection);
    }

    /// The next number in the server's sequence of changes. Starts at 1.
    pub(crate) fn next_operation(&self) -> u64 {
        self.operations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the last change.
    pub(crate) fn last_operation(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// A new, empty partition.
    pub(crate) fn make_partition(&self, id: u32, topic: &TopicSettings) -> Partition {
        let settings = LogSettings {
            segment_bytes: topic.segment_bytes.unwrap_or(self.settings.segment_bytes),
        };
        Partition::new(id, now_micros(), Log::in_memory(settings), Offsets::default())
    }
}
