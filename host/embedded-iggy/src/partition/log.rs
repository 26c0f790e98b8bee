//! The log: batches in the order of their offsets, kept in segments.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use iggy_binary_protocol::batch::{BATCH_HEADER_SIZE, BatchHeader, calculate_batch_checksum};

use super::hot_tail::{CacheBudget, HotTail};
use super::read::{Piece, ReadPlan, Source};
use super::segment::{Entry, Segment};
use super::{Figures, Start};
use crate::clock::now_micros;
use crate::status::Status;

/// Where a durable log is and what it may keep in memory.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// A folder of its own; made with the first message.
    pub(crate) folder: PathBuf,
    pub(crate) budget: Arc<CacheBudget>,
}

/// A stored batch.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) base_offset: u64,
    /// The file it is in; synchronising that makes it survive a loss of power.
    pub(crate) file: Option<Arc<File>>,
}

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Log {
    segment_bytes: u64,
    home: Option<Home>,
    /// Never empty; the last one is written to.
    segments: VecDeque<Segment>,
    hot: HotTail,
    next_offset: u64,
    last_timestamp: u64,
    size_bytes: u64,
    /// Closed segments' files that have not been synchronised.
    unsynced: Vec<Arc<File>>,
    /// Whether the last segment has been written to since it was synchronised.
    dirty: bool,
    /// The partition is gone; whoever still holds it may not write.
    closed: bool,
}

impl Log {
    /// An empty log, in memory if it has no home.
    pub(crate) fn new(segment_bytes: u64, home: Option<Home>) -> Self {
        Self::from_segments(segment_bytes, home, VecDeque::new())
    }

