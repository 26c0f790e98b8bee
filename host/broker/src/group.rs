//! One member of a consumer group.

mod poll;
mod start;

use std::collections::HashMap;

use iggy::prelude::{Consumer, ConsumerGroupClient, ConsumerOffsetClient, Identifier, IggyError};
use iggy_binary_protocol::codes::SYNC_CONSUMER_GROUP_CODE;
use iggy_binary_protocol::requests::consumer_groups::SyncConsumerGroupRequest;
use iggy_binary_protocol::requests::messages::PollMessagesRequest;
use iggy_binary_protocol::responses::consumer_groups::SyncConsumerGroupResponse;
use iggy_binary_protocol::{WireConsumer, WireDecode, WireEncode, WirePollingStrategy};

use crate::batch::BatchBuffers;
use crate::config::BrokerConfig;
use crate::connection::{TopicInfo, lookup};
use crate::error::{BrokerError, Resource, Subject};
use crate::frames::protocol;
use crate::link::{CallError, Link};
use crate::target::{Target, identifier, wire_identifier};

/// One member of a consumer group, on a connection of its own.
///
/// The broker assigns partitions to members and fences the others: a poll of a partition that is not
/// ours answers [`Poll::NotAssigned`], and storing its offset fails with [`BrokerError::Fenced`].
/// Membership ends with the connection; see [`BrokerError::is_disconnected`].
#[derive(Debug)]
pub struct GroupMember {
    link: Link,
    target: Target,
    group: String,
    ids: Ids,
    /// Reused for every poll; only partition, strategy and count change.
    request: PollMessagesRequest,
    spare: Vec<BatchBuffers>,
    high_watermarks: HashMap<u32, u64>,
    info: TopicInfo,
}

#[derive(Debug)]
struct Ids {
    stream: Identifier,
    topic: Identifier,
    group: Identifier,
    consumer: Consumer,
}

/// The partitions that a member owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Grows with every change of the group.
    pub generation: u64,
    /// The partitions this member may poll, possibly none.
    pub partitions: Vec<u32>,
}

impl GroupMember {
    /// Connects, creates the group if it is missing, and joins it.
    ///
    /// # Errors
    /// Those of [`Connection::connect`](crate::Connection::connect), and [`BrokerError::NotFound`] for a
    /// missing topic.
    pub async fn join(
        config: &BrokerConfig,
        topic: &Target,
        group: &str,
    ) -> Result<Self, BrokerError> {
        let ids = Ids {
            stream: identifier(&topic.stream)?,
            topic: identifier(&topic.topic)?,
            group: identifier(group)?,
            consumer: Consumer::group(identifier(group)?),
        };
        let request = PollMessagesRequest {
            consumer: WireConsumer::consumer_group(wire_identifier(group)?),
            stream_id: wire_identifier(&topic.stream)?,
            topic_id: wire_identifier(&topic.topic)?,
            partition_id: None,
            strategy: WirePollingStrategy::offset(0),
            count: 1,
            // D1: an offset is stored when the destination has acknowledged, never by a poll.
            auto_commit: false,
        };
        let link = Link::open(config).await?;
        let info = lookup(&link, topic).await?.ok_or_else(|| {
            let name = topic.to_string();
            BrokerError::NotFound { resource: Resource::Topic, name }
        })?;
        let member = Self {
            link,
            target: topic.clone(),
            group: group.to_owned(),
            ids,
            request,
            spare: Vec::new(),
            high_watermarks: HashMap::new(),
            info,
        };
        member.enter().await?;
        Ok(member)
    }

    /// The topic, as it was when this member joined.
    #[must_use]
    pub fn joined(&self) -> TopicInfo {
        self.info
    }

    async fn enter(&self) -> Result<(), BrokerError> {
        let Ids { stream, topic, group, .. } = &self.ids;
        let client = self.link.client();
        let found = self
            .link
            .call("looking up a consumer group", client.get_consumer_group(stream, topic, group))
            .await;
        let missing = match found {
            Ok(details) => details.is_none(),
            Err(error) => match error.about(self.subject(None)) {
                BrokerError::NotFound { .. } => true,
                error => return Err(error),
            },
        };
        if missing {
            let created = self
                .link
                .call(
                    "creating a consumer group",
                    client.create_consumer_group(stream, topic, &self.group),
                )
                .await;
            match created {
                Ok(_) | Err(CallError::Client(IggyError::ConsumerGroupNameAlreadyExists(..))) => {}
                Err(error) => return Err(error.about(self.subject(None))),
            }
        }
        self.link
            .call("joining a consumer group", client.join_consumer_group(stream, topic, group))
            .await
            .map_err(|error| error.about(self.subject(None)))
    }

