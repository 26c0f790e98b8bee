//! What an operator lets a component do. Nothing is granted unless it is written down.

mod env;
mod host;
mod http;
mod secret;
mod tcp;

use std::path::PathBuf;

use crate::error::{ConfigError, Problem};
use crate::policy::{Asked, Policy};
use crate::size::ByteSize;
use crate::source_file::Origin;

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
    /// Where they are written, for what is found wrong with them later.
    pub(crate) origin: Option<Origin>,
}

impl Grants {
    /// What to say when the component `component` cannot do without `ask`, in words, and that is not
    /// granted; `help` is the line that grants it.
    pub fn lacking(
        &self,
        component: &str,
        ask: impl Into<String>,
        help: impl Into<String>,
    ) -> ConfigError {
        let problem = Problem::NotGranted { component: component.to_owned(), ask: ask.into() };
        self.placed(ConfigError::new(problem).help(help))
    }

    /// What to say when `capability` is granted to the component `component`, which does not ask for it.
    pub fn not_asked(&self, component: &str, capability: &'static str) -> ConfigError {
        let problem = Problem::NotAsked { component: component.to_owned(), capability };
        let help = format!("remove `{capability}` from [grants], or ask the component's author");
        self.placed(ConfigError::new(problem).help(help))
    }

    /// What to say of connections that only a narrower entry of the policy would permit.
    pub fn not_permitted(&self, policy: &Policy, asked: &Asked<'_>) -> ConfigError {
        self.placed(policy.refusal(asked))
    }

    /// Each grant in a line, for records.
    pub fn lines(&self) -> Vec<String> {
        let http = self.http.iter().map(|grant| format!("http {grant}"));
        let tcp = self.tcp.iter().map(|grant| format!("tcp {grant}"));
        let files = self.files.iter().map(|grant| {
            let mode = match grant.mode {
                FileMode::ReadOnly => "ro",
                FileMode::ReadWrite => "rw",
            };
            format!("files {} as {} {mode}", grant.path.display(), grant.guest)
        });
        let env = self.env.iter().map(|grant| format!("env {}", grant.name));
        let secrets = self.secrets.iter().map(|grant| {
            let reveal = if grant.reveal { " revealed" } else { "" };
            format!("secrets {} from {}{reveal}", grant.name, grant.reference)
        });
        let state = self.state.iter().map(|size| format!("state {size}"));
        let stdout = self.stdout.then(|| "stdout".to_owned());
        http.chain(tcp).chain(files).chain(env).chain(secrets).chain(state).chain(stdout).collect()
    }

    fn placed(&self, error: ConfigError) -> ConfigError {
        match &self.origin {
            Some(origin) => error.at(origin),
            None => error,
        }
    }
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
