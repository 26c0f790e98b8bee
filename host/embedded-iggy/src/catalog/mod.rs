//! The catalogue: streams, their topics, and the consumer groups of those.

mod describe;
mod stream;
mod topic;
mod topic_settings;

use std::time::Instant;

use iggy_binary_protocol::WireIdentifier;

pub(crate) use stream::Stream;
pub(crate) use topic::Topic;
pub(crate) use topic_settings::TopicSettings;

use crate::group::MemberId;
use crate::registry::Registry;
use crate::status::Status;

/// Everything that has a name. One lock guards it; nothing slow happens under that lock.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) streams: Registry<Stream>,
}

impl Catalog {
    pub(crate) fn stream(&self, stream: &WireIdentifier) -> Result<&Stream, Status> {
        self.streams.get(stream).ok_or(Status::STREAM_NOT_FOUND)
    }

    pub(crate) fn stream_mut(&mut self, stream: &WireIdentifier) -> Result<&mut Stream, Status> {
        self.streams.get_mut(stream).ok_or(Status::STREAM_NOT_FOUND)
    }

    pub(crate) fn topic(
        &self,
        stream: &WireIdentifier,
        topic: &WireIdentifier,
    ) -> Result<&Topic, Status> {
        self.stream(stream)?.topics.get(topic).ok_or(Status::TOPIC_NOT_FOUND)
    }

    pub(crate) fn topic_mut(
        &mut self,
        stream: &WireIdentifier,
        topic: &WireIdentifier,
    ) -> Result<&mut Topic, Status> {
        self.stream_mut(stream)?.topics.get_mut(topic).ok_or(Status::TOPIC_NOT_FOUND)
    }

    /// Takes a member out of every group it is in.
    pub(crate) fn drop_member(&mut self, member: MemberId) {
        let now = Instant::now();
        for stream in self.streams.iter_mut() {
            for topic in stream.topics.iter_mut() {
                topic.drop_member(member, now);
            }
        }
    }

    /// The groups a member is in: ids of stream, topic and group.
    pub(crate) fn memberships(&self, member: MemberId) -> Vec<(u32, u32, u32)> {
        let mut found = Vec::new();
        for stream in self.streams.iter() {
            for topic in stream.topics.iter() {
                let groups = topic.groups.iter().filter(|group| group.is_member(member));
                found.extend(groups.map(|group| {
                    use crate::registry::Named;
                    (stream.id(), topic.id(), group.id())
                }));
            }
        }
        found
    }
}
