//! A session whose caller speaks the protocol itself, for what the client has no calls for: replication.

mod login;
mod message;
mod refusal;
mod scram;

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

use crate::client::{address, reach};
use crate::tls::{self, Handshake};
use crate::{ClientError, ConnectionConfig, Tls};

pub use message::{Column, Cut, DataRow, Message, Row};
pub use refusal::Refusal;

/// Room for one read from the socket, bytes.
const READ: usize = 64 * 1024;
/// How long the tail of a message may take that has begun to be sent.
const WRITE: Duration = Duration::from_secs(10);

/// Everything that bytes go through: a socket, or TLS over one.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A session whose caller speaks the protocol itself. Nothing is read or written while no call runs.
pub struct Wire {
    runtime: Runtime,
    connection: Connection,
    timeout: Duration,
    process_id: i32,
}

/// The stream, and what was read of it and not yet taken.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    incoming: BytesMut,
    address: String,
}

impl Wire {
    /// Connects and logs in. `parameters` are of the session, such as `replication` or `datestyle`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn connect(
        config: &ConnectionConfig,
        parameters: &[(&str, &str)],
    ) -> Result<Self, ClientError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(ClientError::Setup)?;
        let limit = config.connect_timeout();
        let opening = async { tokio::time::timeout(limit, open(config, parameters)).await };
        let opened = runtime.block_on(opening);
        let (connection, process_id) = opened
            .map_err(|_| ClientError::Timeout { address: address(config), waited: limit })??;
        Ok(Self { runtime, connection, timeout: config.timeout(), process_id })
    }

    /// Number of the server's process for this session: no other session has it as long as this one lives.
    #[must_use]
    pub fn process_id(&self) -> i32 {
        self.process_id
    }

    /// Runs statements and answers the rows of the last one that has any.
    ///
    /// # Errors
    /// See [`ClientError`]; after [`ClientError::Refused`] the session can be used further.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, ClientError> {
        self.send_query(sql)?;
        let mut rows = Vec::new();
        let mut refused = None;
        loop {
            match self.expect() {
                Ok(Message::RowDescription(_)) => rows.clear(),
                Ok(Message::DataRow(row)) => rows.push(row.to_row()?),
                Ok(Message::ReadyForQuery) => break,
                Ok(_) => {}
                Err(ClientError::Refused(refusal)) if !refusal.is_fatal() => {
                    refused = Some(refusal);
                }
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(rows), |refusal| Err(ClientError::Refused(refusal)))
    }

    /// Sends statements; their answers are for [`Wire::next_message`] and [`Wire::fill`].
    ///
    /// # Errors
    /// If they cannot be sent.
    pub fn send_query(&mut self, sql: &str) -> Result<(), ClientError> {
        let mut message = BytesMut::new();
        frontend::query(sql, &mut message).map_err(|error| self.connection.lost(error))?;
        self.send(&message)
    }

    /// Sends a statement that turns the session into a stream of copied data in both directions.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub fn start_copy(&mut self, sql: &str) -> Result<(), ClientError> {
        self.send_query(sql)?;
        match self.expect()? {
            Message::CopyBothResponse => Ok(()),
            other => Err(self.connection.unexpected(&other)),
        }
    }

    /// Sends copied data.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn send_copy(&mut self, data: &[u8]) -> Result<(), ClientError> {
        let mut message = BytesMut::with_capacity(data.len() + 5);
        frontend::CopyData::new(data)
            .map_err(|error| self.connection.lost(error))?
            .write(&mut message);
        self.send(&message)
    }

    /// The next message among what was read already.
    ///
    /// # Errors
    /// What the server refused, or bytes that are no message.
    pub fn next_message(&mut self) -> Result<Option<Message>, ClientError> {
        self.connection.next_message()
    }

    /// Reads more; waits at most that long for it. False: nothing came.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn fill(&mut self, wait: Duration) -> Result<bool, ClientError> {
        let Self { runtime, connection, .. } = self;
        runtime.block_on(async {
            match tokio::time::timeout(wait, connection.read()).await {
                Ok(read) => read.map(|()| true),
                Err(_) => Ok(false),
            }
        })
    }

    /// Says goodbye, best effort.
    pub fn close(mut self) {
        let mut message = BytesMut::new();
        frontend::terminate(&mut message);
        // Who does not listen is gone already.
        drop(self.send(&message));
    }

    /// The next message; waits for it as long as for any answer.
    fn expect(&mut self) -> Result<Message, ClientError> {
        loop {
            if let Some(message) = self.next_message()? {
                return Ok(message);
            }
            if !self.fill(self.timeout)? {
                let address = self.connection.address.clone();
                return Err(ClientError::Timeout { address, waited: self.timeout });
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let Self { runtime, connection, .. } = self;
        runtime.block_on(async {
            match tokio::time::timeout(WRITE, connection.write(bytes)).await {
                Ok(written) => written,
                Err(_) => {
                    let address = connection.address.clone();
                    Err(ClientError::Timeout { address, waited: WRITE })
                }
            }
        })
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Wire")
            .field("address", &self.connection.address)
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The stream, and what was read of it.
    pub(crate) fn into_parts(self) -> (Box<dyn Stream>, BytesMut) {
        (self.stream, self.incoming)
    }

    /// The next message among what was read already. What a server may say at any time is passed over.
    fn next_message(&mut self) -> Result<Option<Message>, ClientError> {
        loop {
            match Message::parse(&mut self.incoming).map_err(ClientError::Protocol)? {
                Some(Message::Notice) => {}
                Some(Message::ErrorResponse(refusal)) => return Err(ClientError::Refused(refusal)),
                message => return Ok(message),
            }
        }
    }

    /// The next message, however long it takes.
    async fn expect(&mut self) -> Result<Message, ClientError> {
        loop {
            if let Some(message) = self.next_message()? {
                return Ok(message);
            }
            self.read().await?;
        }
    }

    /// Reads more. Nothing is lost if the wait is given up.
    async fn read(&mut self) -> Result<(), ClientError> {
        self.incoming.reserve(READ);
        match self.stream.read_buf(&mut self.incoming).await {
            Ok(0) => {
                let closed = "the server closed the connection";
                Err(self.lost(io::Error::new(io::ErrorKind::UnexpectedEof, closed)))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.lost(error)),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(|error| self.lost(error))
    }

    fn lost(&self, source: io::Error) -> ClientError {
        ClientError::Lost { address: self.address.clone(), source }
    }

    fn unexpected(&self, message: &Message) -> ClientError {
        ClientError::Protocol(format!("{} did not fit what was asked", message.name()))
    }
}

/// The connection, logged in, and the number of the server's process.
pub(crate) async fn open(
    config: &ConnectionConfig,
    parameters: &[(&str, &str)],
) -> Result<(Connection, i32), ClientError> {
    let (stream, end_point) = encrypt(config).await?;
    let mut connection = Connection { stream, incoming: BytesMut::new(), address: address(config) };
    let process_id = login::log_in(&mut connection, config, parameters, end_point).await?;
    Ok((connection, process_id))
}

/// The stream, and what SCRAM may bind itself to: `None` without TLS.
async fn encrypt(
    config: &ConnectionConfig,
) -> Result<(Box<dyn Stream>, Option<login::EndPoint>), ClientError> {
    let mut stream = reach(config).await?;
    let encryption = config.effective_tls();
    if encryption == Tls::Disable {
        return Ok((Box::new(stream), None));
    }
    let lost = |source| ClientError::Lost { address: address(config), source };
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request).await.map_err(lost)?;
    // Exactly one byte: whatever came with it was not encrypted and must not be taken for an answer.
    let answer = stream.read_u8().await.map_err(lost)?;
    if answer != b'S' {
        return Err(ClientError::Tls("the server does not support TLS".to_owned()));
    }
    let handshake =
        Handshake::new(tls::connector(encryption, config.ca.as_deref())?, &config.host)?;
    let encrypted = handshake.connect(stream).await;
    let encrypted = encrypted.map_err(|error| tls::failed(address(config), error))?;
    let end_point = encrypted.end_point();
    Ok((Box::new(encrypted), Some(end_point)))
}
