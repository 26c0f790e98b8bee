//! Opening a log that an earlier run has left on disk.
//!
//! The last segment with records is verified whole: what a crash has left half-written at its end
//! is cut off. Older segments are walked header by header; a fault there is an error, because what
//! follows it would be lost.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use iggy_binary_protocol::batch::{BATCH_HEADER_SIZE, BatchHeader, decode_batch_slice};

use super::log::{Home, Log};
use super::segment::{Entry, Segment};
use crate::error::ServerError;

/// What a walk through a segment file found.
struct Walk {
    entries: Vec<Entry>,
    /// Length of the sound records, in bytes.
    sound: u64,
    /// What is wrong with the bytes after them, if there are any.
    fault: Option<&'static str>,
}

impl Log {
    /// Opens the log in a folder, which need not exist.
    pub(crate) fn open(
        partition: u32,
        segment_bytes: u64,
        home: Home,
    ) -> Result<Self, ServerError> {
        let mut found = segment_files(&home.folder)?;
        let mut segments = VecDeque::new();
        drop_empty_tail(&mut found)?;
        let last = found.len().saturating_sub(1);
        let mut next = found.first().map_or(0, |(base, _)| *base);
        for (index, (base, path)) in found.into_iter().enumerate() {
            let broken = |position, reason| ServerError::CorruptSegment {
                path: path.clone(),
                position,
                reason,
            };
            if base != next {
                return Err(broken(0, "offsets are missing before it"));
            }
            let walk = walk(&path, partition, base, index == last)
                .map_err(|source| ServerError::io("read", &path, source))?;
            if let Some(reason) = walk.fault {
                if index != last {
                    return Err(broken(walk.sound, reason));
                }
                tracing::warn!(path = %path.display(), position = walk.sound, reason,
                    "cutting off a record that was not written whole");
                truncate(&path, walk.sound)?;
            }
            let segment = Segment::recovered(path, base, walk.entries);
            next = segment.end();
            segments.push_back(segment);
        }
        Ok(Self::from_segments(segment_bytes, Some(home), segments))
    }
}

/// Segment files in the order of their offsets.
fn segment_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, ServerError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ServerError::io("read", folder, source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| ServerError::io("read", folder, source))?.path();
        if let Some(base) = Segment::base_of(&path) {
            found.push((base, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Forgets empty segments behind one that has records: the crash may have left a torn record in
/// that one, and cutting it off would leave a gap before them.
fn drop_empty_tail(found: &mut Vec<(u64, PathBuf)>) -> Result<(), ServerError> {
    while found.len() > 1
        && let Some((_, path)) = found.last()
        && size(path)? == 0
    {
        std::fs::remove_file(path).map_err(|source| ServerError::io("remove", path, source))?;
        found.pop();
    }
    Ok(())
}

fn size(path: &Path) -> Result<u64, ServerError> {
    let metadata = std::fs::metadata(path);
    Ok(metadata.map_err(|source| ServerError::io("read", path, source))?.len())
}

fn truncate(path: &Path, length: u64) -> Result<(), ServerError> {
    let cut = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    };
    cut().map_err(|source| ServerError::io("truncate", path, source))
}

fn walk(path: &Path, partition: u32, base: u64, verify: bool) -> io::Result<Walk> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut walk = Walk { entries: Vec::new(), sound: 0, fault: None };
    let mut next = base;
    let mut record = Vec::new();
    while walk.sound < length {
        match read_record(&mut reader, &mut record, length - walk.sound, verify)? {
            Ok(header) if header.partition_id != u64::from(partition) => {
                walk.fault = Some("record of another partition");
            }
            Ok(header) if header.base_offset != next => {
                walk.fault = Some("record with an unexpected offset");
            }
            Ok(header) => {
                let entry = Entry {
                    base_offset: next,
                    timestamp: header.base_timestamp,
                    position: walk.sound,
                    length: u32::try_from(header.batch_length).unwrap_or(u32::MAX),
                    messages: header.message_count,
                };
                next = entry.end();
                walk.sound += header.batch_length;
                walk.entries.push(entry);
            }
            Err(fault) => walk.fault = Some(fault),
        }
        if walk.fault.is_some() {
            break;
        }
    }
    Ok(walk)
}

/// Reads the record at the reader's position, or only its header if it need not be verified.
/// `left` is how many bytes the file has from there.
fn read_record(
    reader: &mut BufReader<File>,
    record: &mut Vec<u8>,
    left: u64,
    verify: bool,
) -> io::Result<Result<BatchHeader, &'static str>> {
    if left < BATCH_HEADER_SIZE as u64 {
        return Ok(Err("half a record header"));
    }
    record.resize(BATCH_HEADER_SIZE, 0);
    reader.read_exact(record)?;
    let Ok(header) = BatchHeader::decode(record) else { return Ok(Err("no record header")) };
    if header.batch_length > left || u32::try_from(header.batch_length).is_err() {
        return Ok(Err("half a record"));
    }
    if header.message_count == 0 {
        return Ok(Err("record without messages"));
    }
    let body = header.batch_length - BATCH_HEADER_SIZE as u64;
    if !verify {
        reader.seek_relative(i64::try_from(body).unwrap_or(i64::MAX))?;
        return Ok(Ok(header));
    }
    reader.by_ref().take(body).read_to_end(record)?;
    Ok(decode_batch_slice(record).map(|batch| batch.header).map_err(|_| "wrong checksum"))
}
