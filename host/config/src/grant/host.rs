//! The host and port of a grant, as the grammars of all grants write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This name, in lower case.
    Name(String),
    /// This address.
    Address(IpAddr),
    /// Every name that is one label longer than this one.
    AnyLabelBelow(String),
}

/// Why a text is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// No host.
    #[error("the host is missing")]
    Missing,
    /// Not a host name or address.
    #[error("the host is not a name in ASCII letters, digits, `-` and `_`, nor an address")]
    Name,
    /// Digits and dots that are not four numbers from 0 to 255.
    #[error("the host looks like an IPv4 address but is not four numbers from 0 to 255")]
    Ipv4,
    /// Brackets around something that is not an IPv6 address.
    #[error("the brackets do not hold an IPv6 address")]
    Ipv6,
    /// `*` anywhere but as the first label, or over less than two labels.
    #[error("`*` in a host stands for the first label only and needs two labels after it")]
    Wildcard,
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(HostPatternError::Missing);
        }
        if let Some(bracketed) = text.strip_prefix('[') {
            let address = bracketed.strip_suffix(']').ok_or(HostPatternError::Ipv6)?;
            let address: Ipv6Addr = address.parse().map_err(|_| HostPatternError::Ipv6)?;
            return Ok(Self::Address(address.into()));
        }
        let text = text.to_ascii_lowercase();
        if let Some(parent) = text.strip_prefix("*.") {
            if !parent.contains('.') || parent.contains('*') {
                return Err(HostPatternError::Wildcard);
            }
            check_name(parent)?;
            if looks_like_ipv4(parent) {
                return Err(HostPatternError::Wildcard);
            }
            return Ok(Self::AnyLabelBelow(parent.to_owned()));
        }
        if text.contains('*') {
            return Err(HostPatternError::Wildcard);
        }
        check_name(&text)?;
        if looks_like_ipv4(&text) {
            let address: Ipv4Addr = text.parse().map_err(|_| HostPatternError::Ipv4)?;
            return Ok(Self::Address(address.into()));
        }
        Ok(Self::Name(text))
    }
}

impl HostPattern {
    /// Whether every host of `other` is one of these.
    pub fn includes(&self, other: &Self) -> bool {
        match other {
            Self::Name(name) => !matches!(self, Self::Address(_)) && self.matches(name),
            Self::Address(_) | Self::AnyLabelBelow(_) => self == other,
        }
    }

    /// Whether granting `other` lets nobody reach more than granting this. So a wildcard does not cover
    /// a single name: the name may lead to private addresses, and the wildcard may not.
    pub fn covers(&self, other: &Self) -> bool {
        self == other
    }

    /// Whether a request's host, as it stands in its authority without the port, is covered.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Name(name) => host.eq_ignore_ascii_case(name),
            Self::Address(address) => {
                let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
                host.parse::<IpAddr>().is_ok_and(|host| host == *address)
            }
            Self::AnyLabelBelow(parent) => host.split_once('.').is_some_and(|(label, rest)| {
                !label.is_empty() && check_name(label).is_ok() && rest.eq_ignore_ascii_case(parent)
            }),
        }
    }
}

/// A name whose last label starts with a digit and is a number: browsers and resolvers read such
/// names as addresses (`127.1`, `0x7f.1`), so they must be written in full.
fn looks_like_ipv4(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn check_name(name: &str) -> Result<(), HostPatternError> {
    let valid_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    match name.len() <= 253 && name.split('.').all(valid_label) {
        true => Ok(()),
        false => Err(HostPatternError::Name),
    }
}

/// Takes `:port` off, but not the last group of a bracketed IPv6 address.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// A number from 1 to 65535.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}
