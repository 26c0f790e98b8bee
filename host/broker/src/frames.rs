//! Walks the records of a poll reply.
//!
//! ```text
//! reply  = [partition u32][current offset u64][count u32] record*
//! record = [header, 256 bytes][frame*]
//! frame  = [checksum u64][id u128][offset delta u32][timestamp delta u32]
//!          [headers length u32][payload length u32][zero u64][payload][headers]
//! ```
//!
//! Everything is little endian and everything is checked: a broken broker gets an error, never a panic,
//! an allocation by its word or a read past the end.

use iggy_binary_protocol::batch::{BATCH_HEADER_SIZE, BATCH_MESSAGE_HEADER_SIZE, BatchHeader};

use crate::error::BrokerError;

/// Bytes before the first record.
const PREFIX_SIZE: usize = 16;

/// Bytes of a frame before its payload.
const FRAME_HEADER_SIZE: usize = BATCH_MESSAGE_HEADER_SIZE;

/// The fixed part of a poll reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) partition: u32,
    /// Offset of the newest message of the partition; 0 also when it is empty.
    pub(crate) current_offset: u64,
}

impl Prefix {
    pub(crate) fn read(reply: &[u8]) -> Result<Self, BrokerError> {
        let [p0, p1, p2, p3, o0, o1, o2, o3, o4, o5, o6, o7, ..] = *reply
            .first_chunk::<PREFIX_SIZE>()
            .ok_or_else(|| protocol("a poll reply is shorter than its prefix"))?;
        Ok(Self {
            partition: u32::from_le_bytes([p0, p1, p2, p3]),
            current_offset: u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
        })
    }
}

/// One message, by its place in the reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The 48 bytes before the payload.
    header: &'a [u8; FRAME_HEADER_SIZE],
    pub(crate) offset: u64,
    pub(crate) payload_start: u32,
    pub(crate) payload_end: u32,
    pub(crate) headers_end: u32,
}

impl Frame<'_> {
    pub(crate) fn checksum(&self) -> u64 {
        read_u64(self.header, 0).unwrap_or_default()
    }

    pub(crate) fn id_low(&self) -> u64 {
        read_u64(self.header, 8).unwrap_or_default()
    }

    pub(crate) fn id_high(&self) -> u64 {
        read_u64(self.header, 16).unwrap_or_default()
    }

    pub(crate) fn timestamp_delta(&self) -> u32 {
        read_u32(self.header, 28).unwrap_or_default()
    }
}

/// Calls `visit` for every message of a reply, in order. Offsets are proven to ascend, and the frames of
/// a record to fill it exactly.
pub(crate) fn walk(
    reply: &[u8],
    mut visit: impl FnMut(&BatchHeader, &Frame<'_>),
) -> Result<(), BrokerError> {
    if u32::try_from(reply.len()).is_err() {
        return Err(protocol("a poll reply is larger than 4 GiB"));
    }
    let mut position = PREFIX_SIZE;
    let mut least_offset = 0;
    while position < reply.len() {
        let record = reply.get(position..).unwrap_or_default();
        let header = BatchHeader::decode(record)
            .map_err(|error| protocol(format_args!("bad batch header at {position}: {error}")))?;
        let end = usize::try_from(header.batch_length)
            .ok()
            .filter(|length| *length >= BATCH_HEADER_SIZE)
            .and_then(|length| position.checked_add(length))
            .filter(|end| *end <= reply.len())
            .ok_or_else(|| protocol(format_args!("the batch at {position} leaves the reply")))?;

        let mut cursor = position + BATCH_HEADER_SIZE;
        let mut messages = 0_u32;
        while cursor < end {
            let frame = read_frame(reply, cursor, end, &header)
                .ok_or_else(|| protocol(format_args!("bad message frame at {cursor}")))?;
            if frame.offset < least_offset {
                return Err(protocol(format_args!("offset {} is out of order", frame.offset)));
            }
            least_offset = frame
                .offset
                .checked_add(1)
                .ok_or_else(|| protocol("an offset is at the end of its range"))?;
            messages += 1;
            cursor = frame.headers_end as usize;
            visit(&header, &frame);
        }
        if messages != header.message_count {
            return Err(protocol(format_args!(
                "the batch at {position} announces {} messages and holds {messages}",
                header.message_count
            )));
        }
        position = end;
    }
    Ok(())
}

#[inline]
fn read_frame<'a>(
    reply: &'a [u8],
    start: usize,
    record_end: usize,
    record: &BatchHeader,
) -> Option<Frame<'a>> {
    let header = reply.get(start..record_end)?.first_chunk::<FRAME_HEADER_SIZE>()?;
    let headers_length = read_u32(header, 32)?;
    let payload_length = read_u32(header, 36)?;
    let reserved = read_u64(header, 40)?;
    let payload_start = u32::try_from(start + FRAME_HEADER_SIZE).ok()?;
    let payload_end = payload_start.checked_add(payload_length)?;
    let headers_end = payload_end.checked_add(headers_length)?;
    let offset = record.base_offset.checked_add(u64::from(read_u32(header, 24)?))?;
    (reserved == 0 && headers_end as usize <= record_end).then_some(Frame {
        header,
        offset,
        payload_start,
        payload_end,
        headers_end,
    })
}

#[inline]
fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[inline]
fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn protocol(what: impl std::fmt::Display) -> BrokerError {
    BrokerError::Protocol(what.to_string())
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
