//! The grammar of a granted secret: where its value is kept, and where its placeholder may be sent.
//!
//! ```text
//! reference = "secret://env/" variable | "secret://file" path
//! variable  = as in `env`
//! path      = "/" segment { "/" segment }              ; absolute; no `.` or `..`, no control characters
//! host      = scheme "://" host [ ":" port ]            ; as in `http`, without a path
//! name      = 1 to 64 letters, digits, `-`, `_`, `.`    ; what the component calls it
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

use super::env::{EnvNameError, check_env_name};
use super::http::{HttpGrant, HttpGrantError, HttpScheme};

/// One secret that a component may use.
#[derive(Debug, Clone)]
pub struct SecretGrant {
    /// What the component calls it.
    pub name: String,
    /// Where its value is kept.
    pub reference: SecretReference,
    /// The variable's value when the configuration was read; none for a file, which is read when it is used.
    pub value: Option<SecretString>,
    /// Where its placeholder may be sent. None: to every host of the `http` grant over https, and over http to this
    /// machine.
    pub hosts: Option<Vec<SecretHost>>,
    /// Whether the component may learn the value.
    pub reveal: bool,
}

/// Where a secret's value is kept. `Display` writes it as it is written in the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretReference {
    /// An environment variable of the host.
    Env(String),
    /// A file of the host; absolute.
    File(PathBuf),
}

/// Why a text does not say where a secret is kept. It never repeats the text, which may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretReferenceError {
    /// Something else than `secret://`.
    #[error("this does not say where the secret is kept")]
    Scheme,
    /// Neither `env/` nor `file/`.
    #[error("a secret is kept in `env` or in `file`")]
    Keeper,
    /// Not a variable's name.
    #[error(transparent)]
    Variable(#[from] EnvNameError),
    /// Not a plain absolute path.
    #[error("the path is not absolute without `.`, `..`, `//` and control characters")]
    Path,
}

impl FromStr for SecretReference {
    type Err = SecretReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("secret://").ok_or(SecretReferenceError::Scheme)?;
        if let Some(name) = rest.strip_prefix("env/") {
            check_env_name(name)?;
            return Ok(Self::Env(name.to_owned()));
        }
        let path = rest.strip_prefix("file").filter(|path| path.starts_with('/'));
        let path = path.ok_or(SecretReferenceError::Keeper)?;
        let plain = |segment: &str| {
            !matches!(segment, "" | "." | "..") && !segment.contains(char::is_control)
        };
        match path[1..].split('/').all(plain) {
            true => Ok(Self::File(PathBuf::from(path))),
            false => Err(SecretReferenceError::Path),
        }
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "secret://env/{name}"),
            Self::File(path) => write!(formatter, "secret://file{}", path.display()),
        }
    }
}

/// A host that a secret may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretHost(HttpGrant);

/// Why a text is not such a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretHostError {
    /// Not the part of an HTTP grant before its path.
    #[error(transparent)]
    Host(#[from] HttpGrantError),
    /// A path.
    #[error("a secret is sent to a host, whatever the path")]
    Path,
}

impl FromStr for SecretHost {
    type Err = SecretHostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
        let grant = text.parse::<HttpGrant>()?;
        match authority.contains('/') {
            true => Err(SecretHostError::Path),
            false => Ok(Self(grant)),
        }
    }
}

impl SecretHost {
    /// Whether the secret may go to this host. `host` is the authority's host without its port.
    pub fn allows(&self, scheme: HttpScheme, host: &str, port: u16) -> bool {
        self.0.allows(scheme, host, port, "/")
    }
}

/// Whether a component may call a secret so.
pub(crate) fn is_secret_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests;
