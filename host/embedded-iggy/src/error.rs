//! What can go wrong when a server starts or stops.

use std::io;
use std::path::{Path, PathBuf};

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
    /// The certificate or key is not usable.
    #[error("invalid certificate or key")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another server, of this process or another, has the data folder open.
    #[error("data folder {} is in use by another server", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder of the data folder could not be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// A small file of the data folder does not hold what it should.
    #[error("{} is damaged", path.display())]
    CorruptFile {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The data folder has logs, but the file that says whose they are is gone.
    #[error("{} is missing from a data folder with logs", path.display())]
    CatalogMissing {
        /// The file.
        path: PathBuf,
    },
    /// A segment that others follow is damaged. Messages after the fault could only be served with
    /// a gap, so the server does not start.
    #[error("segment {} is damaged at byte {position}: {reason}", path.display())]
    CorruptSegment {
        /// The segment's file.
        path: PathBuf,
        /// Where the first unsound record starts.
        position: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl ServerError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}
