//! The grammar of an HTTP grant, and the question whether it covers a request.
//!
//! ```text
//! grant  = scheme "://" host [ ":" port ] [ path ]
//! scheme = "http" | "https"
//! host   = name | IPv4 | "[" IPv6 "]" | "*." name      ; * is exactly one label, name has two or more
//! port   = 1..65535                                    ; without it 80 or 443, by scheme
//! path   = "/" … [ "*" ]                               ; without * exactly this path, with it every
//!                                                      ; path that starts so; no path: every path
//! ```
//! No user, query or fragment; no `.` or `..` segment. Host names are ASCII (punycode) and
//! compared without case.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::host::{HostPattern, HostPatternError, parse_port, split_port};

/// Which requests a component may send.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpGrant {
    scheme: HttpScheme,
    host: HostPattern,
    port: u16,
    path: PathPattern,
}

/// With or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpScheme {
    /// Clear text.
    Http,
    /// TLS.
    Https,
}

/// Which paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathPattern {
    /// This one only.
    Exact(String),
    /// All that start so.
    Prefix(String),
}

/// Why a text is not an HTTP grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpGrantError {
    /// Neither `http://` nor `https://`.
    #[error("a grant starts with `http://` or `https://`")]
    Scheme,
    /// A user name or password before the host.
    #[error("a grant has no user name or password")]
    User,
    /// A query or a fragment.
    #[error("a grant has no query and no fragment")]
    Query,
    /// Not a host.
    #[error(transparent)]
    Host(#[from] HostPatternError),
    /// Not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// `*` anywhere but at the end of the path.
    #[error("`*` in a path stands at its end only")]
    PathWildcard,
    /// `.` or `..` as a segment, or a backslash.
    #[error("the path has a `.` or `..` segment or a backslash")]
    PathTraversal,
    /// A character that has to be percent-encoded.
    #[error("the path has a character that must be percent-encoded")]
    PathCharacter,
}

// === impl HttpScheme ===

