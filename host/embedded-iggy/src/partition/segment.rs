//! A run of batches that is kept, and removed, as one.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::Source;

/// Ending of a segment's file name; the rest is its first offset in 20 digits.
const EXTENSION: &str = "log";

/// Where one batch of a segment is. Its record is the same bytes as on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) base_offset: u64,
    /// Time of storage in microseconds since the epoch; strictly growing within a partition.
    pub(super) timestamp: u64,
    /// Position of the record in the segment, in bytes.
    pub(super) position: u64,
    pub(super) length: u32,
    pub(super) messages: u32,
}

impl Entry {
    /// The offset after the last message.
    pub(super) fn end(&self) -> u64 {
        self.base_offset + u64::from(self.messages)
    }
}

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base_offset: u64,
    /// Ordinal of the first batch; see [`HotTail`](super::hot_tail::HotTail).
    pub(super) first_ordinal: u64,
    pub(super) size_bytes: u64,
    pub(super) entries: Vec<Entry>,
    /// Where the file is, or will be once there is something to write. `None` in memory.
    pub(super) path: Option<PathBuf>,
    /// Open while the segment is written to.
    file: Option<Arc<File>>,
}

impl Segment {
    /// An empty segment. Its file is made by [`Segment::create`] or the first write.
    pub(super) fn new(base_offset: u64, first_ordinal: u64, home: Option<&Path>) -> Self {
        Self {
            base_offset,
            first_ordinal,
            size_bytes: 0,
            entries: Vec::new(),
            path: home.map(|home| home.join(format!("{base_offset:020}.{EXTENSION}"))),
            file: None,
        }
    }

    /// A segment that was found on disk.
    pub(super) fn recovered(path: PathBuf, base_offset: u64, entries: Vec<Entry>) -> Self {
        let size_bytes = entries.last().map_or(0, |entry| entry.position + u64::from(entry.length));
        Self { base_offset, first_ordinal: 0, size_bytes, entries, path: Some(path), file: None }
    }

    /// The first offset a file name stands for; `None` if it is no segment's.
    pub(super) fn base_of(path: &Path) -> Option<u64> {
        if path.extension()? != EXTENSION {
            return None;
        }
        path.file_stem()?.to_str()?.parse().ok()
    }

    /// The newest batch's time, or 0.
    pub(super) fn newest(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.timestamp)
    }

    /// The offset after the last message.
    pub(super) fn end(&self) -> u64 {
        self.entries.last().map_or(self.base_offset, Entry::end)
    }

    /// Makes the file if there is to be one, so that the first offset outlives a restart.
    pub(super) fn create(&mut self) -> io::Result<()> {
        self.writable().map(drop)
    }

    /// Writes a record behind the last one. A record that could not be written whole is cut off
    /// again, so that nothing half-written is ever followed by something.
    pub(super) fn write(&mut self, record: &[u8]) -> io::Result<Option<Arc<File>>> {
        let position = self.size_bytes;
        let Some(file) = self.writable()? else { return Ok(None) };
        if let Err(error) = file.write_all_at(record, position) {
            file.set_len(position)?;
            return Err(error);
        }
        Ok(Some(file))
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.size_bytes += u64::from(entry.length);
        self.entries.push(entry);
    }

    /// Stops writing. Returns the file if there is one.
    pub(super) fn close(&mut self) -> Option<Arc<File>> {
        self.file.take()
    }

    /// The file being written to.
    pub(super) fn file(&self) -> Option<&Arc<File>> {
        self.file.as_ref()
    }

    /// Where the record of an entry can be read if it is not in memory.
    pub(super) fn source(&self, entry: &Entry) -> Option<Source> {
        let path = self.path.as_ref()?;
        Some(match &self.file {
            Some(file) => Source::open(file.clone(), entry.position, entry.length),
            None => Source::closed(path.clone(), entry.position, entry.length),
        })
    }

    fn writable(&mut self) -> io::Result<Option<Arc<File>>> {
        let Some(path) = &self.path else { return Ok(None) };
        if let Some(file) = &self.file {
            return Ok(Some(file.clone()));
        }
        // A segment with records has a file; one without may have an empty one from an earlier run.
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
            Err(error) => return Err(error),
        };
        let file = Arc::new(file);
        self.file = Some(file.clone());
        Ok(Some(file))
    }
}

/// Makes a file, and its folder if need be, so that both outlive a loss of power.
fn create(path: &Path) -> io::Result<File> {
    let home = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if !home.exists() {
        std::fs::create_dir_all(home)?;
        if let Some(parent) = home.parent() {
            File::open(parent)?.sync_all()?;
        }
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
    File::open(home)?.sync_all()?;
    Ok(file)
}
