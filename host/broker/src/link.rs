//! One signed-in TCP connection, with a bound on everything.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use iggy::prelude::{Client, IggyError, SystemClient, TcpClient};
use iggy_common::{BinaryTransport, ClientState};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::debug;

use crate::config::BrokerConfig;
use crate::error::{BrokerError, Subject};

/// Dial, TLS handshake and sign-in together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One request. Below the client's own 30 s, which bound only the reading of the answer: a broker that
/// accepts the connection and then reads nothing would hold a write for ever.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(25);

/// A broker may drop clients that do not ping; polls do not count.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// How long the search for the cause of a failed connect may take.
const DIAGNOSIS_TIMEOUT: Duration = Duration::from_secs(2);

/// A signed-in connection. It breaks once and stays broken; whoever owns it makes a new one.
///
/// Requests of one link are served one after the other. Dropping a request's future is safe: the client
/// still reads the answer to its end, and the next request waits for that.
#[derive(Debug)]
pub(crate) struct Link {
    shared: Arc<Shared>,
    heartbeat: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    client: TcpClient,
    broken: AtomicBool,
}

impl Link {
    pub(crate) async fn open(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let client = TcpClient::create(Arc::new(config.client_config()?))
            .map_err(|error| Subject::default().grade(error))?;
        match timeout(CONNECT_TIMEOUT, Client::connect(&client)).await {
            Err(_) => {
                let source = io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("connecting and signing in took longer than {CONNECT_TIMEOUT:?}"),
                );
                return Err(unreachable(config, source));
            }
            Ok(Err(IggyError::CannotEstablishConnection)) => return Err(diagnose(config).await),
            Ok(Err(error)) => {
                return Err(match Subject::default().grade(error) {
                    BrokerError::Disconnected { source } => {
                        BrokerError::Unreachable { address: config.address.clone(), source }
                    }
                    graded => graded,
                });
            }
            Ok(Ok(())) => {}
        }
        let shared = Arc::new(Shared { client, broken: AtomicBool::new(false) });
        let heartbeat = tokio::spawn(Arc::clone(&shared).keep_alive());
        Ok(Self { shared, heartbeat })
    }

    /// The client, for use inside [`Link::call`].
    pub(crate) fn client(&self) -> &TcpClient {
        &self.shared.client
    }

    /// One request in wire form; the answer is the receive buffer itself.
    pub(crate) async fn request(
        &self,
        operation: &'static str,
        code: u32,
        body: Bytes,
    ) -> Result<Bytes, CallError> {
        self.call(operation, self.client().send_raw_with_response(code, body)).await
    }

    /// Runs one request of the client within the timeout.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, IggyError>>,
    ) -> Result<T, CallError> {
        self.shared.call(operation, request).await
    }

    pub(crate) async fn ping(&self) -> Result<(), BrokerError> {
        self.shared.ping().await
    }

    /// False once a request has found the connection gone, or the heartbeat has.
    pub(crate) fn is_alive(&self) -> bool {
        !self.shared.broken.load(Ordering::Acquire)
    }

    /// Closes the connection, without waiting longer than a request may take.
    pub(crate) async fn close(self) {
        self.heartbeat.abort();
        let closed = timeout(REQUEST_TIMEOUT, Client::shutdown(self.client())).await;
        if !matches!(closed, Ok(Ok(()))) {
            debug!("the connection to the broker was not closed in order");
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

impl Shared {
    async fn call<T>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, IggyError>>,
    ) -> Result<T, CallError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(CallError::Client(IggyError::NotConnected));
        }
        match timeout(REQUEST_TIMEOUT, request).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                let error = CallError::Client(error);
                if error.ends_connection() {
                    self.broken.store(true, Ordering::Release);
                }
                Err(error)
            }
            Err(_) => {
                self.broken.store(true, Ordering::Release);
                self.client.set_state(ClientState::Disconnected).await;
                Err(CallError::Timeout(operation))
            }
        }
    }

    async fn ping(&self) -> Result<(), BrokerError> {
        self.call("a ping", self.client.ping())
            .await
            .map_err(|error| error.about(Subject::default()))
    }

    async fn keep_alive(self: Arc<Self>) {
        let mut ticks = interval(HEARTBEAT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if let Err(error) = self.ping().await {
                debug!(%error, "heartbeat failed");
                if error.is_disconnected() {
                    return;
                }
            }
        }
    }
}

/// A failed request, before it is known what it was about. Some callers look at the client's error
/// first (an existing stream is no failure of "create if missing").
#[derive(Debug)]
pub(crate) enum CallError {
    Client(IggyError),
    Timeout(&'static str),
}

impl CallError {
    pub(crate) fn about(self, subject: Subject<'_>) -> BrokerError {
        match self {
            Self::Client(error) => subject.grade(error),
            Self::Timeout(operation) => BrokerError::Timeout { operation, after: REQUEST_TIMEOUT },
        }
    }

    fn ends_connection(&self) -> bool {
        match self {
            Self::Client(error) => matches!(
                error,
                IggyError::Disconnected
                    | IggyError::NotConnected
                    | IggyError::TcpError
                    | IggyError::EmptyResponse
                    | IggyError::ConnectionClosed
                    | IggyError::StaleClient
                    | IggyError::Unauthenticated
            ),
            Self::Timeout(_) => true,
        }
    }
}

fn unreachable(config: &BrokerConfig, source: io::Error) -> BrokerError {
    BrokerError::Unreachable { address: config.address.clone(), source: source.into() }
}

/// The client reports every failed dial with one word. A second dial of our own finds the reason that
/// an operator needs: not resolved, refused, or connected and then no TLS.
async fn diagnose(config: &BrokerConfig) -> BrokerError {
    let source = match timeout(DIAGNOSIS_TIMEOUT, TcpStream::connect(&config.address)).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) if config.tls.is_some() => io::Error::new(
            io::ErrorKind::InvalidData,
            "the address answers, but no TLS connection could be agreed \
             (is TLS on there, is the certificate signed by a trusted authority, does the name match?)",
        ),
        Ok(Ok(_)) => io::Error::other("the first attempt to connect failed, a second one did not"),
        Err(_) => io::Error::new(io::ErrorKind::TimedOut, "no answer to a connection request"),
    };
    unreachable(config, source)
}
