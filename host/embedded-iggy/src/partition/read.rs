//! From stored batches to the body of a poll reply.

use bytes::{Bytes, BytesMut};
use iggy_binary_protocol::batch::{
    BATCH_HEADER_SIZE, BatchHeader, BatchMessageHeader, calculate_batch_checksum,
};

use crate::status::Status;

/// Where a batch record is.
#[derive(Debug)]
pub(crate) enum Source {
    Memory(Bytes),
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

    pub(crate) fn push(&mut self, piece: Piece) {
        self.messages += piece.messages;
        self.last = Some(piece.last);
        self.pieces.push(piece);
    }

    /// Fetches the records, appending them to `parts`. Whole batches are passed on as stored.
    pub(crate) fn load(self, parts: &mut Vec<Bytes>) -> Result<(), Status> {
        for piece in self.pieces {
            let Source::Memory(batch) = piece.source;
            match piece.cut {
                None => parts.push(batch),
                Some((skip, take)) => {
                    let (header, frames) = cut(&batch, skip, take).ok_or(Status::IO_ERROR)?;
                    parts.push(header);
                    parts.push(frames);
                }
            }
        }
        Ok(())
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