    /// Asks the broker which partitions are ours now.
    ///
    /// # Errors
    /// [`BrokerError::NotMember`] when the broker does not count us in any more: join anew.
    pub async fn assignment(&mut self) -> Result<Assignment, BrokerError> {
        let request = SyncConsumerGroupRequest {
            stream_id: self.request.stream_id.clone(),
            topic_id: self.request.topic_id.clone(),
            group_id: self.request.consumer.id.clone(),
        };
        let reply = self
            .link
            .request("the assignment", SYNC_CONSUMER_GROUP_CODE, request.to_bytes())
            .await
            .map_err(|error| error.about(self.subject(None)))?;
        if reply.is_empty() {
            return Err(BrokerError::NotMember { group: self.group.clone() });
        }
        let (response, _) = SyncConsumerGroupResponse::decode(&reply)
            .map_err(|error| protocol(format_args!("bad assignment: {error}")))?;
        Ok(Assignment { generation: response.generation, partitions: response.partitions })
    }

    /// The offset stored for the group: the last one handled, so resume after it. `None`: never stored.
    ///
    /// # Errors
    /// Those of any request.
    pub async fn stored_offset(&mut self, partition: u32) -> Result<Option<u64>, BrokerError> {
        let Ids { stream, topic, consumer, .. } = &self.ids;
        let read = self
            .link
            .call(
                "a stored offset",
                self.link.client().get_consumer_offset(consumer, stream, topic, Some(partition)),
            )
            .await;
        match read {
            Ok(offset) => Ok(offset.map(|offset| offset.stored_offset)),
            Err(CallError::Client(IggyError::ConsumerOffsetNotFound(_))) => Ok(None),
            Err(error) => Err(error.about(self.subject(Some(partition)))),
        }
    }

    /// Stores `offset` as handled: the last message dealt with, not the next one.
    ///
    /// # Errors
    /// [`BrokerError::Fenced`] when the partition is not ours any more; nothing was stored then.
    pub async fn store_offset(&mut self, partition: u32, offset: u64) -> Result<(), BrokerError> {
        let Ids { stream, topic, consumer, .. } = &self.ids;
        let stored = self
            .link
            .call(
                "storing an offset",
                self.link.client().store_consumer_offset(
                    consumer,
                    stream,
                    topic,
                    Some(partition),
                    offset,
                ),
            )
            .await;
        match stored {
            Ok(()) => Ok(()),
            // Iggy's older answer to all that does not exist or is not the caller's.
            Err(CallError::Client(error @ IggyError::ResourceNotFound(_))) => {
                if self.assignment().await?.partitions.contains(&partition) {
                    Err(self.subject(Some(partition)).grade(error))
                } else {
                    Err(BrokerError::Fenced { name: self.target.to_string(), partition })
                }
            }
            Err(error) => Err(error.about(self.subject(Some(partition)))),
        }
    }

    /// Forgets what was stored, so that the partition begins anew where the start position says.
    ///
    /// # Errors
    /// Those of any request. That nothing was stored is none.
    pub async fn delete_offset(&mut self, partition: u32) -> Result<(), BrokerError> {
        let Ids { stream, topic, consumer, .. } = &self.ids;
        let client = self.link.client();
        let deleted = self
            .link
            .call(
                "deleting a stored offset",
                client.delete_consumer_offset(consumer, stream, topic, Some(partition)),
            )
            .await;
        match deleted {
            Ok(()) | Err(CallError::Client(IggyError::ConsumerOffsetNotFound(_))) => Ok(()),
            Err(error) => Err(error.about(self.subject(Some(partition)))),
        }
    }

    /// Asks the broker for a sign of life.
    ///
    /// # Errors
    /// [`BrokerError::Disconnected`] or [`BrokerError::Timeout`].
    pub async fn ping(&self) -> Result<(), BrokerError> {
        self.link.ping().await
    }

    /// False once the connection is known to be gone. A heartbeat looks every five seconds.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.link.is_alive()
    }

    /// Looks at the topic again, over this connection: partitions may have been added. `None`: it is gone.
    ///
    /// # Errors
    /// Those of any request.
    pub async fn topic(&mut self) -> Result<Option<TopicInfo>, BrokerError> {
        lookup(&self.link, &self.target).await
    }

    /// Leaves the group and closes the connection. The partitions go to other members at once; dropping
    /// has the same effect as soon as the broker sees the closed connection.
    ///
    /// # Errors
    /// What the broker answered; the connection is closed either way.
    pub async fn leave(self) -> Result<(), BrokerError> {
        let Ids { stream, topic, group, .. } = &self.ids;
        let left = self
            .link
            .call(
                "leaving a consumer group",
                self.link.client().leave_consumer_group(stream, topic, group),
            )
            .await
            .map_err(|error| error.about(self.subject(None)));
        self.link.close().await;
        match left {
            Err(BrokerError::NotMember { .. }) => Ok(()),
            left => left,
        }
    }

    fn subject(&self, partition: Option<u32>) -> Subject<'_> {
        Subject { target: Some(&self.target), partition, group: Some(&self.group) }
    }
}
