//! The grammar of a TCP grant. Whether it covers a connection depends on what its names mean at that
//! moment, so the sandbox decides that.
//!
//! ```text
//! grant  = host ":" port
//! host   = name | "*." name | IPv4 [ "/" length ] | "[" IPv6 [ "/" length ] "]"
//!                                                ; * is exactly one label, name has two or more
//! length = 0..32 or 0..128                       ; the leading bits that all addresses of the range
//!                                                ; share; those after them are written as zeros
//! port   = 1..65535
//! ```
//! Host names are ASCII (punycode) and kept in lower case.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::host::{HostPattern, HostPatternError, parse_port, split_port};

/// To where a component may open connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TcpGrant {
    host: TcpHost,
    port: u16,
}

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TcpHost {
    /// This name, in lower case.
    Name(String),
    /// Every name that is one label longer than this one.
    AnyLabelBelow(String),
    /// Every address that begins with the first `length` bits of `first`. A single address is a
    /// range of all its bits.
    Range {
        /// The lowest address.
        first: IpAddr,
        /// How many leading bits count.
        length: u8,
    },
}

/// Why a text is not a TCP grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TcpGrantError {
    /// `postgres://…`.
    #[error("a TCP grant has no scheme")]
    Scheme,
    /// A user name or password before the host.
    #[error("a grant has no user name or password")]
    User,
    /// Nothing says which port.
    #[error("the port is missing")]
    NoPort,
    /// Not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// Not a host.
    #[error(transparent)]
    Host(#[from] HostPatternError),
    /// An IPv6 address cannot be told from its port.
    #[error("an IPv6 address stands in brackets")]
    Brackets,
    /// `::ffff:10.0.0.1` and its like.
    #[error("an IPv4 address is written as four numbers, not in its IPv6 form")]
    Mapped,
    /// A length after something that is not an address, or not a number that fits.
    #[error("only an address has a length after `/`, from 0 to 32 for IPv4 and to 128 for IPv6")]
    Length,
    /// The bits after the length are not zeros.
    #[error("the address has bits beyond its length; that range begins at {0}")]
    Beyond(IpAddr),
}

impl FromStr for TcpGrant {
    type Err = TcpGrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            return Err(TcpGrantError::Scheme);
        }
        if text.contains('@') {
            return Err(TcpGrantError::User);
        }
        let (host, port) = split_port(text);
        if host.contains(':') && !host.starts_with('[') {
            return Err(TcpGrantError::Brackets);
        }
        let port = port.ok_or(TcpGrantError::NoPort)?;
        let port = parse_port(port).ok_or(TcpGrantError::Port)?;
        Ok(Self { host: host.parse()?, port })
    }
}

impl TcpGrant {
    /// Which hosts.
    pub fn host(&self) -> &TcpHost {
        &self.host
    }

    /// Which port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether every host and port that `other` names is named by this one too. Some addresses
    /// within a range are granted by narrower ranges only; that is for the sandbox to say.
    pub fn includes(&self, other: &Self) -> bool {
        self.port == other.port && self.host.includes(&other.host)
    }

    /// Whether granting `other` lets nobody reach more than granting this one, wherever names lead.
    pub fn covers(&self, other: &Self) -> bool {
        self.port == other.port && self.host.covers(&other.host)
    }
}

/// Parses back to itself.
impl fmt::Display for TcpGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

// === impl TcpHost ===

impl FromStr for TcpHost {
    type Err = TcpGrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((before, after)) = text.split_once('/') else {
            return Self::from_pattern(text.parse()?, None);
        };
        // The length of an IPv6 range stands inside the brackets.
        let (address, length) = match after.strip_suffix(']') {
            Some(length) if before.starts_with('[') => (format!("{before}]"), length),
            _ if before.starts_with('[') => return Err(HostPatternError::Ipv6.into()),
            _ => (before.to_owned(), after),
        };
        Self::from_pattern(address.parse()?, Some(length))
    }
}

impl TcpHost {
    /// Whether granting `other` lets nobody reach more than granting this. A wildcard does not cover a
    /// single name: the name may lead to private addresses, and the wildcard may not.
    pub fn covers(&self, other: &Self) -> bool {
        self.includes(other) && !matches!((self, other), (Self::AnyLabelBelow(_), Self::Name(_)))
    }

    /// Whether every host of `other` is one of these. Names and addresses have none in common.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AnyLabelBelow(parent), Self::Name(name)) => {
                name.split_once('.').is_some_and(|(_, rest)| rest == parent)
            }
            (Self::Range { first, length }, Self::Range { first: other, length: longer }) => {
                first.is_ipv4() == other.is_ipv4()
                    && longer >= length
                    && first_of_range(*other, *length) == *first
            }
            _ => self == other,
        }
    }

    fn from_pattern(pattern: HostPattern, length: Option<&str>) -> Result<Self, TcpGrantError> {
        match (pattern, length) {
            (HostPattern::Name(name), None) => Ok(Self::Name(name)),
            (HostPattern::AnyLabelBelow(parent), None) => Ok(Self::AnyLabelBelow(parent)),
            (HostPattern::Address(IpAddr::V6(address)), _)
                if address.to_ipv4_mapped().is_some() =>
            {
                Err(TcpGrantError::Mapped)
            }
            (HostPattern::Address(first), None) => Ok(Self::Range { first, length: bits(first) }),
            (HostPattern::Address(address), Some(length)) => {
                let plain = length.bytes().all(|byte| byte.is_ascii_digit())
                    && (length == "0" || !length.starts_with('0'));
                let length = length.parse().ok().filter(|it| plain && *it <= bits(address));
                let length = length.ok_or(TcpGrantError::Length)?;
                match first_of_range(address, length) {
                    first if first == address => Ok(Self::Range { first, length }),
                    first => Err(TcpGrantError::Beyond(first)),
                }
            }
            (_, Some(_)) => Err(TcpGrantError::Length),
        }
    }
}

impl fmt::Display for TcpHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::AnyLabelBelow(parent) => write!(formatter, "*.{parent}"),
            Self::Range { first, length } => {
                let length = match *length == bits(*first) {
                    true => String::new(),
                    false => format!("/{length}"),
                };
                match first {
                    IpAddr::V4(first) => write!(formatter, "{first}{length}"),
                    IpAddr::V6(first) => write!(formatter, "[{first}{length}]"),
                }
            }
        }
    }
}

/// Bits of an address.
fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn first_of_range(address: IpAddr, length: u8) -> IpAddr {
    let after = u32::from(bits(address) - length);
    match address {
        // A shift by all bits overflows; what is left then is nothing.
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(after).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(after).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests;
