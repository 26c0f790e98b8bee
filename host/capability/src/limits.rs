//! What one store may use of its host, whatever it was granted.
//!
//! * [`StoreLimits`]: the numbers
//! * [`StoreLimiter`]: memory and tables, summed over all instances of the store
//! * [`RateLimit`]: bytes per second
//! * [`LimitReached`]: how a call ends that went over one of them

mod memory;
mod rate;

pub use memory::StoreLimiter;
pub use rate::RateLimit;

/// Limits of one store. Each is enforced by the part of this crate that spends it.
#[derive(Debug, Clone, Copy)]
pub struct StoreLimits {
    /// Linear memories and tables, all together. Bytes.
    pub memory: usize,
    /// Handles held at once: those of the host's resources and the guest's own.
    pub resources: usize,
    /// Sockets and HTTP requests in flight, together.
    pub connections: usize,
    /// Bytes sent per second, over TCP and HTTP together. None: unlimited.
    pub egress_per_second: Option<u64>,
    /// The largest body of an HTTP request or response. Bytes.
    pub http_body: u64,
    /// Bytes logged per second, by whatever way.
    pub log_per_second: u64,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            memory: 128 << 20,
            resources: 1000,
            connections: 64,
            egress_per_second: None,
            http_body: 64 << 20,
            log_per_second: 64 << 10,
        }
    }
}

/// A guest went over a limit, and its call ends with this as the cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail} ([limits] {key})")]
pub struct LimitReached {
    /// Key of `[limits]`.
    pub key: &'static str,
    /// A short stable code for metrics and dead letters.
    pub code: &'static str,
    /// What happened, with the limit's value.
    pub detail: String,
}
