//! The catalogue as the protocol's responses show it.

use iggy_binary_protocol::responses::consumer_groups::{
    ConsumerGroupDetailsResponse, ConsumerGroupMemberResponse, ConsumerGroupResponse,
};
use iggy_binary_protocol::responses::streams::{GetStreamResponse, StreamResponse, TopicHeader};
use iggy_binary_protocol::responses::topics::{GetTopicResponse, PartitionResponse};

use super::{Stream, Topic};
use crate::group::Group;
use crate::partition::Partition;
use crate::registry::Named;

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Stream {
    pub(crate) fn summary(&self) -> StreamResponse {
        let topics: Vec<TopicHeader> = self.topics.iter().map(Topic::header).collect();
        StreamResponse {
            id: self.id,
            created_at: self.created_at,
            topics_count: count(topics.len()),
            size_bytes: topics.iter().map(|topic| topic.size_bytes).sum(),
            messages_count: topics.iter().map(|topic| topic.messages_count).sum(),
            name: self.name.clone(),
            options: self.options.clone(),
        }
    }

    pub(crate) fn details(&self) -> GetStreamResponse {
        GetStreamResponse {
            stream: self.summary(),
            topics: self.topics.iter().map(Topic::header).collect(),
        }
    }
}

impl Topic {
    pub(crate) fn header(&self) -> TopicHeader {
        let (mut size_bytes, mut messages_count) = (0, 0);
        for partition in &self.partitions {
            let figures = partition.figures();
            size_bytes += figures.size_bytes;
            messages_count += figures.messages();
        }
        TopicHeader {
            id: self.id,
            created_at: self.created_at,
            partitions_count: self.partitions_count(),
            message_expiry: self.settings.message_expiry,
            compression_algorithm: self.settings.compression,
            max_topic_size: self.settings.max_size,
            size_bytes,
            messages_count,
            name: self.name.clone(),
            options: self.settings.options.clone(),
            derived_options: self.settings.derived.clone(),
        }
    }

    pub(crate) fn details(&self) -> GetTopicResponse {
        GetTopicResponse {
            topic: self.header(),
            partitions: self.partitions.iter().map(|partition| partition.describe()).collect(),
        }
    }
}

impl Partition {
    fn describe(&self) -> PartitionResponse {
        let figures = self.figures();
        PartitionResponse {
            id: self.id,
            created_at: self.created_at,
            segments_count: figures.segments,
            current_offset: figures.current_offset(),
            size_bytes: figures.size_bytes,
            messages_count: figures.messages(),
        }
    }
}

impl Group {
    pub(crate) fn summary(&self, partitions: u32) -> ConsumerGroupResponse {
        ConsumerGroupResponse {
            id: self.id(),
            partitions_count: partitions,
            members_count: count(self.members().len()),
            name: self.name().clone(),
        }
    }

    pub(crate) fn details(&self, partitions: u32) -> ConsumerGroupDetailsResponse {
        let member = |id: &u32| {
            let partitions = self.pollable(*id);
            ConsumerGroupMemberResponse {
                id: *id,
                partitions_count: count(partitions.len()),
                partitions,
            }
        };
        ConsumerGroupDetailsResponse {
            group: self.summary(partitions),
            members: self.members().iter().map(member).collect(),
        }
    }
}
