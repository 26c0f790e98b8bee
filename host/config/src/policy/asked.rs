//! What a connector's configuration asks of the host's owner.

use std::fmt;
use std::path::Path;

use crate::grant::{FileMode, HttpGrant, TcpGrant};
use crate::size::ByteSize;

/// A key of `[policy]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum PolicyKey {
    Http,
    Tcp,
    Files,
    Env,
    Secrets,
    Reveal,
    Components,
    Registries,
    Signers,
    Topics,
    Memory,
    State,
    Stdout,
    Trusted,
}

impl PolicyKey {
    /// All of them, in the order of the manual.
    pub const ALL: [Self; 14] = [
        Self::Http,
        Self::Tcp,
        Self::Files,
        Self::Env,
        Self::Secrets,
        Self::Reveal,
        Self::Components,
        Self::Registries,
        Self::Signers,
        Self::Topics,
        Self::Memory,
        Self::State,
        Self::Stdout,
        Self::Trusted,
    ];

    /// As written in `kennel.toml`.
    pub fn name(self) -> &'static str {
        // The code is the name behind one word, so that they cannot part.
        self.code().trim_start_matches("policy_")
    }

    /// A stable code for what it does not permit.
    pub fn code(self) -> &'static str {
        match self {
            Self::Http => "policy_http",
            Self::Tcp => "policy_tcp",
            Self::Files => "policy_files",
            Self::Env => "policy_env",
            Self::Secrets => "policy_secrets",
            Self::Reveal => "policy_reveal",
            Self::Components => "policy_components",
            Self::Registries => "policy_registries",
            Self::Signers => "policy_signers",
            Self::Topics => "policy_topics",
            Self::Memory => "policy_memory",
            Self::State => "policy_state",
            Self::Stdout => "policy_stdout",
            Self::Trusted => "policy_trusted",
        }
    }
}

/// One thing that a connector's configuration grants or uses.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// Requests.
    Http(&'a HttpGrant),
    /// Connections.
    Tcp(&'a TcpGrant),
    /// A folder.
    Files {
        /// The folder, every link on the way followed.
        path: &'a Path,
        /// What may be done there.
        mode: FileMode,
    },
    /// An environment variable.
    Env(&'a str),
    /// A secret kept in an environment variable of the host.
    SecretEnv(&'a str),
    /// A secret kept in a file, every link on the way followed.
    SecretFile(&'a Path),
    /// A secret, by the name it is granted under, as it is.
    Reveal(&'a str),
    /// A component's file, every link on the way followed.
    Component(&'a Path),
    /// A component of a registry.
    Registry {
        /// Host, and port if there is one.
        registry: &'a str,
        /// Repository there, without tag and digest.
        repository: &'a str,
    },
    /// A topic read from or written to.
    Topic {
        /// Its stream.
        stream: &'a str,
        /// Its name.
        topic: &'a str,
    },
    /// Memory of an instance.
    Memory(ByteSize),
    /// Durable state per partition.
    State(ByteSize),
    /// The host's standard output.
    Stdout,
    /// Metering switched off.
    Trusted,
}

impl Asked<'_> {
    /// The key of `[policy]` that permits it or does not.
    pub fn key(&self) -> PolicyKey {
        match self {
            Self::Http(_) => PolicyKey::Http,
            Self::Tcp(_) => PolicyKey::Tcp,
            Self::Files { .. } => PolicyKey::Files,
            Self::Env(_) => PolicyKey::Env,
            Self::SecretEnv(_) | Self::SecretFile(_) => PolicyKey::Secrets,
            Self::Reveal(_) => PolicyKey::Reveal,
            Self::Component(_) => PolicyKey::Components,
            Self::Registry { .. } => PolicyKey::Registries,
            Self::Topic { .. } => PolicyKey::Topics,
            Self::Memory(_) => PolicyKey::Memory,
            Self::State(_) => PolicyKey::State,
            Self::Stdout => PolicyKey::Stdout,
            Self::Trusted => PolicyKey::Trusted,
        }
    }

    /// The value of the key that permits this and nothing else.
    pub(super) fn permission(&self) -> String {
        match self {
            Self::Http(grant) => format!("[\"{grant}\"]"),
            Self::Tcp(grant) => format!("[\"{grant}\"]"),
            Self::Files { path, mode: FileMode::ReadOnly } => format!("[{path:?}]"),
            Self::Files { path, mode: FileMode::ReadWrite } => {
                format!("[{{ path = {path:?}, mode = \"rw\" }}]")
            }
            Self::Env(name) | Self::Reveal(name) => format!("[\"{name}\"]"),
            Self::SecretEnv(name) => format!("[\"env/{name}\"]"),
            Self::SecretFile(path) => format!("[\"file{}\"]", path.display()),
            Self::Component(path) => format!("[{:?}]", path.parent().unwrap_or(path)),
            Self::Registry { registry, repository } => format!("[\"{registry}/{repository}\"]"),
            Self::Topic { stream, topic } => format!("[\"{stream}/{topic}\"]"),
            Self::Memory(size) | Self::State(size) => format!("\"{size}\""),
            Self::Stdout | Self::Trusted => "true".to_owned(),
        }
    }
}

/// What was asked for, in words.
impl fmt::Display for Asked<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(grant) => write!(formatter, "HTTP requests to {grant}"),
            Self::Tcp(grant) => write!(formatter, "TCP connections to {grant}"),
            Self::Files { path, mode } => {
                let mode = match mode {
                    FileMode::ReadOnly => "reading",
                    FileMode::ReadWrite => "reading and writing",
                };
                write!(formatter, "{mode} files below {}", path.display())
            }
            Self::Env(name) => write!(formatter, "the environment variable {name}"),
            Self::SecretEnv(name) => write!(formatter, "the secret env/{name}"),
            Self::SecretFile(path) => write!(formatter, "the secret file{}", path.display()),
            Self::Reveal(name) => write!(formatter, "revealing the secret `{name}`"),
            Self::Component(path) => write!(formatter, "a component from {}", path.display()),
            Self::Registry { registry, repository } => {
                write!(formatter, "a component from {registry}/{repository}")
            }
            Self::Topic { stream, topic } => write!(formatter, "the topic {stream}/{topic}"),
            Self::Memory(size) => write!(formatter, "{size} of memory for an instance"),
            Self::State(size) => write!(formatter, "{size} of durable state"),
            Self::Stdout => formatter.write_str("writing to the host's standard output"),
            Self::Trusted => formatter.write_str("running without metering"),
        }
    }
}
