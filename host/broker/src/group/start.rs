//! Offsets of a partition, looked up over the member's own connection.

use super::GroupMember;
use crate::error::BrokerError;
use crate::onlooker::Onlooker;
use crate::start::StartPosition;

impl GroupMember {
    /// The offset to poll from when nothing is stored.
    ///
    /// # Errors
    /// Those of any request. Whether the partition is ours is not asked.
    pub async fn first_offset(
        &mut self,
        partition: u32,
        start: StartPosition,
    ) -> Result<u64, BrokerError> {
        self.onlooker().first_offset(partition, start).await
    }

    /// The offset after the newest message, also when retention has removed that.
    ///
    /// # Errors
    /// Those of any request.
    pub async fn end(&mut self, partition: u32) -> Result<u64, BrokerError> {
        self.onlooker().end(partition).await
    }

    fn onlooker(&self) -> Onlooker<'_> {
        Onlooker { link: &self.link, target: &self.target }
    }
}
