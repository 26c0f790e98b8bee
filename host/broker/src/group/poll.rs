//! Polls in wire form: the hot path.

use iggy_binary_protocol::{WireEncode, WirePollingStrategy};

use super::GroupMember;
use crate::batch::{BatchBuffers, Poll};
use crate::error::BrokerError;
use crate::exchange::{Answer, exchange};

/// Used columns kept for the next polls: one batch with the guest, one prefetched, two on their way.
const SPARE_BUFFERS: usize = 4;

impl GroupMember {
    /// Messages of `partition` from `offset` on, at most `max_messages` of them (at least one). Nothing
    /// is stored. It answers at once, also when there is nothing.
    ///
    /// # Errors
    /// [`BrokerError::Protocol`] when the reply is malformed, and those of any request.
    pub async fn poll(
        &mut self,
        partition: u32,
        offset: u64,
        max_messages: u32,
    ) -> Result<Poll, BrokerError> {
        self.request.partition_id = Some(partition);
        self.request.strategy = WirePollingStrategy::offset(offset);
        self.request.count = max_messages.max(1);
        let request = self.request.to_bytes();
        let subject = self.subject(Some(partition));
        let answer = exchange(&self.link, partition, request, subject).await?;
        let Some(Answer { reply, current_offset }) = answer else { return Ok(Poll::NotAssigned) };
        let mut buffers = self.spare.pop().unwrap_or_default();
        buffers.fill(&reply, offset)?;
        let polled = if buffers.is_empty() {
            self.recycle(buffers);
            Poll::Empty { current_offset }
        } else {
            Poll::Messages(buffers.into_batch(reply, current_offset))
        };
        let end = match &polled {
            Poll::Messages(batch) => Some(
                batch.current_offset.saturating_add(1).max(batch.next_offset().unwrap_or_default()),
            ),
            // The broker says 0 for an empty partition and for one message; what we asked for tells
            // them apart.
            Poll::Empty { current_offset: 0 } => Some(offset.min(1)),
            Poll::Empty { current_offset } => Some(current_offset.saturating_add(1)),
            Poll::NotAssigned => None,
        };
        if let Some(end) = end {
            self.high_watermarks.insert(partition, end);
        }
        Ok(polled)
    }

    /// Takes the columns of a used batch back, so that the next poll need not allocate.
    pub fn recycle(&mut self, buffers: BatchBuffers) {
        if self.spare.len() < SPARE_BUFFERS {
            self.spare.push(buffers);
        }
    }

    /// The offset after the newest message of `partition`, as of its last poll. `None` before one.
    #[must_use]
    pub fn high_watermark(&self, partition: u32) -> Option<u64> {
        self.high_watermarks.get(&partition).copied()
    }

    /// How many offsets lie between `next`, the next one to handle, and the high watermark.
    #[must_use]
    pub fn lag(&self, partition: u32, next: u64) -> Option<u64> {
        self.high_watermark(partition).map(|end| end.saturating_sub(next))
    }
}
