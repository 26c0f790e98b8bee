//! The state all connections share.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use iggy_binary_protocol::WireName;
use secrecy::ExposeSecret;

use crate::catalog::{Catalog, RestoreError, TopicSettings};
use crate::clock::now_micros;
use crate::error::ServerError;
use crate::faults::Faults;
use crate::lock::Lock;
use crate::partition::{CacheBudget, Home, Log, Offsets, Partition};
use crate::registry::Registry;
use crate::session::{Client, Clients, Session};
use crate::settings::Settings;
use crate::storage::{CatalogFile, DataFolder, FORMAT, PartitionRecord, write_aside};
use crate::user::{Password, ROOT, User};

/// See the module documentation. Lock order: catalogue, then a partition's log, then its offsets.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) settings: Settings,
    pub(crate) catalog: Lock<Catalog>,
    pub(crate) clients: Lock<Clients>,
    pub(crate) faults: Faults,
    /// `None` keeps everything in memory.
    pub(crate) folder: Option<DataFolder>,
    pub(crate) started: Instant,
    /// Microseconds since the epoch.
    pub(crate) started_at: u64,
    budget: Arc<CacheBudget>,
    next_log: AtomicU64,
    operations: AtomicU64,
    connections: AtomicU32,
}

impl Broker {
    /// Opens the data folder, if there is to be one, and recovers what is in it. Blocks.
    pub(crate) fn open(settings: Settings) -> Result<Self, ServerError> {
        let folder = settings.data_dir.as_deref().map(DataFolder::open).transpose()?;
        let budget = Arc::new(CacheBudget::new(settings.cache_bytes));
        let root = root(&settings)?;
        let stored = folder.as_ref().map(read_catalog).transpose()?.flatten();
        let (catalog, next_log) = match (&folder, stored) {
            (Some(folder), Some(file)) => {
                folder.remove_strays(&file.logs())?;
                let next_log = file.next_log;
                (restore(file, root, folder, &settings, &budget)?, next_log)
            }
            (folder, _) => {
                let users = Registry::restore([root], 0);
                let catalog = Catalog { users, ..Catalog::default() };
                if let Some(folder) = folder {
                    begin(folder, &catalog)?;
                }
                (catalog, 0)
            }
        };
        Ok(Self {
            settings,
            catalog: Lock::new(catalog),
            clients: Lock::default(),
            faults: Faults::default(),
            folder,
            started: Instant::now(),
            started_at: now_micros(),
            budget,
            next_log: AtomicU64::new(next_log),
            operations: AtomicU64::new(0),
            connections: AtomicU32::new(0),
        })
    }

    /// Registers a connection.
    pub(crate) fn open_session(&self, local: SocketAddr, peer: SocketAddr) -> Session {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        self.clients.lock().insert(connection, Client { peer, user: None });
        Session { connection, local, peer, identity: None }
    }

    /// Forgets a connection and everything that lives as long as it.
    pub(crate) fn close_session(&self, session: &Session) {
        self.catalog.lock().drop_member(session.connection);
        self.clients.lock().remove(&session.connection);
    }

    /// The next number in the server's sequence of changes. Starts at 1.
    pub(crate) fn next_operation(&self) -> u64 {
        self.operations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the last change.
    pub(crate) fn last_operation(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// A new, empty partition.
    pub(crate) fn make_partition(&self, id: u32, topic: &TopicSettings) -> Partition {
        let (log_id, home) = self.make_home();
        let log = Log::new(segment_bytes(topic, &self.settings), home);
        Partition::new(id, now_micros(), log_id, log, Offsets::default())
    }

    /// Empties a partition. Returns the folder that is to be removed.
    pub(crate) fn purge(&self, partition: &Partition) -> Option<std::path::PathBuf> {
        let (log_id, home) = self.make_home();
        partition.purge(log_id, home)
    }

    /// The number the next log will have.
    pub(crate) fn next_log(&self) -> u64 {
        self.next_log.load(Ordering::Relaxed)
    }

    fn make_home(&self) -> (u64, Option<Home>) {
        let log_id = self.next_log.fetch_add(1, Ordering::Relaxed);
        let home = |folder: &DataFolder| Home {
            folder: folder.log_folder(log_id),
            budget: self.budget.clone(),
        };
        (log_id, self.folder.as_ref().map(home))
    }
}

fn root(settings: &Settings) -> Result<User, ServerError> {
    let name = WireName::new(settings.username.as_str())
        .map_err(|_| ServerError::Setting("the root user's name must have 1 to 255 bytes"))?;
    Ok(User {
        id: ROOT,
        name,
        created_at: now_micros(),
        active: true,
        password: Password::given(settings.password.expose_secret()),
        permissions: None,
        tokens: Default::default(),
    })
}

fn segment_bytes(topic: &TopicSettings, settings: &Settings) -> u64 {
    topic.segment_bytes.unwrap_or(settings.segment_bytes)
}

/// `None` in a new folder.
fn read_catalog(folder: &DataFolder) -> Result<Option<CatalogFile>, ServerError> {
    let path = folder.catalog_path();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ServerError::io("read", &path, source)),
    };
    let file: CatalogFile = serde_json::from_slice(&bytes)
        .map_err(|source| ServerError::CorruptFile { path: path.clone(), source })?;
    if file.format != FORMAT {
        return Err(ServerError::Setting("the data folder was written by another version"));
    }
    Ok(Some(file))
}

/// Writes the first catalogue. From then on, a log that no catalogue knows is a stray.
fn begin(folder: &DataFolder, catalog: &Catalog) -> Result<(), ServerError> {
    let path = folder.catalog_path();
    if folder.has_logs() {
        return Err(ServerError::CatalogMissing { path });
    }
    let content = serde_json::to_vec_pretty(&catalog.to_file(0))
        .map_err(|source| ServerError::CorruptFile { path: path.clone(), source })?;
    write_aside(&path, &content, true).map_err(|source| ServerError::io("write", &path, source))
}

fn restore(
    file: CatalogFile,
    root: User,
    folder: &DataFolder,
    settings: &Settings,
    budget: &Arc<CacheBudget>,
) -> Result<Catalog, ServerError> {
    let mut open = |id: u32, topic: &TopicSettings, record: &PartitionRecord| {
        let home = Home { folder: folder.log_folder(record.log), budget: budget.clone() };
        let path: &Path = &home.folder.clone();
        let log = Log::open(id, segment_bytes(topic, settings), home)?;
        let offsets = Offsets::open(path, log.figures().next_offset)?;
        Ok(Partition::new(id, record.created_at, record.log, log, offsets))
    };
    Catalog::from_file(file, root, &mut open).map_err(|error| match error {
        RestoreError::Server(error) => error,
        RestoreError::Content(source) => {
            ServerError::CorruptFile { path: folder.catalog_path(), source }
        }
    })
}
