//! Where a partition begins that has no stored offset.

use iggy_binary_protocol::WirePollingStrategy;

use crate::batch::Poll;
use crate::error::BrokerError;
use crate::onlooker::Onlooker;

/// Where to begin in a partition without a stored offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPosition {
    /// At the oldest message held.
    Earliest,
    /// After the newest message.
    Latest,
    /// At this offset.
    Offset(u64),
    /// At the first message appended at this time or later, in microseconds since 1970 UTC.
    Timestamp(u64),
}

/// What a poll for one message told about offsets.
enum Probe {
    Message(u64),
    Nothing { end: u64 },
}

impl Onlooker<'_> {
    /// The offset to poll from when nothing is stored.
    pub(crate) async fn first_offset(
        &self,
        partition: u32,
        start: StartPosition,
    ) -> Result<u64, BrokerError> {
        match start {
            StartPosition::Offset(offset) => Ok(offset),
            StartPosition::Earliest => {
                match self.probe(partition, WirePollingStrategy::first()).await? {
                    Probe::Message(offset) => Ok(offset),
                    Probe::Nothing { end } => Ok(end),
                }
            }
            StartPosition::Latest => self.end(partition).await,
            StartPosition::Timestamp(micros) => {
                // The end first: what arrives between the two questions is younger than the timestamp
                // or was found by the second one.
                let end = self.end(partition).await?;
                match self.probe(partition, WirePollingStrategy::timestamp(micros)).await? {
                    Probe::Message(offset) => Ok(offset),
                    Probe::Nothing { .. } => Ok(end),
                }
            }
        }
    }

    /// The offset after the newest message, also when retention has removed that.
    pub(crate) async fn end(&self, partition: u32) -> Result<u64, BrokerError> {
        match self.probe(partition, WirePollingStrategy::last()).await? {
            Probe::Message(offset) => Ok(offset.saturating_add(1)),
            Probe::Nothing { end } => Ok(end),
        }
    }

    /// Polls one message to learn its offset.
    async fn probe(
        &self,
        partition: u32,
        strategy: WirePollingStrategy,
    ) -> Result<Probe, BrokerError> {
        match self.poll(partition, strategy, 0, 1).await? {
            Poll::Messages(batch) => {
                Ok(Probe::Message(batch.offsets.first().copied().unwrap_or_default()))
            }
            // 0 is "empty" as well as "one message"; nothing was found, so begin with the first.
            Poll::Empty { current_offset: 0 } => Ok(Probe::Nothing { end: 0 }),
            Poll::Empty { current_offset } => {
                Ok(Probe::Nothing { end: current_offset.saturating_add(1) })
            }
            Poll::NotAssigned => {
                Err(BrokerError::Fenced { name: self.target.to_string(), partition })
            }
        }
    }
}
