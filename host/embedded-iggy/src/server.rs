//! A running server: accepting connections and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::builder::ServerBuilder;
use crate::connection;
use crate::error::ServerError;

/// How long a connection may take to finish its request when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after a failed accept, which is how a process out of file descriptors shows.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The way in: [`Server::builder`].
#[derive(Debug)]
pub struct Server;

impl Server {
    /// A builder with the defaults of a test server.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }
}

/// A server that accepts connections. Dropping it stops it, without waiting for that.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    stop: CancellationToken,
    acceptor: JoinHandle<()>,
}

impl RunningServer {
    pub(crate) fn spawn(broker: Arc<Broker>, listener: TcpListener, address: SocketAddr) -> Self {
        let stop = CancellationToken::new();
        let acceptor = tokio::spawn(accept(broker, listener, stop.clone()));
        Self { address, stop, acceptor }
    }

    /// The address it listens on, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops gracefully: no new connections, requests in hand are answered, connections closed.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub async fn shutdown(mut self) -> Result<(), ServerError> {
        self.stop.cancel();
        // A panic there has been reported by the runtime; the server is down either way.
        let _ = (&mut self.acceptor).await;
        Ok(())
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(broker: Arc<Broker>, listener: TcpListener, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(broker.clone(), stream, peer, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve(broker: Arc<Broker>, stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot disable Nagle's algorithm");
    }
    match stream.local_addr() {
        Ok(local) => connection::serve(broker, stream, local, peer, stop).await,
        Err(error) => tracing::debug!(%peer, %error, "connection was gone at once"),
    }
}
