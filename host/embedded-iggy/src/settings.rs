//! What a server was built with.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// When what was written to disk is made to survive a loss of power. What was acknowledged
/// survives the death of the process in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fsync {
    /// Before a batch is acknowledged.
    EveryBatch,
    /// This often.
    Interval(Duration),
    /// When the operating system sees fit.
    Never,
}

/// Validated settings; made by [`ServerBuilder`](crate::ServerBuilder).
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) username: String,
    pub(crate) password: SecretString,
    /// Longest frame in bytes, with its header.
    pub(crate) frame_limit: usize,
    /// How long a client may be silent.
    pub(crate) idle_timeout: Duration,
    /// Bytes after which a segment is closed, unless a topic says otherwise.
    pub(crate) segment_bytes: u64,
    /// Where data is kept; in memory if nowhere.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) fsync: Fsync,
    /// Bytes of memory for the newest batches of durable logs.
    pub(crate) cache_bytes: u64,
    /// How often changed consumer offsets are written.
    pub(crate) offsets_interval: Duration,
    /// How often expired messages are looked for.
    pub(crate) retention_interval: Duration,
}
