//! Outgoing TCP connections: the allow-list of the operator in front of `wasi:sockets`.
//!
//! A connection passes when its address is granted as such, or when the guest has looked up a granted
//! name that led there ([`TcpGrants`] says which names lead where). So a name grants what the host's
//! resolver answered to this store, and nothing that the guest makes of it; a name that is not
//! granted is not even looked up. Everything else that sockets can do is denied: binding to a chosen
//! address, listening, UDP.

mod answers;
mod host;
mod lookup;
mod output;
mod rules;
mod socket;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wasmtime_wasi::sockets::SocketAddrUse;

use crate::denials::Denials;
use answers::Answers;

pub use crate::network::AddressRange;
pub(crate) use host::add_to_linker;
pub use rules::{TcpGrants, TcpHost, TcpRule};

/// Longest host name, and most of a guest's text that is logged. Bytes.
const MAX_NAME: usize = 253;

/// What one store may connect to.
#[derive(Debug)]
pub(crate) struct TcpAccess {
    grants: TcpGrants,
    denials: Arc<Denials>,
    answers: Mutex<Answers>,
}

impl TcpAccess {
    pub(crate) fn new(grants: TcpGrants, denials: Arc<Denials>) -> Self {
        Self { grants, denials, answers: Mutex::default() }
    }

    /// Whether a socket may use `address` so. wasmtime asks before each system call.
    pub(crate) fn check(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        // An IPv4 address in IPv6 form reaches the IPv4 host.
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        match purpose {
            SocketAddrUse::TcpConnect => self.check_connection(address),
            // The system chooses address and port; every connection begins like this.
            SocketAddrUse::TcpBind if address.ip().is_unspecified() && address.port() == 0 => true,
            _ => {
                self.denials.tell("listen_denied", "", || {
                    format!(
                        "denied {purpose:?} at {address}: a component may open TCP connections, \
                         but not bind to an address or listen, and no grant changes that"
                    )
                });
                false
            }
        }
    }

    fn check_connection(&self, target: SocketAddr) -> bool {
        let (address, port) = (target.ip(), target.port());
        let granted = self.grants.grant_address(address, port)
            || self.answers().lead_to(address, port, Instant::now());
        if !granted {
            self.denials.tell("tcp_denied", &target.to_string(), || {
                format!(
                    "denied TCP connection to {target}; the line that allows it: \
                     [grants] tcp = [\"{target}\"]"
                )
            });
        }
        granted
    }

    /// Whether `name` may be looked up.
    pub(crate) fn check_name(&self, name: &str) -> bool {
        let granted = !self.grants.ports_of_name(name).is_empty();
        let name = &name[..name.floor_char_boundary(MAX_NAME)];
        if !granted {
            self.denials.tell("name_denied", name, || {
                let name = name.escape_debug();
                format!(
                    "denied looking up {name}; the line that allows it, with the port to connect \
                     to: [grants] tcp = [\"{name}:PORT\"]"
                )
            });
        }
        granted
    }

    /// Tells the operator that there is no UDP.
    pub(crate) fn deny_datagrams(&self) {
        self.denials.tell("udp_denied", "", || {
            "denied a UDP socket: a component may open TCP connections, but not exchange \
             datagrams, and no grant changes that"
                .to_owned()
        });
    }

    /// Whether the guest may see `address` as an answer for `name`. From then on it may connect there.
    pub(crate) fn admit_answer(&self, name: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let ports = self.grants.ports_of_answer(name, address);
        for port in &ports {
            self.answers().keep(address, *port, Instant::now());
        }
        if ports.is_empty() {
            self.denials.tell("address_denied", &format!("{name} {address}"), || {
                let ports = self.grants.ports_of_name(name);
                let target = SocketAddr::new(address, ports.first().copied().unwrap_or_default());
                format!(
                    "left out the address {address} of {name}: it is private, local or reserved, \
                     and this name does not lead to such addresses; the line that allows it: \
                     [grants] tcp = [\"{target}\"]"
                )
            });
        }
        !ports.is_empty()
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
