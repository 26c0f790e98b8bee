//! Getting state onto disk: the catalogue, consumer offsets, and synchronising logs.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::broker::Broker;
use crate::partition::Partition;
use crate::settings::Fsync;
use crate::status::Status;
use crate::storage::write_aside;

impl Broker {
    /// Saves the catalogue, then removes what it no longer needs. Does nothing in memory.
    pub(crate) async fn save_catalog(&self) -> Result<(), Status> {
        let Some(folder) = &self.folder else { return Ok(()) };
        // The turn comes before the state is read, so that the last to write has the newest.
        let turn = folder.turn().await;
        let (file, garbage) = {
            let mut catalog = self.catalog.lock();
            (catalog.to_file(self.next_log()), std::mem::take(&mut catalog.garbage))
        };
        let (path, sync) = (folder.catalog_path(), self.syncs());
        blocking(move || {
            let _turn = turn;
            let content = serde_json::to_vec_pretty(&file)?;
            write_aside(&path, &content, sync)?;
            for folder in garbage {
                match std::fs::remove_dir_all(&folder) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        tracing::warn!(folder = %folder.display(), %error,
                            "a log that is no longer needed could not be removed");
                    }
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }

    /// Writes the consumer offsets of those partitions whose offsets have changed.
    pub(crate) async fn save_offsets(&self, partitions: Vec<Arc<Partition>>) {
        let Some(folder) = &self.folder else { return };
        let (turn, sync) = (folder.turn().await, self.syncs());
        let written = blocking(move || {
            let _turn = turn;
            for partition in partitions {
                let Some((path, content)) = partition.take_changed_offsets() else { continue };
                if let Err(error) = write_aside(&path, &content, sync) {
                    partition.offsets_not_written();
                    tracing::warn!(path = %path.display(), %error, "offsets not written");
                }
            }
            Ok(())
        });
        // Every failure has been logged and will be tried again.
        let _ = written.await;
    }

    /// Synchronises what has been written to some partitions' logs since it was last done.
    pub(crate) async fn sync_logs(&self, partitions: Vec<Arc<Partition>>) -> Result<(), Status> {
        if self.folder.is_none() {
            return Ok(());
        }
        blocking(move || {
            for partition in partitions {
                for file in partition.take_unsynced() {
                    file.sync_data()?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Every partition there is.
    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        let catalog = self.catalog.lock();
        catalog.topics().flat_map(|topic| &topic.partitions).cloned().collect()
    }

    /// Whether small files are synchronised as they are written.
    fn syncs(&self) -> bool {
        self.settings.fsync != Fsync::Never
    }
}

/// Makes one file's content survive a loss of power.
pub(crate) async fn sync_file(file: Arc<File>) -> Result<(), Status> {
    blocking(move || file.sync_data()).await
}

/// Runs file operations where they hold up no other task.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Status::io),
        Err(_) => Err(Status::IO_ERROR),
    }
}
