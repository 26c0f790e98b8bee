//! The interfaces of `wasi:sockets` where names and the number of connections are decided; they stand
//! before wasmtime's own, which do the work.

use std::net::{IpAddr, SocketAddr};

use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{
    self, ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    Ipv6SocketAddress, Network,
};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::{DynPollable, SocketError, TcpSocket};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::GuestData;

/// Most sockets a guest may have at once.
const MAX_SOCKETS: usize = 64;
/// Most names a guest may be looking up at once.
const MAX_LOOKUPS: usize = 16;

/// Puts these interfaces in the place of those that are linked already.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestData>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    ip_name_lookup::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    tcp_create_socket::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl ip_name_lookup::Host for GuestData {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        // An address is its own answer: nothing is looked up, and connecting to it is checked.
        let is_name = name.parse::<IpAddr>().is_err();
        if is_name && !self.tcp.check_name(&name) {
            return Err(ErrorCode::AccessDenied.into());
        }
        if self.lookups.len() >= MAX_LOOKUPS {
            return Err(ErrorCode::TemporaryResolverFailure.into());
        }
        let stream = self.sockets().resolve_addresses(network, name.clone())?;
        self.lookups.insert(stream.rep(), name);
        Ok(stream)
    }
}

impl ip_name_lookup::HostResolveAddressStream for GuestData {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        loop {
            let borrowed = Resource::new_borrow(stream.rep());
            let next = self.sockets().resolve_next_address(borrowed)?;
            let (Some(next), Some(name)) = (next, self.lookups.get(&stream.rep())) else {
                return Ok(next);
            };
            if name.parse::<IpAddr>().is_ok() || self.tcp.admit_answer(name, address(next)) {
                return Ok(Some(next));
            }
        }
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.sockets().subscribe(stream)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.lookups.remove(&stream.rep());
        ip_name_lookup::HostResolveAddressStream::drop(&mut self.sockets(), stream)
    }
}

impl tcp_create_socket::Host for GuestData {
    fn create_tcp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> Result<Resource<TcpSocket>, SocketError> {
        // A socket stays in the table as long as it or one of its streams is in use.
        let sockets = self.table.iter_mut().filter(|entry| entry.is::<TcpSocket>()).count();
        if sockets >= MAX_SOCKETS {
            return Err(ErrorCode::NewSocketLimit.into());
        }
        self.sockets().create_tcp_socket(family)
    }
}

/// Needed by the others to turn an error into its code.
impl network::Host for GuestData {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.sockets().convert_error_code(error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.sockets().network_error_code(error)
    }
}

impl network::HostNetwork for GuestData {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}

/// As the standard library has it; wasmtime converts addresses with ports only.
fn address(address: IpAddress) -> IpAddr {
    let address = match address {
        IpAddress::Ipv4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address }),
        IpAddress::Ipv6(address) => {
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port: 0, flow_info: 0, address, scope_id: 0 })
        }
    };
    SocketAddr::from(address).ip()
}
