//! What an operator lets a component do. Nothing is granted unless it is written down.

mod env;
mod host;
mod http;
mod secret;
mod tcp;

use std::path::PathBuf;

use crate::size::ByteSize;

pub(crate) use env::check_env_name;
pub use env::{EnvGrant, EnvNameError};
pub use host::{HostPattern, HostPatternError};
pub use http::{HttpGrant, HttpGrantError, HttpScheme, PathPattern};
pub(crate) use secret::is_secret_name;
pub use secret::{SecretGrant, SecretHost, SecretHostError, SecretReference, SecretReferenceError};
pub use tcp::{TcpGrant, TcpGrantError, TcpHost};

/// The `[grants]` section. The default grants nothing.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// Requests the component may send.
    pub http: Vec<HttpGrant>,
    /// Connections it may open.
    pub tcp: Vec<TcpGrant>,
    /// Folders the component may open.
    pub files: Vec<FileGrant>,
    /// Environment variables it sees; no others.
    pub env: Vec<EnvGrant>,
    /// Secrets it may use.
    pub secrets: Vec<SecretGrant>,
    /// The clocks it sees.
    pub clock: ClockGrant,
    /// How much durable state it may keep per partition. None: none at all.
    pub state: Option<ByteSize>,
    /// Whether its standard output is the host's. Otherwise it goes to the log.
    pub stdout: bool,
}

/// The clocks that a component sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockGrant {
    /// The machine's.
    #[default]
    Real,
    /// The machine's, in steps of 100 milliseconds.
    Coarse,
    /// One that stands still.
    Frozen,
}

/// A folder of the host that a component sees under a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGrant {
    /// The folder; absolute or relative to the working directory.
    pub path: PathBuf,
    /// The absolute path the component sees it under, with `/` as separator.
    pub guest: String,
    /// What it may do there.
    pub mode: FileMode,
}

/// What a component may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// Only read.
    ReadOnly,
    /// Read, create, change and delete.
    ReadWrite,
}
