//! Which addresses a granted name leads to.

use std::net::IpAddr;

use super::address::{Reach, reach};

/// How a grant names a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// In full.
    Full,
    /// By `*` for a label: one of many names, most of which the operator has never seen.
    Wildcard,
}

impl Naming {
    /// Whether a `name` granted so leads to `address`, an IPv4 one not in IPv6 form.
    ///
    /// Whoever answers for a name must not be able to point it at services that trust whoever
    /// reaches them. So no name leads to a reserved address, except that `localhost` leads to
    /// loopback and nowhere else, and a name covered by `*` leads to no private one either.
    pub(crate) fn leads_to(self, name: &str, address: IpAddr) -> bool {
        match self {
            Self::Full if name.eq_ignore_ascii_case("localhost") => address.is_loopback(),
            Self::Full => !matches!(reach(address), Reach::Reserved(_)),
            Self::Wildcard => reach(address) == Reach::Public,
        }
    }
}
