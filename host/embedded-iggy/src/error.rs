//! What can go wrong when a server starts or stops.

use std::io;

/// See the variants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// As given to the builder.
        address: String,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// A setting is not usable.
    #[error("invalid setting: {0}")]
    Setting(&'static str),
}
