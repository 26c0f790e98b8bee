//! Names of which the end may be left open.

use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

use super::real_path;

/// A name, or with `*` at its end every name that begins so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamePattern {
    text: String,
    open: bool,
}

/// `stream/topic`, each a name or the beginning of one. The first `/` parts them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TopicPattern {
    stream: NamePattern,
    topic: NamePattern,
}

/// `env/NAME` or `file/PATH`, each of which may end with `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretPattern {
    /// Environment variables of the host.
    Env(NamePattern),
    /// Files; the text is an absolute path.
    File(NamePattern),
}

/// `registry/repository`, where `*` may stand for the last part of the repository and all below.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegistryPattern {
    registry: String,
    /// Without the `*`, but with the `/` before it.
    repository: NamePattern,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing at all, or nothing on one side of the `/`.
    #[error("a name is missing")]
    Empty,
    /// `*` anywhere but at the end.
    #[error("`*` stands at the end of a name only")]
    Wildcard,
    /// Spaces around a name, or control characters.
    #[error("the name has a space at an end or a control character")]
    Character,
    /// No `/` between stream and topic.
    #[error("a stream and a topic are needed, with `/` between them")]
    Topic,
    /// Neither `env/` nor `file/`.
    #[error("a secret is `env/` and a name or `file/` and a path")]
    Secret,
    /// `.`, `..` or `//` in a path.
    #[error("the path has a `.`, `..` or empty part")]
    Path,
    /// Not a host with an optional port.
    #[error("a registry is a host in lower case with an optional port, then `/` and a repository")]
    Registry,
    /// Characters that no repository has, or `*` beside others.
    #[error(
        "a repository is parts of `a-z`, `0-9`, `.`, `_`, `-` with `/` between them; `*` is a whole part, the last"
    )]
    Repository,
}

impl FromStr for NamePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, open) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        match () {
            () if text.is_empty() => Err(PatternError::Empty),
            () if name.contains('*') => Err(PatternError::Wildcard),
            () if name.trim() != name || name.contains(char::is_control) => {
                Err(PatternError::Character)
            }
            () => Ok(Self { text: name.to_owned(), open }),
        }
    }
}

impl NamePattern {
    /// Whether it is this name, or begins so.
    pub fn matches(&self, name: &str) -> bool {
        match self.open {
            true => name.starts_with(&self.text),
            false => name == self.text,
        }
    }

    /// Whether every name that `other` matches is matched by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        self.matches(&other.text) && (self.open || !other.open)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.text, if self.open { "*" } else { "" })
    }
}

impl FromStr for TopicPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (stream, topic) = text.split_once('/').ok_or(PatternError::Topic)?;
        Ok(Self { stream: stream.parse()?, topic: topic.parse()? })
    }
}

impl TopicPattern {
    /// Whether it is this topic.
    pub fn matches(&self, stream: &str, topic: &str) -> bool {
        self.stream.matches(stream) && self.topic.matches(topic)
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.stream, self.topic)
    }
}

impl FromStr for SecretPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(name) = text.strip_prefix("env/") {
            return Ok(Self::Env(name.parse()?));
        }
        // The `/` after `file` is the first of the path.
        let path = text.strip_prefix("file").filter(|path| path.starts_with('/'));
        let pattern: NamePattern = path.ok_or(PatternError::Secret)?.parse()?;
        let mut parts = pattern.text.split('/').skip(1).peekable();
        while let Some(part) = parts.next() {
            let open_end = part.is_empty() && parts.peek().is_none() && pattern.open;
            if matches!(part, "." | "..") || part.is_empty() && !open_end {
                return Err(PatternError::Path);
            }
        }
        Ok(Self::File(pattern))
    }
}

impl SecretPattern {
    /// Whether it is this environment variable of the host.
    pub fn matches_env(&self, name: &str) -> bool {
        matches!(self, Self::Env(pattern) if pattern.matches(name))
    }

    /// Whether it is this file, after every link on the way is followed.
    pub fn matches_file(&self, path: &Path) -> bool {
        let Self::File(pattern) = self else { return false };
        // Without the part that may go on, what is left is a folder, and may be a link itself.
        let (folder, rest) = pattern.text.rsplit_once('/').unwrap_or(("", &pattern.text));
        let Ok(folder) = real_path(Path::new(if folder.is_empty() { "/" } else { folder })) else {
            return false;
        };
        let plain = path.components().all(|part| part != Component::ParentDir);
        let Ok(below) = path.strip_prefix(folder) else { return false };
        plain
            && below.to_str().is_some_and(|below| match pattern.open {
                true => below.starts_with(rest),
                false => below == rest,
            })
    }
}

impl fmt::Display for SecretPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(pattern) => write!(formatter, "env/{pattern}"),
            Self::File(pattern) => write!(formatter, "file{pattern}"),
        }
    }
}

impl FromStr for RegistryPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, repository) = text.split_once('/').ok_or(PatternError::Registry)?;
        let (host, port) = registry.split_once(':').unwrap_or((registry, "1"));
        let host_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
        let port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        if host.is_empty() || !host.bytes().all(host_byte) || !port {
            return Err(PatternError::Registry);
        }
        let repository: NamePattern = repository.parse().map_err(|_| PatternError::Repository)?;
        let part = |part: &str| !part.is_empty() && part.bytes().all(host_byte);
        let sound = match (repository.text.as_str(), repository.open) {
            ("", open) => open,
            (text, true) => text.strip_suffix('/').is_some_and(|text| text.split('/').all(part)),
            (text, false) => text.split('/').all(part),
        };
        match sound {
            true => Ok(Self { registry: registry.to_owned(), repository }),
            false => Err(PatternError::Repository),
        }
    }
}

impl RegistryPattern {
    /// Host, and port if one is written.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Whether it is this repository of this registry (`host` or `host:port`).
    pub fn matches(&self, registry: &str, repository: &str) -> bool {
        registry.eq_ignore_ascii_case(&self.registry) && self.repository.matches(repository)
    }
}

impl fmt::Display for RegistryPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)
    }
}

#[cfg(test)]
mod tests;
