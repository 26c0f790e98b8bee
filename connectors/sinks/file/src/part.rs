//! One file from its first line until it becomes visible.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file being written. Nobody who looks for finished files sees it.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    /// Bytes known to be whole batches. A failed write is cut back to here.
    bytes: u64,
    messages: u64,
    /// The offsets it accounts for.
    first: u64,
    next: u64,
}

impl Part {
    /// Creates a file that accounts for offsets from `first` on.
    pub(crate) fn create(path: PathBuf, first: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { path, file, bytes: 0, messages: 0, first, next: first })
    }

    /// Appends the lines of `messages` messages. It then accounts for the offsets up to `next`.
    ///
    /// # Errors
    /// The file is as it was before, so the same lines may be appended again; unless
    /// [`AppendError::Torn`].
    pub(crate) fn append(
        &mut self,
        lines: &[u8],
        messages: u64,
        next: u64,
    ) -> Result<(), AppendError> {
        if let Err(cause) = self.file.write_all(lines) {
            // A full disk may have taken half of a line.
            let repaired = self
                .file
                .set_len(self.bytes)
                .and_then(|()| self.file.seek(SeekFrom::Start(self.bytes)).map(drop));
            return Err(match repaired {
                Ok(()) => AppendError::Refused(cause),
                Err(_) => AppendError::Torn(cause),
            });
        }
        self.bytes += lines.len() as u64;
        self.messages += messages;
        self.next = next;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// The offsets it accounts for: first, and one past the last.
    pub(crate) fn range(&self) -> (u64, u64) {
        (self.first, self.next)
    }

    /// Waits until the disk has every byte.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Makes the file visible under `path`. Atomic: there is never half a file.
    pub(crate) fn publish(&self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)
    }

    /// Removes the file.
    pub(crate) fn discard(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Why lines were not appended.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Nothing was written.
    Refused(io::Error),
    /// Half a line may be in the file, and it could not be cut off: give the file up.
    Torn(io::Error),
}

/// Waits until the disk has the names of the folder's files.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
