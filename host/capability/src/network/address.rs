//! Ranges of addresses, and which addresses only a grant of their own leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    length: u8,
}

/// How carefully an address has to be reached for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everybody's.
    Public,
    /// Of a private network: not by a name that stands for any of many.
    Private,
    /// Of this machine, of its link, of its cloud's metadata service, or of many machines at once:
    /// by no name, and by no range that is wider than the block given here.
    Reserved(AddressRange),
}

/// Blocks of [`Reach::Reserved`].
const RESERVED: [AddressRange; 14] = [
    // Hosts of this network; the first is this machine.
    AddressRange::v4([0, 0, 0, 0], 8),
    // Loopback.
    AddressRange::v4([127, 0, 0, 0], 8),
    // Link-local, and where most clouds have their metadata service.
    AddressRange::v4([169, 254, 0, 0], 16),
    // Multicast.
    AddressRange::v4([224, 0, 0, 0], 4),
    // For future use, and broadcast.
    AddressRange::v4([240, 0, 0, 0], 4),
    // Metadata of Alibaba Cloud, Oracle Cloud, and Azure's agent.
    AddressRange::v4([100, 100, 100, 200], 32),
    AddressRange::v4([192, 0, 0, 192], 32),
    AddressRange::v4([168, 63, 129, 16], 32),
    // Unspecified, loopback.
    AddressRange::v6([0; 8], 128),
    AddressRange::v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    // Link-local, multicast.
    AddressRange::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    AddressRange::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
    // Metadata of AWS and of Google Cloud.
    AddressRange::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
    AddressRange::v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32),
];

/// Blocks of [`Reach::Private`].
const PRIVATE: [AddressRange; 9] = [
    AddressRange::v4([10, 0, 0, 0], 8),
    AddressRange::v4([172, 16, 0, 0], 12),
    AddressRange::v4([192, 168, 0, 0], 16),
    // Shared by the customers of a provider.
    AddressRange::v4([100, 64, 0, 0], 10),
    // Set aside for protocols between neighbours, and for laboratories.
    AddressRange::v4([192, 0, 0, 0], 24),
    AddressRange::v4([198, 18, 0, 0], 15),
    // Unique local, and its predecessor.
    AddressRange::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    AddressRange::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    // A network's own translation to IPv4, whatever that leads to.
    AddressRange::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
];

impl AddressRange {
    /// The addresses that begin with the first `length` bits of `first`.
    #[must_use]
    pub fn new(first: IpAddr, length: u8) -> Self {
        Self { first, length }
    }

    const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Self {
        Self { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length }
    }

    const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Self {
        Self { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), length }
    }

    /// The range of this one address.
    fn only(address: IpAddr) -> Self {
        Self::new(address, if address.is_ipv4() { 32 } else { 128 })
    }

    /// Whether `address` is one of them. IPv4 and IPv6 have no address in common.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4()
            && (bits(self.first) ^ bits(address)).leading_zeros() >= u32::from(self.length)
    }

    /// Whether granting this range grants all that granting `other` does.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.lies_in(self) && (!other.grants(other.first) || self.grants(other.first))
    }

    fn lies_in(&self, other: &Self) -> bool {
        self.length >= other.length && other.contains(self.first)
    }

    /// Whether granting this range grants `address`: a wide range grants nothing reserved along
    /// with the rest.
    pub(crate) fn grants(&self, address: IpAddr) -> bool {
        self.contains(address)
            && match reach(address) {
                Reach::Public | Reach::Private => true,
                Reach::Reserved(block) => self.lies_in(&block),
            }
    }
}

/// How carefully `address` has to be reached for.
pub(crate) fn reach(address: IpAddr) -> Reach {
    if let Some(block) = RESERVED.iter().find(|block| block.contains(address)) {
        return Reach::Reserved(*block);
    }
    if PRIVATE.iter().any(|block| block.contains(address)) {
        return Reach::Private;
    }
    match embedded(address).map(|address| reach(address.into())) {
        Some(Reach::Reserved(_)) => Reach::Reserved(AddressRange::only(address)),
        Some(reach) => reach,
        None => Reach::Public,
    }
}

/// The IPv4 address that routers on the way would make of an IPv6 one.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let v4 =
        |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        // Mapped, and compatible, which is long deprecated.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        // Translated, without state and with: NAT64.
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4.
        | [0x2002, high, low, ..] => v4(high, low),
        // Teredo, which writes the address of the far end inverted.
        [0x2001, 0, _, _, _, _, high, low] => v4(!high, !low),
        _ => None,
    }
}

/// Left-aligned.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests;
