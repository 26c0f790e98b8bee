//! A running server: accepting connections and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::builder::ServerBuilder;
use crate::connection::{self, Addresses, Signals};
use crate::faults::Faults;
use crate::maintenance;

/// How long a connection may take to finish its request when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
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

/// A server that accepts connections. Dropping it stops it gracefully, without waiting for that.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    faults: Faults,
    signals: Signals,
    /// Fires when the last trace of the server is gone.
    gone: CancellationToken,
    supervisor: JoinHandle<()>,
}

impl RunningServer {
    pub(crate) fn spawn(
        broker: Arc<Broker>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        address: SocketAddr,
    ) -> Self {
        let (faults, signals) = (broker.faults.clone(), Signals::default());
        let gone = CancellationToken::new();
        let guard = gone.clone().drop_guard();
        let acceptor = Acceptor { broker, tls, signals: signals.clone() };
        let supervisor = tokio::spawn(async move {
            acceptor.run(listener).await;
            drop(guard);
        });
        Self { address, faults, signals, gone, supervisor }
    }

    /// The address it listens on, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The handle to make commands go wrong.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Stops gracefully: no new connections, requests in hand are answered, connections closed,
    /// everything written and synchronised. Afterwards the port and the data folder are free.
    pub async fn shutdown(self) {
        self.signals.stop.cancel();
        self.stopped().await;
    }

    /// Stops as if the process had been killed: connections are cut in the middle of whatever they
    /// do, and nothing is flushed. Afterwards the port and the data folder are free.
    pub async fn die(self) {
        self.signals.kill.cancel();
        self.stopped().await;
    }

    /// Waits until the server is down, for instance because of [`Fault::Die`](crate::Fault::Die).
    pub async fn stopped(&self) {
        self.gone.cancelled().await;
    }

    /// Whether the server is down.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.supervisor.is_finished()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.signals.stop.cancel();
    }
}

struct Acceptor {
    broker: Arc<Broker>,
    tls: Option<TlsAcceptor>,
    signals: Signals,
}

impl Acceptor {
    async fn run(self, listener: TcpListener) {
        let Signals { stop, kill } = &self.signals;
        let mut maintenance = JoinSet::new();
        maintenance.spawn(maintenance::run(self.broker.clone(), stop.clone()));
        let mut connections = JoinSet::new();
        tokio::select! {
            biased;
            () = kill.cancelled() => {}
            () = stop.cancelled() => {}
            () = self.accept(&listener, &mut connections) => {}
        }
        drop(listener);
        let orderly = async {
            let finished = async { while connections.join_next().await.is_some() {} };
            // Who is still busy then is cut off below.
            let _ = tokio::time::timeout(GRACE, finished).await;
            while maintenance.join_next().await.is_some() {}
        };
        tokio::select! {
            biased;
            () = kill.cancelled() => {}
            () = orderly => {}
        }
        connections.shutdown().await;
        maintenance.shutdown().await;
        if !kill.is_cancelled() {
            maintenance::finish(&self.broker).await;
        }
        // A small file may still be being written on behalf of a task that was cut off.
        if let Some(folder) = &self.broker.folder {
            drop(folder.turn().await);
        }
    }

    async fn accept(&self, listener: &TcpListener, connections: &mut JoinSet<()>) {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(serve(
                            self.broker.clone(),
                            stream,
                            peer,
                            self.tls.clone(),
                            self.signals.clone(),
                        ));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

async fn serve(
    broker: Arc<Broker>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    signals: Signals,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot disable Nagle's algorithm");
    }
    let local = match stream.local_addr() {
        Ok(local) => local,
        Err(error) => return tracing::debug!(%peer, %error, "connection was gone at once"),
    };
    let addresses = Addresses { local, peer };
    let Some(tls) = tls else {
        return connection::serve(broker, stream, addresses, signals).await;
    };
    let handshake = tokio::select! {
        () = signals.stop.cancelled() => return,
        handshake = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => connection::serve(broker, stream, addresses, signals).await,
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}
