//! What the operator granted to one connector. Empty means nothing, never everything.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::network::Naming;
use crate::secrets::SecretGrant;
use crate::tcp::TcpGrants;

/// Decides whether one outgoing request is granted.
///
/// The grammar of rules belongs to the configuration; this crate only asks.
pub trait HttpRule: Send + Sync + std::fmt::Debug {
    /// Is `scheme://host:port/path` granted? `host` is lower case without brackets.
    fn allows(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool;

    /// How the rule names its host. Decides which addresses the name may lead to.
    fn naming(&self) -> Naming;
}

/// Read, or read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// The guest may list and read.
    ReadOnly,
    /// The guest may also create, write, rename and remove.
    ReadWrite,
}

/// A folder of the host that a guest sees.
#[derive(Debug, Clone)]
pub struct FileGrant {
    /// Folder on the host. It must exist when the connector starts.
    pub host: PathBuf,
    /// Where the guest sees it, for example `/in`.
    pub guest: String,
    /// What the guest may do there.
    pub mode: FileMode,
}

/// What [`Clock::Coarse`] rounds down to.
pub const COARSE_STEP: Duration = Duration::from_millis(100);

/// The clocks a guest sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The machine's.
    #[default]
    Real,
    /// The machine's, in steps of [`COARSE_STEP`]: too far apart to time what a neighbour does.
    Coarse,
    /// One that always shows the same moment, for calls that must be pure.
    Frozen,
}

/// Everything one connector was granted. `Default` grants nothing.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// Outgoing HTTP: a request passes when one rule allows it.
    pub http: Vec<Arc<dyn HttpRule>>,
    /// Outgoing TCP connections.
    pub tcp: TcpGrants,
    /// Folders.
    pub files: Vec<FileGrant>,
    /// Environment variables the guest sees: names and values. No other is visible.
    pub env: Vec<(String, String)>,
    /// Secrets it may use.
    pub secrets: Vec<SecretGrant>,
    /// Quota of durable state in bytes (keys and values); `None` denies state.
    pub state_bytes: Option<u64>,
    /// Whether standard output is the process's own; else it is logged.
    pub stdout: bool,
    /// The clocks.
    pub clock: Clock,
}
