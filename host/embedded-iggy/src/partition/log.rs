//! The log: batches in segments.

use std::collections::VecDeque;

use bytes::Bytes;
use iggy_binary_protocol::batch::{BATCH_HEADER_SIZE, BatchHeader, calculate_batch_checksum};

use super::read::{Piece, ReadPlan, Source};
use super::{Figures, Start};
use crate::clock::now_micros;
use crate::status::Status;

/// How a log stores its batches.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogSettings {
    /// Bytes after which a segment is closed and a new one begun.
    pub(crate) segment_bytes: u64,
}

/// One stored batch. The bytes are a whole batch record: the same on the wire and in storage.
#[derive(Debug)]
struct Entry {
    base_offset: u64,
    /// Time of storage; strictly growing within a partition.
    timestamp: u64,
    count: u32,
    bytes: Bytes,
}

impl Entry {
    fn end(&self) -> u64 {
        self.base_offset + u64::from(self.count)
    }
}

#[derive(Debug)]
struct Segment {
    base_offset: u64,
    size_bytes: u64,
    entries: Vec<Entry>,
}

/// Batches in the order of their offsets.
#[derive(Debug)]
pub(crate) struct Log {
    settings: LogSettings,
    /// Never empty; the last one is written to.
    segments: VecDeque<Segment>,
    next_offset: u64,
    last_timestamp: u64,
    size_bytes: u64,
}

impl Log {
    pub(crate) fn in_memory(settings: LogSettings) -> Self {
        let mut log = Self {
            settings,
            segments: VecDeque::new(),
            next_offset: 0,
            last_timestamp: 0,
            size_bytes: 0,
        };
        log.roll();
        log
    }

    pub(crate) fn figures(&self) -> Figures {
        Figures {
            first_offset: self.first_offset(),
            next_offset: self.next_offset,
            size_bytes: self.size_bytes,
            segments: u32::try_from(self.segments.len()).unwrap_or(u32::MAX),
        }
    }

    /// Stamps the server's header fields into a verified batch and stores it, in the buffer it was
    /// received in.
    pub(crate) fn append(
        &mut self,
        partition: u32,
        mut buffer: Vec<u8>,
        start: usize,
    ) -> Result<u64, Status> {
        let batch = &mut buffer[start..];
        let mut header = BatchHeader::decode(batch)?;
        // One broker time per batch, strictly growing, so that a poll by timestamp is exact.
        let timestamp = now_micros().max(self.last_timestamp + 1);
        header.partition_id = u64::from(partition);
        header.base_offset = self.next_offset;
        header.base_timestamp = timestamp;
        header.batch_checksum = calculate_batch_checksum(&header, &batch[BATCH_HEADER_SIZE..]);
        header.encode_into(&mut batch[..BATCH_HEADER_SIZE]);
        let entry = Entry {
            base_offset: header.base_offset,
            timestamp,
            count: header.message_count,
            bytes: Bytes::from(buffer).slice(start..),
        };
        self.push(entry);
        Ok(header.base_offset)
    }

    /// Picks the batches for a poll: at most `count` messages and, after the first batch, at most
    /// `limit` bytes.
    pub(crate) fn plan(&self, start: Start, count: u32, limit: usize) -> ReadPlan {
        let from = self.start_offset(start, count);
        let mut plan = ReadPlan::empty(self.next_offset.saturating_sub(1));
        let mut left = count;
        let mut bytes = 0;
        for entry in self.entries_from(from) {
            let skip = u32::try_from(from.saturating_sub(entry.base_offset)).unwrap_or(u32::MAX);
            let take = (entry.count - skip).min(left);
            bytes += entry.bytes.len();
            if take == 0 || (bytes > limit && plan.messages > 0) {
                break;
            }
            left -= take;
            let whole = skip == 0 && take == entry.count;
            plan.push(Piece {
                source: Source::Memory(entry.bytes.clone()),
                cut: (!whole).then_some((skip, take)),
                messages: take,
                last: entry.base_offset + u64::from(skip + take) - 1,
            });
        }
        plan
    }

    /// Forgets everything; offsets start at 0 again.
    pub(crate) fn clear(&mut self) {
        *self = Self::in_memory(self.settings);
    }

    fn push(&mut self, entry: Entry) {
        let length = entry.bytes.len() as u64;
        let full = self.segments.back().is_none_or(|segment| {
            segment.size_bytes > 0 && segment.size_bytes + length > self.settings.segment_bytes
        });
        if full {
            self.roll();
        }
        self.next_offset = entry.end();
        self.last_timestamp = entry.timestamp;
        self.size_bytes += length;
        if let Some(segment) = self.segments.back_mut() {
            segment.size_bytes += length;
            segment.entries.push(entry);
        }
    }

    fn roll(&mut self) {
        self.segments.push_back(Segment {
            base_offset: self.next_offset,
            size_bytes: 0,
            entries: Vec::new(),
        });
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
        let stored_before = |segment: &Segment| {
            segment.entries.last().is_some_and(|entry| entry.timestamp < timestamp)
        };
        let segment = self.segments.partition_point(stored_before);
        self.segments
            .get(segment)
            .and_then(|segment| {
                let entry = segment.entries.partition_point(|entry| entry.timestamp < timestamp);
                segment.entries.get(entry)
            })
            .map_or(self.next_offset, |entry| entry.base_offset)
    }

    /// All entries that hold messages at or after `offset`.
    fn entries_from(&self, offset: u64) -> impl Iterator<Item = &Entry> {
        let ends_before = |entry: &Entry| entry.end() <= offset;
        let segment = self
            .segments
            .partition_point(|segment| segment.entries.last().is_some_and(ends_before));
        let entry = self
            .segments
            .get(segment)
            .map_or(0, |segment| segment.entries.partition_point(ends_before));
        self.segments.iter().skip(segment).flat_map(|segment| &segment.entries).skip(entry)
    }
}