    pub(super) fn from_segments(
        segment_bytes: u64,
        home: Option<Home>,
        mut segments: VecDeque<Segment>,
    ) -> Self {
        let mut ordinal = 0;
        for segment in &mut segments {
            segment.first_ordinal = ordinal;
            ordinal += segment.entries.len() as u64;
        }
        if segments.is_empty() {
            segments.push_back(Segment::new(0, 0, home.as_ref().map(|home| home.folder.as_path())));
        }
        let hot = HotTail::new(ordinal, home.as_ref().map(|home| home.budget.clone()));
        Self {
            segment_bytes,
            hot,
            next_offset: segments.back().map_or(0, Segment::end),
            last_timestamp: segments.iter().map(Segment::newest).max().unwrap_or(0),
            size_bytes: segments.iter().map(|segment| segment.size_bytes).sum(),
            segments,
            home,
            unsynced: Vec::new(),
            dirty: false,
            closed: false,
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            first_offset: self.first_offset(),
            next_offset: self.next_offset,
            size_bytes: self.size_bytes,
            segments: u32::try_from(self.segments.len()).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        self.home.as_ref().map(|home| home.folder.as_path())
    }

    /// Stamps the server's header fields into a verified batch, which starts at `start` in
    /// `buffer`, and stores it in the buffer it was received in.
    pub(crate) fn append(
        &mut self,
        partition: u32,
        mut buffer: Vec<u8>,
        start: usize,
    ) -> Result<Appended, Status> {
        if self.closed {
            return Err(Status::PARTITION_NOT_FOUND);
        }
        let batch = &mut buffer[start..];
        let mut header = BatchHeader::decode(batch)?;
        // One broker time per batch, strictly growing, so that a poll by timestamp is exact.
        let timestamp = now_micros().max(self.last_timestamp + 1);
        header.partition_id = u64::from(partition);
        header.base_offset = self.next_offset;
        header.base_timestamp = timestamp;
        header.batch_checksum = calculate_batch_checksum(&header, &batch[BATCH_HEADER_SIZE..]);
        header.encode_into(&mut batch[..BATCH_HEADER_SIZE]);
        let length = u32::try_from(batch.len()).map_err(|_| Status::TOO_BIG_MESSAGE_PAYLOAD)?;

        let segment = self.segment_for(u64::from(length))?;
        let file = segment.write(batch).map_err(Status::cannot_append)?;
        segment.push(Entry {
            base_offset: header.base_offset,
            timestamp,
            position: segment.size_bytes,
            length,
            messages: header.message_count,
        });
        self.next_offset += u64::from(header.message_count);
        self.last_timestamp = timestamp;
        self.size_bytes += u64::from(length);
        self.dirty = true;
        self.hot.push(Bytes::from(buffer).slice(start..));
        Ok(Appended { base_offset: header.base_offset, file })
    }

    /// Picks the batches for a poll: at most `count` messages and, after the first batch, at most
    /// `limit` bytes.
    pub(crate) fn plan(&self, start: Start, count: u32, limit: usize) -> ReadPlan {
        let from = self.start_offset(start, count);
        let mut plan = ReadPlan::empty(self.next_offset.saturating_sub(1));
        let mut left = count;
        let mut bytes = 0;
        for (segment, index) in self.entries_from(from) {
            let entry = &segment.entries[index];
            let skip = u32::try_from(from.saturating_sub(entry.base_offset)).unwrap_or(u32::MAX);
            let take = entry.messages.saturating_sub(skip).min(left);
            bytes += entry.length as usize;
            if take == 0 || (bytes > limit && plan.messages > 0) {
                break;
            }
            let hot = self.hot.get(segment.first_ordinal + index as u64);
            let source = hot.map(|batch| Source::Memory(batch.clone()));
            let Some(source) = source.or_else(|| segment.source(entry)) else { break };
            left -= take;
            let whole = skip == 0 && take == entry.messages;
            plan.push(Piece {
                source,
                cut: (!whole).then_some((skip, take)),
                messages: take,
                last: entry.base_offset + u64::from(skip + take) - 1,
            });
        }
        plan
    }

    /// Forgets everything and starts again at offset 0, in another folder. Returns the old one.
    pub(crate) fn restart(&mut self, home: Option<Home>) -> Option<PathBuf> {
        let old = std::mem::replace(self, Self::new(self.segment_bytes, home));
        old.home.map(|home| home.folder)
    }

    /// Refuses all further appends. Returns the folder.
    pub(crate) fn close(&mut self) -> Option<PathBuf> {
        self.closed = true;
        self.folder().map(Path::to_owned)
    }

    /// The files written to since they were last taken.
    pub(crate) fn take_unsynced(&mut self) -> Vec<Arc<File>> {
        let mut files = std::mem::take(&mut self.unsynced);
        if std::mem::take(&mut self.dirty) {
            files.extend(self.segments.back().and_then(Segment::file).cloned());
        }
        files
    }

    /// Adjusts the memory held to this log's present share.
    pub(crate) fn trim(&mut self) {
        self.hot.trim();
    }

    /// When the newest message of the oldest segment was stored; `None` in an empty log.
    pub(crate) fn oldest_segment_time(&self) -> Option<u64> {
        self.segments.front().map(Segment::newest).filter(|newest| *newest > 0)
    }

    /// Removes the oldest segment. The last one is closed first, so that what follows keeps
    /// counting from where it ended. `false` if there is nothing to remove.
    pub(crate) fn remove_oldest_segment(&mut self) -> Result<bool, Status> {
        if self.segments.front().is_none_or(|segment| segment.entries.is_empty()) {
            return Ok(false);
        }
        if self.segments.len() == 1 {
            self.roll()?;
        }
        let Some(segment) = self.segments.pop_front() else { return Ok(false) };
        self.size_bytes -= segment.size_bytes;
        self.hot.drop_before(segment.first_ordinal + segment.entries.len() as u64);
        if let Some(path) = &segment.path {
            std::fs::remove_file(path).map_err(Status::io)?;
        }
        Ok(true)
    }

    /// The segment the next `length` bytes go to.
    fn segment_for(&mut self, length: u64) -> Result<&mut Segment, Status> {
        let full = self.segments.back().is_none_or(|segment| {
            segment.size_bytes > 0 && segment.size_bytes + length > self.segment_bytes
        });
        if full {
            self.roll()?;
        }
        self.segments.back_mut().ok_or(Status::IO_ERROR)
    }

    /// Closes the last segment and begins the next.
    fn roll(&mut self) -> Result<(), Status> {
        let mut next = Segment::new(self.next_offset, self.hot.next(), self.folder());
        next.create().map_err(Status::cannot_append)?;
        if let Some(file) = self.segments.back_mut().and_then(Segment::close)
            && std::mem::take(&mut self.dirty)
        {
            self.unsynced.push(file);
        }
        self.segments.push_back(next);
        Ok(())
    }

    fn first_offset(&self) -> u64 {
        self.segments.front().map_or(self.next_offset, |segment| segment.base_offset)
    }

    fn start_offset(&self, start: Start, count: u32) -> u64 {
        let first = self.first_offset();
        match start {
            Start::Offset(offset) => offset.max(first),
            Start::First => first,
            Start::Last => self.next_offset.saturating_sub(u64::from(count)).max(first),
            Start::Timestamp(timestamp) => self.offset_at(timestamp),
        }
    }

    /// The offset of the first batch stored at or after `timestamp`, or the next offset.
    fn offset_at(&self, timestamp: u64) -> u64 {
        let is_older = |segment: &Segment| {
            segment.entries.last().is_some_and(|entry| entry.timestamp < timestamp)
        };
        self.segments
            .get(self.segments.partition_point(is_older))
            .and_then(|segment| {
                let entry = segment.entries.partition_point(|entry| entry.timestamp < timestamp);
                segment.entries.get(entry)
            })
            .map_or(self.next_offset, |entry| entry.base_offset)
    }

    /// All batches that hold messages at or after `offset`, as a segment and an index in it.
    fn entries_from(&self, offset: u64) -> impl Iterator<Item = (&Segment, usize)> {
        let ends_before = |entry: &Entry| entry.end() <= offset;
        let first = self
            .segments
            .partition_point(|segment| segment.entries.last().is_some_and(ends_before));
        let skipped = self
            .segments
            .get(first)
            .map_or(0, |segment| segment.entries.partition_point(ends_before));
        self.segments.range(first..).enumerate().flat_map(move |(n, segment)| {
            let start = if n == 0 { skipped } else { 0 };
            (start..segment.entries.len()).map(move |index| (segment, index))
        })
    }
}
