//! What one store has open and sends, under its limits.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Egress;
use crate::denials::Denials;
use crate::limits::{LimitReached, StoreLimits};

/// Counts for one store: TCP sockets and HTTP requests together.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    connections: Arc<Semaphore>,
    egress: Option<Arc<Egress>>,
    limits: StoreLimits,
    denials: Arc<Denials>,
}

/// Counts as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    _counted: OwnedSemaphorePermit,
}

impl Traffic {
    pub(crate) fn new(limits: StoreLimits, denials: Arc<Denials>) -> Self {
        let connections = limits.connections.min(Semaphore::MAX_PERMITS);
        let egress = limits.egress_per_second.map(|rate| Arc::new(Egress::new(rate)));
        Self { connections: Arc::new(Semaphore::new(connections)), egress, limits, denials }
    }

    /// One more connection, if that is not too many.
    pub(crate) fn connect(&self) -> Option<OpenConnection> {
        let Ok(counted) = Arc::clone(&self.connections).try_acquire_owned() else {
            let limit = self.limits.connections;
            self.tell(&LimitReached {
                key: "connections",
                code: "connection_limit",
                detail: format!(
                    "the guest has {limit} sockets and HTTP requests and asked for more"
                ),
            });
            return None;
        };
        Some(OpenConnection { _counted: counted })
    }

    /// The budget of bytes that are sent, where there is one.
    pub(crate) fn egress(&self) -> Option<&Arc<Egress>> {
        self.egress.as_ref()
    }

    /// Most bytes in the body of a request, and in that of a response.
    pub(crate) fn http_body(&self) -> u64 {
        self.limits.http_body
    }

    /// Tells the operator that the body of a request or a response, `what`, was too long.
    pub(crate) fn body_was_too_long(&self, what: &str) {
        let limit = self.limits.http_body;
        self.tell(&LimitReached {
            key: "http_body",
            code: "http_body_limit",
            detail: format!("the body of an HTTP {what} is longer than {limit} bytes"),
        });
    }

    fn tell(&self, reached: &LimitReached) {
        self.denials.tell(reached.code, &reached.detail, || reached.to_string());
    }
}
