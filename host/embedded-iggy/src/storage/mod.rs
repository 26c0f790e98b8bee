//! The data folder of a durable server.
//!
//! ```text
//! server.lock            held while a server has the folder open
//! catalog.json           streams, topics, groups, users; written aside and renamed on every change
//! logs/<number>/         one partition's log; the catalogue says which number is whose
//!   <first offset>.log   a segment: stored batches, byte for byte as they came and go by wire
//!   offsets.json         stored consumer offsets; written aside and renamed on a timer
//! ```

mod catalog_file;
mod small_file;

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

pub(crate) use catalog_file::{
    CatalogFile, FORMAT, GroupRecord, PartitionRecord, StreamRecord, TokenRecord, TopicRecord,
    UserRecord,
};
pub(crate) use small_file::write_aside;

use crate::error::ServerError;

/// An open data folder.
#[derive(Debug)]
pub(crate) struct DataFolder {
    root: PathBuf,
    /// Locked until it is dropped.
    _lock: File,
    /// Taken by whoever writes small files, so that an older state never replaces a newer one.
    turn: Arc<Mutex<()>>,
}

impl DataFolder {
    /// Opens a folder, making it if need be.
    pub(crate) fn open(root: &Path) -> Result<Self, ServerError> {
        std::fs::create_dir_all(root).map_err(|source| ServerError::io("create", root, source))?;
        let path = root.join("server.lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| ServerError::io("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(ServerError::FolderInUse { path: root.to_owned() });
            }
            Err(std::fs::TryLockError::Error(source)) => {
                return Err(ServerError::io("lock", &path, source));
            }
        }
        Ok(Self { root: root.to_owned(), _lock: lock, turn: Arc::default() })
    }

    pub(crate) fn catalog_path(&self) -> PathBuf {
        self.root.join("catalog.json")
    }

    /// The folder of a log.
    pub(crate) fn log_folder(&self, log_id: u64) -> PathBuf {
        self.logs().join(log_id.to_string())
    }

    pub(crate) fn has_logs(&self) -> bool {
        std::fs::read_dir(self.logs()).is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Waits for the turn to write small files.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        self.turn.clone().lock_owned().await
    }

    /// Removes logs the catalogue does not know: what a crash has kept from being removed.
    pub(crate) fn remove_strays(&self, known: &HashSet<u64>) -> Result<(), ServerError> {
        let logs = self.logs();
        if !logs.exists() {
            return Ok(());
        }
        let failed = |source| ServerError::io("read", &logs, source);
        for entry in std::fs::read_dir(&logs).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let id = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            if id.is_some_and(|id| !known.contains(&id)) {
                std::fs::remove_dir_all(&path)
                    .map_err(|source| ServerError::io("remove", &path, source))?;
            }
        }
        Ok(())
    }

    fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }
}
