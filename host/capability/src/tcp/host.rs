//! The interfaces of `wasi:sockets` where names and the number of sockets are decided; they stand
//! before wasmtime's own, which do the work.

use std::net::IpAddr;
use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{self, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{
    self, ErrorCode, IpAddress, IpAddressFamily, Network,
};
use wasmtime_wasi::p2::bindings::sockets::{tcp, tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{DynPollable, SocketError, TcpSocket, UdpSocket, subscribe};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use super::lookup::{Lookup, Next};
use crate::GuestData;

/// Most names a guest may be looking up at once.
const MAX_LOOKUPS: usize = 16;

/// Puts these interfaces in the place of those that are linked already.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestData>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    ip_name_lookup::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    tcp_create_socket::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    udp_create_socket::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    tcp::add_to_linker::<_, HasSelf<GuestData>>(linker, |data| data)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl ip_name_lookup::Host for GuestData {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        // The handle is what entitles the guest to ask.
        self.table.get(&network)?;
        // An address is its own answer: nothing is looked up, and connecting to it is checked.
        let address = name.parse::<IpAddr>().ok();
        if address.is_none() && !self.tcp.check_name(&name) {
            return Err(ErrorCode::AccessDenied.into());
        }
        if self.table.iter_mut().filter(|entry| entry.is::<Lookup>()).count() >= MAX_LOOKUPS {
            return Err(ErrorCode::TemporaryResolverFailure.into());
        }
        let lookup = match address {
            Some(address) => Lookup::of_address(address),
            None => Lookup::start(Arc::clone(self.services.http.resolver()), name),
        };
        lookup.push(&mut self.table)
    }
}

impl ip_name_lookup::HostResolveAddressStream for GuestData {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        let lookup = self.table.get_mut(&Lookup::handle(&stream))?;
        loop {
            let address = match lookup.next()? {
                Next::Pending => return Err(ErrorCode::WouldBlock.into()),
                Next::End => return Ok(None),
                Next::Answer(name, address) if !self.tcp.admit_answer(&name, address) => continue,
                Next::Answer(_, address) | Next::Literal(address) => address,
            };
            return Ok(Some(address.into()));
        }
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(&mut self.table, Lookup::handle(&stream))
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Lookup>::new_own(stream.rep()))?;
        Ok(())
    }
}

impl tcp_create_socket::Host for GuestData {
    fn create_tcp_socket(
        &mut self,
        family: IpAddressFamily,
    ) -> Result<Resource<TcpSocket>, SocketError> {
        let Some(connection) = self.traffic.connect() else {
            return Err(ErrorCode::NewSocketLimit.into());
        };
        let socket = self.sockets().create_tcp_socket(family)?;
        self.open_sockets.insert(socket.rep(), connection);
        Ok(socket)
    }
}

impl udp_create_socket::Host for GuestData {
    async fn create_udp_socket(
        &mut self,
        _family: IpAddressFamily,
    ) -> Result<Resource<UdpSocket>, SocketError> {
        self.tcp.deny_datagrams();
        Err(ErrorCode::AccessDenied.into())
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
