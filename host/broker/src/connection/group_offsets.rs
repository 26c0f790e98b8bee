//! How far a consumer group is, seen from outside of it.

use iggy::prelude::{Consumer, ConsumerOffsetClient, IggyError, TopicClient};

use super::Connection;
use crate::error::{BrokerError, Subject};
use crate::link::CallError;
use crate::target::{Target, identifier};

/// How far a consumer group is in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOffset {
    /// Number of the partition.
    pub partition: u32,
    /// Messages held; retention may have removed older ones.
    pub messages: u64,
    /// The offset after the newest message, also when retention has removed that. 0 while there was
    /// none, except that Iggy does not tell "none ever" from "one, and removed".
    pub end: u64,
    /// The offset after the last one stored for the group. `None`: nothing was.
    pub next: Option<u64>,
}

impl GroupOffset {
    /// Whether the group has nothing left to read here.
    #[must_use]
    pub fn has_caught_up(&self) -> bool {
        self.messages == 0 || self.next.is_some_and(|next| next >= self.end)
    }
}

impl Connection {
    /// Ends of the partitions of a topic, and how far `group` is in each. `None`: there is no such topic.
    /// A group that does not exist has stored nothing.
    ///
    /// # Errors
    /// Those of any request.
    pub async fn group_offsets(
        &self,
        target: &Target,
        group: &str,
    ) -> Result<Option<Vec<GroupOffset>>, BrokerError> {
        let (stream, topic) = (identifier(&target.stream)?, identifier(&target.topic)?);
        let subject = Subject { target: Some(target), ..Subject::default() };
        let client = self.link.client();
        let details =
            match self.link.call("looking up a topic", client.get_topic(&stream, &topic)).await {
                Ok(Some(details)) => details,
                Ok(None) => return Ok(None),
                Err(error) => match error.about(subject) {
                    BrokerError::NotFound { .. } => return Ok(None),
                    error => return Err(error),
                },
            };
        let consumer = Consumer::group(identifier(group)?);
        let mut offsets = Vec::with_capacity(details.partitions.len());
        for partition in details.partitions {
            let read = client.get_consumer_offset(&consumer, &stream, &topic, Some(partition.id));
            let next = match self.link.call("a stored offset", read).await {
                Ok(stored) => stored.map(|stored| stored.stored_offset.saturating_add(1)),
                Err(CallError::Client(IggyError::ConsumerOffsetNotFound(_))) => None,
                Err(error) => match error.about(Subject { group: Some(group), ..subject }) {
                    BrokerError::NotFound { .. } => None,
                    error => return Err(error),
                },
            };
            // Iggy gives offset 0 for an empty partition as well as for one message.
            let is_empty = partition.messages_count == 0 && partition.current_offset == 0;
            let end = if is_empty { 0 } else { partition.current_offset.saturating_add(1) };
            let messages = partition.messages_count;
            offsets.push(GroupOffset { partition: partition.id, messages, end, next });
        }
        Ok(Some(offsets))
    }
}
