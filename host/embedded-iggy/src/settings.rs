//! What a server was built with.

use secrecy::SecretString;

/// Validated settings; made by [`ServerBuilder`](crate::ServerBuilder).
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) username: String,
    pub(crate) password: SecretString,
    /// Longest frame in bytes, with its header.
    pub(crate) frame_limit: usize,
    /// Bytes after which a segment is closed, unless a topic says otherwise.
    pub(crate) segment_bytes: u64,
}
