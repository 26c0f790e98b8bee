//! What one store has open and sends, under its limits.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Egress;

/// Counts for one store: TCP sockets and HTTP requests together.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    connections: Arc<Semaphore>,
    egress: Option<Arc<Egress>>,
    http_body: u64,
}

/// Counts as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    _counted: OwnedSemaphorePermit,
}

impl Traffic {
    /// At most `connections` at once, `egress` bytes per second, and `http_body` bytes in each
    /// request's and each response's body.
    pub(crate) fn new(connections: usize, egress: Option<u64>, http_body: u64) -> Self {
        let connections = connections.min(Semaphore::MAX_PERMITS);
        Self {
            connections: Arc::new(Semaphore::new(connections)),
            egress: egress.map(|rate| Arc::new(Egress::new(rate))),
            http_body,
        }
    }

    /// One more connection, if that is not too many.
    pub(crate) fn connect(&self) -> Option<OpenConnection> {
        let counted = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        Some(OpenConnection { _counted: counted })
    }

    /// The budget of bytes that are sent, where there is one.
    pub(crate) fn egress(&self) -> Option<&Arc<Egress>> {
        self.egress.as_ref()
    }

    /// Most bytes in the body of a request, and in that of a response.
    pub(crate) fn http_body(&self) -> u64 {
        self.http_body
    }
}
