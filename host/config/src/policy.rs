//! What the owner of a host lets any connector's configuration grant, whoever wrote it.

mod asked;
mod judge;
mod pattern;
mod place;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::grant::{FileMode, HttpGrant, TcpGrant};
use crate::size::ByteSize;
use crate::source_file::Origin;

pub use asked::{Asked, PolicyKey};
pub use pattern::{NamePattern, PatternError, RegistryPattern, SecretPattern, TopicPattern};
pub(crate) use place::real_path;

/// The `[policy]` section. The default permits nothing; a host without the section has no policy.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Requests: a granted one has to be covered by one of these.
    pub http: Vec<HttpGrant>,
    /// Connections: a granted one has to be covered by one of these.
    pub tcp: Vec<TcpGrant>,
    /// Folders below which folders may be granted.
    pub files: Vec<FileRoot>,
    /// Environment variables.
    pub env: Vec<NamePattern>,
    /// Secrets, by where they are kept.
    pub secrets: Vec<SecretPattern>,
    /// Secrets that a component may see as they are.
    pub reveal: Reveal,
    /// Folders below which a component's file has to be.
    pub components: Vec<PathBuf>,
    /// Registries and repositories that components may be pulled from.
    pub registries: Vec<RegistryPattern>,
    /// Files of public keys (PEM), one of which must have signed a component; empty: signatures are
    /// not asked for.
    pub signers: Vec<PathBuf>,
    /// Streams and topics to read from and write to, dead letters included.
    pub topics: Vec<TopicPattern>,
    /// Most memory of one instance. None: none, so nothing can run.
    pub memory: Option<ByteSize>,
    /// Most durable state per partition. None: none.
    pub state: Option<ByteSize>,
    /// Whether the host's standard output may be granted.
    pub stdout: bool,
    /// Whether a connector may run without metering.
    pub trusted: bool,
    /// Where each key is written.
    pub(crate) places: BTreeMap<PolicyKey, Origin>,
}

/// A folder below which folders may be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRoot {
    /// The folder.
    pub path: PathBuf,
    /// The most that may be granted there.
    pub mode: FileMode,
}

/// Secrets that a component may see as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reveal {
    /// None of them.
    #[default]
    Nothing,
    /// Any that `secrets` permits.
    Everything,
    /// Those granted under such a name.
    Names(Vec<NamePattern>),
}
