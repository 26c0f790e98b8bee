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
use crate::session::Caller;
use crate::status::Status;
use crate::user::Need;

/// How many partitions a topic may have. Each costs the server memory whether it is used or not.
const MAX_PARTITIONS: u32 = 10_000;

impl Broker {
    pub(super) fn get_topic(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetTopicRequest = decode(body)?;
        let catalog = self.catalog.lock();
        match catalog.topic(caller, &request.stream_id, &request.topic_id, Need::ReadTopic) {
            Err(Status::STREAM_NOT_FOUND | Status::TOPIC_NOT_FOUND) => Ok(Reply::Empty),
            topic => Ok(Reply::encode(&topic?.details())),
        }
    }

    pub(super) fn get_topics(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetTopicsRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let stream = catalog.stream(caller, &request.stream_id, Need::ReadTopics)?;
        Ok(Reply::encode(&GetTopicsResponse {
            topics: stream.topics.iter().map(Topic::header).collect(),
        }))
    }

    pub(super) fn create_topic(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreateTopicRequest = decode(body)?;
        let settings = TopicSettings::parse(request.options)?;
        if request.partitions_count > MAX_PARTITIONS_PER_REQUEST {
            return Err(Status::TOO_MANY_PARTITIONS);
        }
        let mut catalog = self.catalog.lock();
        let stream = catalog.stream_mut(caller, &request.stream_id, Need::ManageTopics)?;
        let make = |id| {
            let mut topic = Topic::new(id, request.name.clone(), now_micros(), settings);
            self.add_partitions(&mut topic, request.partitions_count);
            topic
        };
        let topic = stream.topics.insert(&request.name, make).ok_or(Status::TOPIC_NAME_TAKEN)?;
        Ok(Reply::encode(&topic.details()))
    }

    pub(super) fn update_topic(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: UpdateTopicRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let need = Need::ManageTopic;
        let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, need)?;
        let (id, settings) = (topic.id, topic.settings.patched(&request.options)?);
        let stream = catalog.streams.get_mut(&request.stream_id).ok_or(Status::STREAM_NOT_FOUND)?;
        if !stream.topics.rename(id, request.name) {
            return Err(Status::TOPIC_NAME_TAKEN);
        }
        // By id: the request may have named the topic by the name it has just lost.
        if let Some(topic) = stream.topics.get_mut(&WireIdentifier::numeric(id)) {
            topic.settings = settings;
        }
        Ok(Reply::Empty)
    }

    pub(super) fn delete_topic(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteTopicRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.topic(caller, &request.stream_id, &request.topic_id, Need::ManageTopic)?;
        let stream = catalog.streams.get_mut(&request.stream_id).ok_or(Status::STREAM_NOT_FOUND)?;
        let topic = stream.topics.remove(&request.topic_id).ok_or(Status::TOPIC_NOT_FOUND)?;
        let folders = topic.partitions.iter().filter_map(|partition| partition.close());
        catalog.garbage.extend(folders);
        Ok(Reply::Empty)
    }

    pub(super) fn purge_topic(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: PurgeTopicRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let need = Need::ManageTopic;
        let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, need)?;
        let purged = topic.partitions.iter().filter_map(|partition| self.purge(partition));
        let garbage: Vec<_> = purged.collect();
        catalog.garbage.extend(garbage);
        Ok(Reply::Empty)
    }

    pub(super) fn create_partitions(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreatePartitionsRequest = decode(body)?;
        if request.partitions_count > MAX_PARTITIONS_PER_REQUEST {
            return Err(Status::TOO_MANY_PARTITIONS);
        }
        let mut catalog = self.catalog.lock();
        let need = Need::ManageTopic;
        let topic = catalog.topic_mut(caller, &request.stream_id, &request.topic_id, need)?;
        if topic.partitions_count().saturating_add(request.partitions_count) > MAX_PARTITIONS {
            return Err(Status::TOO_MANY_PARTITIONS);
        }
        self.add_partitions(topic, request.partitions_count);
        topic.rebalance();
        Ok(Reply::Empty)
    }

    /// Partitions are deleted from the end.
    pub(super) fn delete_partitions(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeletePartitionsRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let need = Need::ManageTopic;
        let topic = catalog.topic_mut(caller, &request.stream_id, &request.topic_id, need)?;
        let kept = topic.partitions.len().saturating_sub(request.partitions_count as usize);
        let removed = topic.partitions.split_off(kept);
        topic.rebalance();
        catalog.garbage.extend(removed.iter().filter_map(|partition| partition.close()));
        Ok(Reply::Empty)
    }

    fn add_partitions(&self, topic: &mut Topic, count: u32) {
        for _ in 0..count {
            let partition = self.make_partition(topic.partitions_count(), &topic.settings);
            topic.partitions.push(Arc::new(partition));
        }
    }
}
