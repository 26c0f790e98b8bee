//! Building a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::broker::Broker;
use crate::error::ServerError;
use crate::server::RunningServer;
use crate::settings::{Fsync, Settings};
use crate::tls::Tls;

/// Longest frame by default: room for the largest message a client sends (64 MB) and a batch
/// around it.
const DEFAULT_FRAME_LIMIT: usize = 128 << 20;
const MIN_FRAME_LIMIT: usize = 64 << 10;
const DEFAULT_SEGMENT_BYTES: u64 = 128 << 20;
const DEFAULT_CACHE_BYTES: u64 = 256 << 20;
/// The client sends a heartbeat every 5 s.
const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_FSYNC_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_OFFSETS_INTERVAL: Duration = Duration::from_millis(200);
const DEFAULT_RETENTION_INTERVAL: Duration = Duration::from_secs(10);

/// Settings of a server that is about to start. Everything has a default that suits a test: any
/// free port on the loopback interface, user `iggy` with password `iggy`, all data in memory.
#[derive(Debug, Clone)]
pub struct ServerBuilder {
    address: String,
    tls: Option<Tls>,
    settings: Settings,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:0".into(),
            tls: None,
            settings: Settings {
                username: "iggy".into(),
                password: SecretString::from("iggy"),
                frame_limit: DEFAULT_FRAME_LIMIT,
                idle_timeout: DEFAULT_IDLE_TIMEOUT,
                segment_bytes: DEFAULT_SEGMENT_BYTES,
                data_dir: None,
                fsync: Fsync::Interval(DEFAULT_FSYNC_INTERVAL),
                cache_bytes: DEFAULT_CACHE_BYTES,
                offsets_interval: DEFAULT_OFFSETS_INTERVAL,
                retention_interval: DEFAULT_RETENTION_INTERVAL,
            },
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

    /// Name and password of the root user. Every start sets them, whatever the data folder says.
    #[must_use]
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.settings.username = username.into();
        self.settings.password = SecretString::from(password.into());
        self
    }

    /// Folder to keep data in, made if need be; `None` keeps everything in memory. One server at a
    /// time can have it open.
    #[must_use]
    pub fn data_dir(mut self, folder: impl Into<Option<PathBuf>>) -> Self {
        self.settings.data_dir = folder.into();
        self
    }

    /// When written data is made to survive a loss of power. Every second by default.
    #[must_use]
    pub fn fsync(mut self, policy: Fsync) -> Self {
        self.settings.fsync = policy;
        self
    }

    /// Accepts TLS connections, and only those.
    #[must_use]
    pub fn tls(mut self, tls: impl Into<Option<Tls>>) -> Self {
        self.tls = tls.into();
        self
    }

    /// Longest accepted frame in bytes, at least 64 KiB; 128 MiB by default. A longer one is
    /// answered with `TooBigMessagePayload`. Also bounds a poll's reply, except that one whole
    /// batch always fits.
    #[must_use]
    pub fn frame_limit(mut self, bytes: usize) -> Self {
        self.settings.frame_limit = bytes;
        self
    }

    /// How long a client may send nothing before its connection is closed and its place in consumer
    /// groups goes to others; 60 s by default. The official client sends a heartbeat every 5 s.
    #[must_use]
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.settings.idle_timeout = time;
        self
    }

    /// Bytes after which a segment is closed and the next begun, for topics that do not say.
    /// 128 MiB by default.
    #[must_use]
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.settings.segment_bytes = bytes;
        self
    }

    /// Bytes of memory for the newest batches of durable partitions, shared equally among those.
    /// 256 MiB by default. Has no effect in memory.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.settings.cache_bytes = bytes;
        self
    }

    /// How often changed consumer offsets are written; 200 ms by default. A killed server forgets
    /// those of this last stretch, unless a topic asks for persisted consumer offsets.
    #[must_use]
    pub fn offsets_interval(mut self, period: Duration) -> Self {
        self.settings.offsets_interval = period;
        self
    }

    /// How often messages over their topic's age or size are looked for; 10 s by default.
    #[must_use]
    pub fn retention_interval(mut self, period: Duration) -> Self {
        self.settings.retention_interval = period;
        self
    }

    /// Recovers the data folder, listens and serves, on the runtime this is called from.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub async fn start(self) -> Result<RunningServer, ServerError> {
        let Self { address, tls, settings } = self;
        check(&settings)?;
        let opened = tokio::task::spawn_blocking(move || {
            Ok((tls.map(Tls::acceptor).transpose()?, Broker::open(settings)?))
        });
        let (tls, broker) = opened
            .await
            .map_err(|_| ServerError::Setting("the data folder broke the server"))??;
        let bind = |source| ServerError::Bind { address: address.clone(), source };
        let listener = TcpListener::bind(&address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(RunningServer::spawn(Arc::new(broker), listener, tls, address))
    }
}

fn check(settings: &Settings) -> Result<(), ServerError> {
    if settings.frame_limit < MIN_FRAME_LIMIT || u32::try_from(settings.frame_limit).is_err() {
        return Err(ServerError::Setting("the frame limit must be from 64 KiB to 4 GiB"));
    }
    let fsync = match settings.fsync {
        Fsync::Interval(period) => period,
        Fsync::EveryBatch | Fsync::Never => Duration::MAX,
    };
    let Settings { offsets_interval, retention_interval, idle_timeout, .. } = settings;
    if [fsync, *offsets_interval, *retention_interval, *idle_timeout].contains(&Duration::ZERO) {
        return Err(ServerError::Setting("intervals must be longer than nothing"));
    }
    Ok(())
}
