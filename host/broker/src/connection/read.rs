//! Messages and offsets of a partition, seen from outside of any group.

use iggy_binary_protocol::WirePollingStrategy;

use super::Connection;
use crate::batch::{Poll, PolledBatch};
use crate::error::BrokerError;
use crate::onlooker::Onlooker;
use crate::start::StartPosition;
use crate::target::Target;

impl Connection {
    /// Messages of `partition` from `offset` on, at most `max_messages` of them (at least one), as the
    /// broker has them. Nothing is stored, and no group notices. `None`: there are none yet.
    ///
    /// # Errors
    /// [`BrokerError::NotFound`] when topic or partition do not exist, [`BrokerError::Protocol`] when
    /// the reply is malformed, and those of any request.
    pub async fn read(
        &self,
        target: &Target,
        partition: u32,
        offset: u64,
        max_messages: u32,
    ) -> Result<Option<PolledBatch>, BrokerError> {
        let strategy = WirePollingStrategy::offset(offset);
        match self.onlooker(target).poll(partition, strategy, offset, max_messages).await? {
            Poll::Messages(batch) => Ok(Some(batch)),
            Poll::Empty { .. } => Ok(None),
            Poll::NotAssigned => Err(BrokerError::Fenced { name: target.to_string(), partition }),
        }
    }

    /// The offset that `start` means in `partition` now.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn first_offset(
        &self,
        target: &Target,
        partition: u32,
        start: StartPosition,
    ) -> Result<u64, BrokerError> {
        self.onlooker(target).first_offset(partition, start).await
    }

    fn onlooker<'a>(&'a self, target: &'a Target) -> Onlooker<'a> {
        Onlooker { link: &self.link, target }
    }
}
