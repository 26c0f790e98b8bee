//! Which addresses the grants of one guest lead to. Nothing here looks anything up.

use std::net::IpAddr;

use crate::network::{AddressRange, Naming};

/// A place where a guest may open connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpRule {
    /// Which hosts.
    pub host: TcpHost,
    /// Which port.
    pub port: u16,
}

/// Which hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpHost {
    /// This name, in lower case.
    Name(String),
    /// Every name that is one label longer than this one, which is in lower case.
    AnyLabelBelow(String),
    /// These addresses.
    Range(AddressRange),
}

/// All rules of one guest. Without any, nothing is granted.
#[derive(Debug, Clone, Default)]
pub struct TcpGrants {
    rules: Vec<TcpRule>,
}

impl TcpGrants {
    /// These rules.
    #[must_use]
    pub fn new(rules: Vec<TcpRule>) -> Self {
        Self { rules }
    }

    /// Whether the address is granted as such, by whatever name it may be known.
    #[must_use]
    pub fn grant_address(&self, address: IpAddr, port: u16) -> bool {
        self.rules.iter().any(|rule| {
            rule.port == port
                && matches!(&rule.host, TcpHost::Range(range) if range.grants(address))
        })
    }

    /// The ports of a name: of all rules that cover it, without regard to its addresses. A name
    /// without any may not even be looked up.
    #[must_use]
    pub fn ports_of_name(&self, name: &str) -> Vec<u16> {
        self.ports(name, |_| true)
    }

    /// The ports granted at `address` because it is an answer for `name`; [`Naming`] decides that.
    #[must_use]
    pub fn ports_of_answer(&self, name: &str, address: IpAddr) -> Vec<u16> {
        self.ports(name, |host| host.naming().is_some_and(|it| it.leads_to(name, address)))
    }

    fn ports(&self, name: &str, leads_there: impl Fn(&TcpHost) -> bool) -> Vec<u16> {
        let rules = self.rules.iter();
        rules
            .filter(|rule| rule.host.covers(name) && leads_there(&rule.host))
            .map(|rule| rule.port)
            .collect()
    }
}

impl TcpHost {
    fn naming(&self) -> Option<Naming> {
        match self {
            Self::Name(_) => Some(Naming::Full),
            Self::AnyLabelBelow(_) => Some(Naming::Wildcard),
            Self::Range(_) => None,
        }
    }

    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Name(granted) => name.eq_ignore_ascii_case(granted),
            Self::AnyLabelBelow(parent) => name
                .split_once('.')
                .is_some_and(|(label, rest)| is_label(label) && rest.eq_ignore_ascii_case(parent)),
            Self::Range(_) => false,
        }
    }
}

fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(plain)
}

#[cfg(test)]
mod tests;
