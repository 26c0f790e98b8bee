//! Stored consumer offsets.

use std::sync::Arc;
use std::time::Instant;

use iggy_binary_protocol::requests::consumer_offsets::{
    DeleteConsumerOffsetRequest, GetConsumerOffsetRequest, StoreConsumerOffsetRequest,
};
use iggy_binary_protocol::responses::consumer_offsets::ConsumerOffsetResponse;
use iggy_binary_protocol::{KIND_CONSUMER_GROUP, WireConsumer};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::catalog::Topic;
use crate::group::{Access, MemberId};
use crate::partition::{ConsumerKey, Partition};
use crate::registry::Named;
use crate::session::Caller;
use crate::status::Status;
use crate::user::Need;

impl Broker {
    /// A commit in a group may complete a hand-off, so the group is settled right after it.
    pub(super) async fn store_offset(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: StoreConsumerOffsetRequest = decode(body)?;
        let saved = {
            let mut catalog = self.catalog.lock();
            let need = Need::Poll;
            let topic = catalog.topic_mut(caller, &request.stream_id, &request.topic_id, need)?;
            let (partition, key) =
                writable(topic, caller.member, &request.consumer, request.partition_id)?;
            partition.store_offset(key, request.offset)?;
            if request.consumer.kind == KIND_CONSUMER_GROUP {
                let (group, offsets) = topic.group_mut(&request.consumer.id)?;
                group.settle(&offsets, Instant::now());
            }
            topic.settings.sync_offsets.then_some(partition)
        };
        // Otherwise a timer saves it.
        if let Some(partition) = saved {
            self.save_offsets(vec![partition]).await;
        }
        Ok(Reply::Empty)
    }

    /// Any client may read any consumer's offset.
    pub(super) fn get_offset(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetConsumerOffsetRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, Need::Poll)?;
        let key = if request.consumer.kind == KIND_CONSUMER_GROUP {
            match topic.group(&request.consumer.id) {
                Ok(group) => ConsumerKey::Group(group.id()),
                Err(_) => return Ok(Reply::Empty),
            }
        } else {
            ConsumerKey::from(&request.consumer.id)
        };
        let partition = topic.partition(request.partition_id.unwrap_or(0))?;
        Ok(Reply::optional(partition.stored_offset(&key).map(|stored_offset| {
            ConsumerOffsetResponse {
                partition_id: partition.id,
                current_offset: partition.figures().current_offset(),
                stored_offset,
            }
        })))
    }

    pub(super) fn delete_offset(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteConsumerOffsetRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic = catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::Poll)?;
        let (partition, key) =
            writable(topic, caller.member, &request.consumer, request.partition_id)?;
        partition.delete_offset(&key)?;
        Ok(Reply::Empty)
    }
}

/// The partition and key a consumer may write. In a group only the partition's owner may.
fn writable(
    topic: &mut Topic,
    member: MemberId,
    consumer: &WireConsumer,
    partition: Option<u32>,
) -> Result<(Arc<Partition>, ConsumerKey), Status> {
    if consumer.kind != KIND_CONSUMER_GROUP {
        let partition = topic.partition(partition.unwrap_or(0))?.clone();
        return Ok((partition, ConsumerKey::from(&consumer.id)));
    }
    let id = partition.ok_or(Status::INVALID_IDENTIFIER)?;
    let partition = topic.partition(id)?.clone();
    let (group, offsets) = topic.group_mut(&consumer.id)?;
    group.settle(&offsets, Instant::now());
    if !group.allows(member, id, Access::Commit) {
        return Err(Status::PARTITION_NOT_OWNED);
    }
    Ok((partition, ConsumerKey::Group(group.id())))
}
