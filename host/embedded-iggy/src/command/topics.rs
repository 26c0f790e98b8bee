//! Topics and their partitions.

use std::sync::Arc;

use iggy_binary_protocol::requests::partitions::{
    CreatePartitionsRequest, DeletePartitionsRequest,
};
use iggy_binary_protocol::requests::topics::{
    CreateTopicRequest, DeleteTopicRequest, GetTopicRequest, GetTopicsRequest, PurgeTopicRequest,
    UpdateTopicRequest,
};
use iggy_binary_protocol::responses::topics::GetTopicsResponse;
use iggy_binary_protocol::{MAX_PARTITIONS_PER_REQUEST, WireIdentifier};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::catalog::{Topic, TopicSettings};
use crate::clock::now_micros;
use crate::status::Status;

impl Broker {
    pub(super) fn get_topic(&self, body: &[u8]) -> Answer {
        let request: GetTopicRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let topic = catalog.topic(&request.stream_id, &request.topic_id).ok();
        Ok(Reply::optional(topic.map(Topic::details)))
    }

    pub(super) fn get_topics(&self, body: &[u8]) -> Answer {
        let request: GetTopicsRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let stream = catalog.stream(&request.stream_id)?;
        Ok(Reply::encode(&GetTopicsResponse {
            topics: stream.topics.iter().map(Topic::header).collect(),
        }))
    }

    pub(super) fn create_topic(&self, body: &[u8]) -> Answer {
        let request: CreateTopicRequest = decode(body)?;
        let settings = TopicSettings::parse(request.options)?;
        if request.partitions_count > MAX_PARTITIONS_PER_REQUEST {
            return Err(Status::TOO_MANY_PARTITIONS);
        }
        let mut catalog = self.catalog.lock();
        let stream = catalog.stream_mut(&request.stream_id)?;
        let make = |id| {
            let mut topic = Topic::new(id, request.name.clone(), now_micros(), settings);
            self.add_partitions(&mut topic, request.partitions_count);
            topic
        };
        let topic = stream.topics.insert(&request.name, make).ok_or(Status::TOPIC_NAME_TAKEN)?;
        Ok(Reply::encode(&topic.details()))
    }

    pub(super) fn update_topic(&self, body: &[u8]) -> Answer {
        let request: UpdateTopicRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic = catalog.topic(&request.stream_id, &request.topic_id)?;
        let (id, settings) = (topic.id, topic.settings.patched(&request.options)?);
        if !catalog.stream_mut(&request.stream_id)?.topics.rename(id, request.name) {
            return Err(Status::TOPIC_NAME_TAKEN);
        }
        // By id: the request may have named the topic by the name it has just lost.
        let topic = WireIdentifier::numeric(id);
        catalog.topic_mut(&request.stream_id, &topic)?.settings = settings;
        Ok(Reply::Empty)
    }

    pub(super) fn delete_topic(&self, body: &[u8]) -> Answer {
        let request: DeleteTopicRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let stream = catalog.stream_mut(&request.stream_id)?;
        stream.topics.remove(&request.topic_id).ok_or(Status::TOPIC_NOT_FOUND)?;
        Ok(Reply::Empty)
    }

    pub(super) fn purge_topic(&self, body: &[u8]) -> Answer {
        let request: PurgeTopicRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let topic = catalog.topic(&request.stream_id, &request.topic_id)?;
        topic.partitions.iter().for_each(|partition| partition.purge());
        Ok(Reply::Empty)
    }

    pub(super) fn create_partitions(&self, body: &[u8]) -> Answer {
        let request: CreatePartitionsRequest = decode(body)?;
        if request.partitions_count > MAX_PARTITIONS_PER_REQUEST {
            return Err(Status::TOO_MANY_PARTITIONS);
        }
        let mut catalog = self.catalog.lock();
        let topic = catalog.topic_mut(&request.stream_id, &request.topic_id)?;
        self.add_partitions(topic, request.partitions_count);
        topic.rebalance();
        Ok(Reply::Empty)
    }

    /// Partitions are deleted from the end.
    pub(super) fn delete_partitions(&self, body: &[u8]) -> Answer {
        let request: DeletePartitionsRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic = catalog.topic_mut(&request.stream_id, &request.topic_id)?;
        let kept = topic.partitions.len().saturating_sub(request.partitions_count as usize);
        topic.partitions.truncate(kept);
        topic.rebalance();
        Ok(Reply::Empty)
    }

    fn add_partitions(&self, topic: &mut Topic, count: u32) {
        for _ in 0..count {
            let partition = self.make_partition(topic.partitions_count(), &topic.settings);
            topic.partitions.push(Arc::new(partition));
        }
    }
}
