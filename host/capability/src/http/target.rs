//! Where a request goes, as the grants see it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;
use wasmtime_wasi_http::Error;

/// Scheme, host and port of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) scheme: &'static str,
    /// In lower case, an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Target {
    /// # Errors
    /// When the URI can be read in more than one way, or is not one of HTTP.
    pub(super) fn of(uri: &Uri) -> Result<Self, Error> {
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(Error::HttpRequestUriInvalid),
        };
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?.as_str();
        // `user@host` serves only to mislead whoever reads it.
        if authority.contains('@') || !is_plain(uri.path()) {
            return Err(Error::HttpRequestUriInvalid);
        }
        let (host, port) = split(authority).ok_or(Error::HttpRequestUriInvalid)?;
        let port = match port {
            None => default_port,
            // The client would take the scheme's port in place of one that it cannot read.
            Some(port) => parse_port(port).ok_or(Error::HttpRequestUriInvalid)?,
        };
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port })
    }

    /// Whether a grant could name this host: an address in full, or a name that nobody takes for one.
    pub(super) fn is_nameable(&self) -> bool {
        let last = self.host.rsplit('.').next().unwrap_or_default();
        let number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_name = !number
            && self.host.split('.').all(|label| !label.is_empty() && label.bytes().all(plain));
        is_name || self.host.parse::<IpAddr>().is_ok()
    }
}

/// As the authority of a URL.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        match host.contains(':') {
            true => write!(formatter, "{scheme}://[{host}]:{port}"),
            false => write!(formatter, "{scheme}://{host}:{port}"),
        }
    }
}

/// What clients and servers read alike. The rest, percent-encoded, is judged by the grant.
fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Host and port; none where one of them is not in order.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        return match port {
            "" => Some((address, None)),
            port => Some((address, Some(port.strip_prefix(':')?))),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let plain = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && !host.contains(['%', '[', ']', '\\'])).then_some((host, port))
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}
