//! Kennel's configuration: strict TOML, typed at this edge, with errors that say how to correct them.
//!
//! A folder holds `kennel.toml` for the host and one other `*.toml` file per connector.

#![forbid(unsafe_code)]

mod budget;
mod connector;
mod decode;
mod delivery;
mod environment;
mod error;
mod grant;
mod guest;
mod host;
mod load;
mod nearest;
mod node;
mod oci;
mod overrides;
mod policy;
mod provided;
mod reader;
mod reference;
mod schema;
mod size;
mod source_file;
mod stream;
mod timestamp;

use std::path::PathBuf;
use std::sync::Arc;

pub use connector::{
    ComponentSource, ConnectorConfig, ConnectorKey, Direction, Limits, TransformConfig,
};
pub use delivery::{DeadLetterTopic, Delivery, FlushLimit, Guarantee, OnError};
pub use environment::Environment;
pub use error::{ConfigError, ConfigErrors, Problem};
pub use grant::{
    ClockGrant, EnvGrant, EnvNameError, FileGrant, FileMode, Grants, HostPattern, HostPatternError,
    HttpGrant, HttpGrantError, HttpScheme, PathPattern, SecretGrant, SecretHost, SecretHostError,
    SecretReference, SecretReferenceError, TcpGrant, TcpGrantError, TcpHost,
};
pub use guest::{GuestConfig, check_against_schema};
pub use host::{
    ComponentsConfig, Credentials, HostConfig, IggyConfig, IggyTls, LogFormat, LoggingConfig,
    NetworkConfig, ProviderConfig, RuntimeConfig, ServerAddress, ServerAddressError, StateConfig,
};
pub use load::{HostRead, load, read_host};
pub use oci::{Digest, OciReference, OciReferenceError, PinnedReference};
pub use policy::{
    Asked, FileRoot, NamePattern, PatternError, Policy, PolicyKey, RegistryPattern, Reveal,
    SecretPattern, TopicPattern,
};
pub use schema::{FileKind, schema};
pub use size::{ByteSize, ByteSizeError};
pub use source_file::{FileLocation, Location};
pub use stream::{BatchLimit, CreateTopic, Format, PartitionBy, SinkStream, SourceStream, Start};
pub use timestamp::parse_time;

/// A folder's configuration, valid as far as can be told without its components and its broker.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The folder it was read from.
    pub folder: PathBuf,
    /// The host.
    pub host: HostConfig,
    /// The connectors in the order of their file names, disabled ones included.
    pub connectors: Vec<ConnectorConfig>,
    /// What is valid, but gives a secret away.
    pub warnings: Arc<[ConfigError]>,
}
