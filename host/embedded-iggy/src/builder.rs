//! Building a server.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::broker::Broker;
use crate::error::ServerError;
use crate::server::RunningServer;
use crate::settings::Settings;

/// Longest frame by default: room for the largest message a client sends (64 MB) and a batch
/// around it.
const DEFAULT_FRAME_LIMIT: usize = 128 << 20;
const MIN_FRAME_LIMIT: usize = 64 << 10;
const DEFAULT_SEGMENT_BYTES: u64 = 128 << 20;

/// Settings of a server that is about to start. Everything has a default that suits a test: any
/// free port on the loopback interface, user `iggy` with password `iggy`, all data in memory.
#[derive(Debug, Clone)]
pub struct ServerBuilder {
    address: String,
    username: String,
    password: SecretString,
    frame_limit: usize,
    segment_bytes: u64,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:0".into(),
            username: "iggy".into(),
            password: SecretString::from("iggy"),
            frame_limit: DEFAULT_FRAME_LIMIT,
            segment_bytes: DEFAULT_SEGMENT_BYTES,
        }
    }
}

impl ServerBuilder {
    /// Address to listen on, as `host:port`. Port 0 takes a free one; see
    /// [`RunningServer::local_addr`].
    #[must_use]
    pub fn bind(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Name and password of the root user.
    #[must_use]
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = username.into();
        self.password = SecretString::from(password.into());
        self
    }

    /// Longest accepted frame in bytes, at least 64 KiB. A longer one is answered with
    /// `TooBigMessagePayload`. Also bounds a poll's reply, except that one whole batch always fits.
    #[must_use]
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// Bytes after which a segment is closed and the next begun, for topics that do not say.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// Listens and serves, on the runtime this is called from.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub async fn start(self) -> Result<RunningServer, ServerError> {
        if self.frame_limit < MIN_FRAME_LIMIT || u32::try_from(self.frame_limit).is_err() {
            return Err(ServerError::Setting("the frame limit must be from 64 KiB to 4 GiB"));
        }
        let bind = |source| ServerError::Bind { address: self.address.clone(), source };
        let listener = TcpListener::bind(&self.address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let broker = Broker::new(Settings {
            username: self.username,
            password: self.password,
            frame_limit: self.frame_limit,
            segment_bytes: self.segment_bytes,
        });
        Ok(RunningServer::spawn(Arc::new(broker), listener, address))
    }
}
