//! What a connector's file says.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::delivery::Delivery;
use crate::grant::Grants;
use crate::guest::GuestConfig;
use crate::oci::PinnedReference;
use crate::size::ByteSize;
use crate::stream::{SinkStream, SourceStream};

/// One connector: a component, its streams, and what it may do.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    /// Its name among all connectors of the host.
    pub key: ConnectorKey,
    /// The file it was read from.
    pub file: PathBuf,
    /// false: checked, but not run.
    pub enabled: bool,
    /// The WebAssembly component. A file exists, unless the connector is disabled.
    pub component: ComponentSource,
    /// Sink or source, with its streams.
    pub direction: Direction,
    /// Transforms in the order they are applied.
    pub transforms: Vec<TransformConfig>,
    /// The component's own configuration.
    pub config: GuestConfig,
    /// What the component may do.
    pub grants: Grants,
    /// What the component may use.
    pub limits: Limits,
    /// What happens to messages that cannot be delivered.
    pub delivery: Delivery,
}

/// Where a component comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentSource {
    /// A file of this machine.
    File(PathBuf),
    /// A registry. The digest is part of it: what runs does not change by itself.
    Oci(PinnedReference),
}

impl ComponentSource {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Oci(_) => None,
        }
    }
}

/// The path, or the reference.
impl fmt::Display for ComponentSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Oci(reference) => reference.fmt(formatter),
        }
    }
}

impl Serialize for ComponentSource {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which way messages flow.
#[derive(Debug, Clone)]
pub enum Direction {
    /// From Iggy to another system. Never empty.
    Sink(Vec<SinkStream>),
    /// From another system to Iggy.
    Source(SourceStream),
}

impl Direction {
    /// `sink` or `source`, as written in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sink(_) => "sink",
            Self::Source(_) => "source",
        }
    }
}

/// One transform of a connector.
#[derive(Debug, Clone)]
pub struct TransformConfig {
    /// The WebAssembly component. A file exists, unless the connector is disabled.
    pub component: ComponentSource,
    /// The component's own configuration.
    pub config: GuestConfig,
    /// What the component may do. The connector's grants are not inherited.
    pub grants: Grants,
    /// What the component may use. Defaults to the connector's limits.
    pub limits: Limits,
}

/// What a component may use; each instance by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories and tables of an instance together.
    pub memory: ByteSize,
    /// Wall clock time of one call, waiting for other systems included.
    pub call_timeout: Duration,
    /// Time one call may compute, waiting not counted.
    pub cpu_timeout: Duration,
    /// Percent of one core, over time.
    pub cpu_share: u32,
    /// Bytes that cross the boundary in one host call or one answer.
    pub transfer: ByteSize,
    /// Handles held at once.
    pub resources: u32,
    /// Sockets and HTTP requests in flight, together.
    pub connections: u32,
    /// Bytes sent per second. None: unlimited.
    pub egress: Option<ByteSize>,
    /// The largest body of an HTTP request or response.
    pub http_body: ByteSize,
    /// Bytes logged per second.
    pub log: ByteSize,
    /// Batches after which an instance is replaced, give or take a tenth. None: never.
    pub instance_batches: Option<u64>,
    /// Whether it runs without metering of its computing.
    pub trusted: bool,
}

/// Name of a connector: 1 to 64 of `a-z`, `A-Z`, `0-9`, `-`, `_`, `.`, starting with a letter or digit.
/// It is part of file names, consumer groups and metrics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ConnectorKey(String);

impl ConnectorKey {
    /// None: not a valid key.
    pub fn new(text: &str) -> Option<Self> {
        let valid = text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        valid.then(|| Self(text.to_owned()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
