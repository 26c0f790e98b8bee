//! From stored batches to the body of a poll reply.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use iggy_binary_protocol::batch::{
    BATCH_HEADER_SIZE, BatchHeader, BatchMessageHeader, calculate_batch_checksum,
};

use crate::status::Status;

/// Where records are.
#[derive(Debug)]
pub(crate) enum Source {
    Memory(Bytes),
    Disk(DiskRange),
}

/// A range of a segment's file.
#[derive(Debug)]
pub(crate) struct DiskRange {
    file: SegmentFile,
    position: u64,
    length: usize,
}

#[derive(Debug)]
enum SegmentFile {
    Open(Arc<File>),
    /// Not written to any more, so not kept open.
    Closed(PathBuf),
}

impl Source {
    pub(super) fn open(file: Arc<File>, position: u64, length: u32) -> Self {
        Self::Disk(DiskRange { file: SegmentFile::Open(file), position, length: length as usize })
    }

    pub(super) fn closed(path: PathBuf, position: u64, length: u32) -> Self {
        Self::Disk(DiskRange { file: SegmentFile::Closed(path), position, length: length as usize })
    }

    fn read(self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::Disk(range) => range.read(),
        }
    }
}

impl DiskRange {
    /// Takes in a range that begins where this one ends. `Err` gives it back if it does not.
    fn extend(&mut self, next: Self) -> Result<(), Self> {
        let same_file = match (&self.file, &next.file) {
            (SegmentFile::Open(a), SegmentFile::Open(b)) => Arc::ptr_eq(a, b),
            (SegmentFile::Closed(a), SegmentFile::Closed(b)) => a == b,
            _ => false,
        };
        if !same_file || self.position + self.length as u64 != next.position {
            return Err(next);
        }
        self.length += next.length;
        Ok(())
    }

    fn read(self) -> io::Result<Bytes> {
        let mut bytes = vec![0; self.length];
        match self.file {
            SegmentFile::Open(file) => file.read_exact_at(&mut bytes, self.position)?,
            SegmentFile::Closed(path) => {
                File::open(path)?.read_exact_at(&mut bytes, self.position)?;
            }
        }
        Ok(bytes.into())
    }
}

/// A batch, or a part of one, that a poll returns.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) source: Source,
    /// Messages to skip and to take if not the whole batch is wanted.
    pub(crate) cut: Option<(u32, u32)>,
    pub(crate) messages: u32,
    /// Offset of the last message.
    pub(crate) last: u64,
}

/// What a poll returns, decided under the partition's lock and fetched after it.
#[derive(Debug)]
pub(crate) struct ReadPlan {
    pieces: Vec<Piece>,
    /// Messages in all pieces.
    pub(crate) messages: u32,
    /// Offset of the last message of the last piece.
    pub(crate) last: Option<u64>,
    /// The partition's current offset when the plan was made.
    pub(crate) current_offset: u64,
}

impl ReadPlan {
    pub(crate) fn empty(current_offset: u64) -> Self {
        Self { pieces: Vec::new(), messages: 0, last: None, current_offset }
    }

    /// Adds a piece. Whole batches that lie next to each other on disk become one read.
    pub(crate) fn push(&mut self, mut piece: Piece) {
        self.messages += piece.messages;
        self.last = Some(piece.last);
        if let Some(last) = self.pieces.last_mut()
            && (&last.cut, &piece.cut) == (&None, &None)
        {
            piece.source = match (&mut last.source, piece.source) {
                (Source::Disk(range), Source::Disk(next)) => match range.extend(next) {
                    Ok(()) => return,
                    Err(next) => Source::Disk(next),
                },
                (_, source) => source,
            };
        }
        self.pieces.push(piece);
    }

    /// Whether [`ReadPlan::load`] reads from disk, and so may block.
    pub(crate) fn needs_disk(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece.source, Source::Disk(_)))
    }

    /// Fetches the records, appending them to `parts`. Whole batches are passed on as stored.
    pub(crate) fn load(self, mut parts: Vec<Bytes>) -> Result<Vec<Bytes>, Status> {
        for piece in self.pieces {
            let records = piece.source.read().map_err(Status::cannot_read)?;
            match piece.cut {
                None => parts.push(records),
                Some((skip, take)) => {
                    let (header, frames) =
                        cut(&records, skip, take).ok_or(Status::CANNOT_READ_MESSAGE)?;
                    parts.extend([header, frames]);
                }
            }
        }
        Ok(parts)
    }
}

/// A batch reduced to `take` messages after the first `skip`: a new header and a slice of the
/// frames. Offsets and times stay, because frames count from the header's unchanged base.
fn cut(batch: &Bytes, skip: u32, take: u32) -> Option<(Bytes, Bytes)> {
    let mut header = BatchHeader::decode(batch).ok()?;
    let start = skip_frames(batch, BATCH_HEADER_SIZE, skip)?;
    let end = skip_frames(batch, start, take)?;
    header.message_count = take;
    header.batch_length = (BATCH_HEADER_SIZE + end - start) as u64;
    header.batch_checksum = calculate_batch_checksum(&header, &batch[start..end]);
    let mut bytes = BytesMut::zeroed(BATCH_HEADER_SIZE);
    header.encode_into(&mut bytes);
    Some((bytes.freeze(), batch.slice(start..end)))
}

fn skip_frames(batch: &[u8], mut position: usize, frames: u32) -> Option<usize> {
    for _ in 0..frames {
        position += BatchMessageHeader::decode(batch.get(position..)?).ok()?.total_size();
    }
    (position <= batch.len()).then_some(position)
}