impl HttpScheme {
    /// The port meant when none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

// === impl PathPattern ===

impl FromStr for PathPattern {
    type Err = HttpGrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, prefix) = match text.strip_suffix('*') {
            Some(path) => (path, true),
            None => (text, false),
        };
        if path.contains('*') {
            return Err(HttpGrantError::PathWildcard);
        }
        if path.contains('\\') || has_dot_segment(path) {
            return Err(HttpGrantError::PathTraversal);
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>^`{|}".contains(&byte)) {
            return Err(HttpGrantError::PathCharacter);
        }
        let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
        Ok(if prefix { Self::Prefix(path) } else { Self::Exact(path) })
    }
}

impl PathPattern {
    /// Whether a request's path, without its query, is covered. A path with a `.` or `..`
    /// segment, also a percent-encoded one, is covered by no pattern: the server would resolve it
    /// after the check.
    pub fn matches(&self, path: &str) -> bool {
        let path = if path.is_empty() { "/" } else { path };
        !has_dot_segment(path)
            && match self {
                Self::Exact(exact) => path == exact,
                Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            }
    }

    /// Whether every path of `other` is one of these.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(other)) => own == other,
            (Self::Exact(_), Self::Prefix(_)) => false,
            (Self::Prefix(own), Self::Exact(other) | Self::Prefix(other)) => {
                other.starts_with(own.as_str())
            }
        }
    }
}

/// Whether any reading of `path` that servers are known for has a `.` or `..` segment: percent-encoded
/// dots and slashes, also encoded more than once or in more bytes than they need, backslashes, parameters
/// after `;`, blanks and control characters at the end of a segment.
fn has_dot_segment(path: &str) -> bool {
    let suspicious = path.contains(['%', '\\']) || path.contains("/.") || path.starts_with('.');
    suspicious
        && decoded(path).split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
            let end = segment.iter().position(|byte| *byte == b';').unwrap_or(segment.len());
            let segment = &segment[..end];
            let blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
            let end = segment.iter().rposition(|byte| !blank(byte)).map_or(0, |last| last + 1);
            matches!(&segment[..end], b"." | b"..")
        })
}

/// Bytes of a path, decoded until nothing is left to decode, as by a row of careless servers.
fn decoded(path: &str) -> Vec<u8> {
    let mut rest = path.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let mut byte = *first;
        // `%252e` is decoded to `%2e` first.
        while let (b'%', [b'2', b'5', after @ ..]) = (byte, rest) {
            rest = after;
        }
        if let (b'%', [high, low, after @ ..]) = (byte, rest)
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            byte = high << 4 | low;
            rest = after;
        }
        // In UTF-8, ASCII in more bytes than one is forbidden, and was believed nevertheless.
        match bytes.as_slice() {
            [.., 0xe0, 0x80 | 0x81] | [.., 0xf0, 0x80, 0x80 | 0x81] if is_continuation(byte) => {
                let sixth = bytes.last().copied().unwrap_or_default() & 1;
                bytes.truncate(bytes.iter().rposition(|it| *it >= 0xe0).unwrap_or_default());
                bytes.push(sixth << 6 | byte & 0x3f);
            }
            [.., 0xc0 | 0xc1] if is_continuation(byte) => {
                let sixth = bytes.pop().unwrap_or_default() & 1;
                bytes.push(sixth << 6 | byte & 0x3f);
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

// === impl HttpGrant ===

impl FromStr for HttpGrant {
    type Err = HttpGrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, rest) = text.split_once("://").ok_or(HttpGrantError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => HttpScheme::Http,
            "https" => HttpScheme::Https,
            _ => return Err(HttpGrantError::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(HttpGrantError::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(HttpGrantError::User);
        }
        let (host, port) = split_port(authority);
        let port = match port {
            None => scheme.default_port(),
            Some(port) => parse_port(port).ok_or(HttpGrantError::Port)?,
        };
        let host = host.parse()?;
        let path = if path.is_empty() { PathPattern::Prefix("/".into()) } else { path.parse()? };
        Ok(Self { scheme, host, port, path })
    }
}

impl HttpGrant {
    /// With or without TLS.
    pub fn scheme(&self) -> HttpScheme {
        self.scheme
    }

    /// Which hosts.
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// Which port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Which paths.
    pub fn path(&self) -> &PathPattern {
        &self.path
    }

    /// Whether a request is covered. `host` is the authority's host without its port, `path` is
    /// without its query.
    pub fn allows(&self, scheme: HttpScheme, host: &str, port: u16, path: &str) -> bool {
        self.scheme == scheme
            && self.port == port
            && self.host.matches(host)
            && self.path.matches(path)
    }

    /// Whether every request that `other` allows is allowed by this one too, as long as its host does not
    /// lead to private addresses.
    pub fn includes(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.host.includes(&other.host)
            && self.path.covers(&other.path)
    }

    /// Whether granting `other` lets nobody reach more than granting this one, wherever names lead.
    pub fn covers(&self, other: &Self) -> bool {
        self.includes(other) && self.host.covers(&other.host)
    }
}

/// The grant in full, with its port and path; parses back to itself.
impl fmt::Display for HttpGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://", self.scheme.as_str())?;
        match &self.host {
            HostPattern::Name(name) => formatter.write_str(name)?,
            HostPattern::Address(IpAddr::V4(address)) => write!(formatter, "{address}")?,
            HostPattern::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]")?,
            HostPattern::AnyLabelBelow(parent) => write!(formatter, "*.{parent}")?,
        }
        write!(formatter, ":{}", self.port)?;
        match &self.path {
            PathPattern::Exact(path) => formatter.write_str(path),
            PathPattern::Prefix(path) => write!(formatter, "{path}*"),
        }
    }
}

#[cfg(test)]
mod tests;
