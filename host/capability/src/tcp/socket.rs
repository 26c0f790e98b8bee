//! The sockets of `wasi:sockets/tcp`: wasmtime's, except that what they send is paced and that a
//! closed one is no longer counted.

use std::mem;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{IpAddressFamily, IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::{self, HostTcpSocket, ShutdownType};
use wasmtime_wasi::p2::pipe::ClosedOutputStream;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult, TcpSocket,
};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use super::output::PacedOutput;
use crate::GuestData;

type Socket = Resource<TcpSocket>;
type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

impl GuestData {
    /// Has the stream take no more than the store may send.
    fn pace(&mut self, output: &Resource<DynOutputStream>) -> Result<(), SocketError> {
        if let Some(egress) = self.traffic.egress() {
            let stream = self.table.get_mut(output)?;
            let inner = mem::replace(stream, Box::new(ClosedOutputStream));
            *stream = Box::new(PacedOutput::new(inner, Arc::clone(egress)));
        }
        Ok(())
    }
}

/// Functions that are wasmtime's.
macro_rules! of_wasmtime {
    ($(fn $name:ident(&mut self $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {
        $(fn $name(&mut self $(, $argument: $type)*) -> $result {
            HostTcpSocket::$name(&mut self.sockets() $(, $argument)*)
        })*
    };
}

impl tcp::Host for GuestData {}

impl HostTcpSocket for GuestData {
    fn finish_connect(&mut self, socket: Socket) -> SocketResult<Streams> {
        let (input, output) = self.sockets().finish_connect(socket)?;
        self.pace(&output)?;
        Ok((input, output))
    }

    fn drop(&mut self, socket: Socket) -> wasmtime::Result<()> {
        let number = socket.rep();
        HostTcpSocket::drop(&mut self.sockets(), socket)?;
        self.open_sockets.remove(&number);
        Ok(())
    }

    async fn start_bind(
        &mut self,
        socket: Socket,
        network: Resource<Network>,
        address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.sockets().start_bind(socket, network, address).await
    }

    async fn start_listen(&mut self, socket: Socket) -> SocketResult<()> {
        self.sockets().start_listen(socket).await
    }

    of_wasmtime! {
        fn finish_bind(&mut self, socket: Socket) -> SocketResult<()>;
        fn start_connect(
            &mut self, socket: Socket, network: Resource<Network>, address: IpSocketAddress
        ) -> SocketResult<()>;
        fn finish_listen(&mut self, socket: Socket) -> SocketResult<()>;
        // Nothing to accept where nothing listens.
        fn accept(
            &mut self, socket: Socket
        ) -> SocketResult<(Socket, Resource<DynInputStream>, Resource<DynOutputStream>)>;
        fn local_address(&mut self, socket: Socket) -> SocketResult<IpSocketAddress>;
        fn remote_address(&mut self, socket: Socket) -> SocketResult<IpSocketAddress>;
        fn is_listening(&mut self, socket: Socket) -> wasmtime::Result<bool>;
        fn address_family(&mut self, socket: Socket) -> wasmtime::Result<IpAddressFamily>;
        fn set_listen_backlog_size(&mut self, socket: Socket, value: u64) -> SocketResult<()>;
        fn keep_alive_enabled(&mut self, socket: Socket) -> SocketResult<bool>;
        fn set_keep_alive_enabled(&mut self, socket: Socket, value: bool) -> SocketResult<()>;
        fn keep_alive_idle_time(&mut self, socket: Socket) -> SocketResult<u64>;
        fn set_keep_alive_idle_time(&mut self, socket: Socket, value: u64) -> SocketResult<()>;
        fn keep_alive_interval(&mut self, socket: Socket) -> SocketResult<u64>;
        fn set_keep_alive_interval(&mut self, socket: Socket, value: u64) -> SocketResult<()>;
        fn keep_alive_count(&mut self, socket: Socket) -> SocketResult<u32>;
        fn set_keep_alive_count(&mut self, socket: Socket, value: u32) -> SocketResult<()>;
        fn hop_limit(&mut self, socket: Socket) -> SocketResult<u8>;
        fn set_hop_limit(&mut self, socket: Socket, value: u8) -> SocketResult<()>;
        fn receive_buffer_size(&mut self, socket: Socket) -> SocketResult<u64>;
        fn set_receive_buffer_size(&mut self, socket: Socket, value: u64) -> SocketResult<()>;
        fn send_buffer_size(&mut self, socket: Socket) -> SocketResult<u64>;
        fn set_send_buffer_size(&mut self, socket: Socket, value: u64) -> SocketResult<()>;
        fn subscribe(&mut self, socket: Socket) -> wasmtime::Result<Resource<DynPollable>>;
        fn shutdown(&mut self, socket: Socket, how: ShutdownType) -> SocketResult<()>;
    }
}
