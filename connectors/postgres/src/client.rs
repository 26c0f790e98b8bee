//! The client: a runtime of its own, and a session that is made anew when it broke.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use crate::logged_in::LoggedIn;
use crate::{ClientError, ConnectionConfig, wire};

/// One session with the server. What it knows (transactions, prepared statements, settings) ends with it.
pub type Session = tokio_postgres::Client;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A client for synchronous code. Nothing happens on its connection while no call runs.
pub struct Client {
    config: ConnectionConfig,
    runtime: Runtime,
    open: Option<Open>,
    generation: u64,
}

/// A session, and the task that moves its bytes.
struct Open {
    session: Session,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Client {
    /// Connects and logs in.
    ///
    /// # Errors
    /// See [`ClientError`]; it converts into [`kennel_sdk::Error`].
    pub fn connect(config: &ConnectionConfig) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(ClientError::Setup)?;
        let mut client = Self { config: config.clone(), runtime, open: None, generation: 0 };
        client.connected()?;
        Ok(client)
    }

    /// Connects again if the session broke. Answers the number of the session: with another number, everything
    /// that an earlier one knew is gone.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn connected(&mut self) -> Result<u64, ClientError> {
        if self.open.as_ref().is_none_or(|open| open.session.is_closed()) {
            self.open = None;
            let limit = self.config.connect_timeout();
            let opening = async { tokio::time::timeout(limit, open(&self.config)).await };
            let opened = self.runtime.block_on(opening);
            self.open = Some(opened.map_err(|_| self.timeout(limit))??);
            self.generation += 1;
        }
        Ok(self.generation)
    }

    /// Works with the session; connects before, if it broke. An error that ends the session, and work that takes longer
    /// than `timeout_ms`, close it.
    ///
    /// # Errors
    /// Those of connecting, those of `work`, and [`ClientError::Timeout`].
    pub fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&Session) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        self.run_within(self.config.timeout(), work)
    }

    /// As [`Client::run`], with a limit of its own instead of `timeout_ms`.
    ///
    /// # Errors
    /// As [`Client::run`].
    pub fn run_within<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&Session) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let generation = self.connected()?;
        self.work(generation, limit, work)
    }

    /// As [`Client::run`], but only with the session that [`Client::connected`] numbered `generation`: for work within a
    /// transaction that began there.
    ///
    /// # Errors
    /// [`ClientError::SessionLost`] if that session is gone; otherwise as [`Client::run`].
    pub fn run_in<T>(
        &mut self,
        generation: u64,
        work: impl AsyncFnOnce(&Session) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        self.work(generation, self.config.timeout(), work)
    }

    fn work<T>(
        &mut self,
        generation: u64,
        limit: Duration,
        work: impl AsyncFnOnce(&Session) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let open = self.open.as_mut().filter(|_| generation == self.generation);
        let Some(open) = open else { return Err(ClientError::SessionLost) };
        let answer = self.runtime.block_on(async {
            let answer = tokio::time::timeout(limit, work(&open.session)).await;
            match answer {
                // Whoever asked is told that the connection is closed; why, only the connection knows.
                Ok(Err(ClientError::Server(error))) if error.is_closed() => {
                    let ended = tokio::time::timeout(GOODBYE, &mut open.connection).await;
                    match ended {
                        Ok(Ok(Err(reason))) => Ok(Err(ClientError::Server(reason))),
                        _ => Ok(Err(ClientError::Server(error))),
                    }
                }
                answer => answer,
            }
        });
        let answer = answer.unwrap_or_else(|_| Err(self.timeout(limit)));
        if answer.as_ref().is_err_and(ClientError::ends_session) {
            self.disconnect();
        }
        answer
    }

    /// Drops the session without a goodbye: what it had not committed is undone by the server.
    pub fn disconnect(&mut self) {
        if let Some(open) = self.open.take() {
            open.connection.abort();
        }
    }

    /// Says goodbye, best effort.
    pub fn close(&mut self) {
        if let Some(Open { session, connection }) = self.open.take() {
            drop(session);
            let goodbye = async { tokio::time::timeout(GOODBYE, connection).await };
            // Who does not answer is gone already.
            drop(self.runtime.block_on(goodbye));
        }
    }

    fn timeout(&self, waited: Duration) -> ClientError {
        ClientError::Timeout { address: address(&self.config), waited }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("config", &self.config)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

async fn open(config: &ConnectionConfig) -> Result<Open, ClientError> {
    let (connection, _) = wire::open(config, &[]).await?;
    let (stream, read) = connection.into_parts();
    let mut settings = tokio_postgres::Config::new();
    // Encryption and login are done; these are for a greeting that nobody hears.
    settings.user(&config.user).ssl_mode(SslMode::Disable);
    let (session, connection) = settings.connect_raw(LoggedIn::new(stream, &read), NoTls).await?;
    Ok(Open { session, connection: tokio::spawn(connection) })
}

/// Connects to the first address that answers.
pub(crate) async fn reach(config: &ConnectionConfig) -> Result<TcpStream, ClientError> {
    let failed = |source| ClientError::Connect { address: address(config), source };
    // Asks and waits: a guest has no other thread to wait on, and nothing else to do.
    let addresses: Vec<SocketAddr> = (config.host.trim_matches(['[', ']']), config.port)
        .to_socket_addrs()
        .map_err(failed)?
        .collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A matter of speed alone, and not every machine lets itself be asked.
                let _unsupported = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

pub(crate) fn address(config: &ConnectionConfig) -> String {
    format!("{}:{}", config.host, config.port)
}
