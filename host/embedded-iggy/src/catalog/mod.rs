//! The catalogue: streams, their topics, the consumer groups of those, and users.

mod describe;
mod stored;
mod stream;
mod topic;
mod topic_settings;

use std::path::PathBuf;
use std::time::Instant;

use iggy_binary_protocol::WireIdentifier;

pub(crate) use stored::RestoreError;
pub(crate) use stream::Stream;
pub(crate) use topic::Topic;
pub(crate) use topic_settings::TopicSettings;

use crate::group::MemberId;
use crate::registry::{Named, Registry};
use crate::session::Caller;
use crate::status::Status;
use crate::user::{Need, ROOT, User, permits};

/// Everything that has a name. One lock guards it; nothing slow happens under that lock.
///
/// Streams and topics are found together with the check that the caller may use them, so that no
/// command can forget it.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) streams: Registry<Stream>,
    pub(crate) users: Registry<User>,
    /// Folders to remove once the catalogue that no longer needs them has been saved.
    pub(crate) garbage: Vec<PathBuf>,
}

impl Catalog {
    /// Checks that the caller may do something.
    pub(crate) fn authorize(&self, caller: Caller, need: Need) -> Result<(), Status> {
        if caller.user == ROOT {
            return Ok(());
        }
        let user = self.users.get_by_id(caller.user).filter(|user| user.active);
        match user.and_then(|user| user.permissions.as_ref()) {
            Some(permissions) if permits(permissions, need) => Ok(()),
            _ => Err(Status::UNAUTHORIZED),
        }
    }

    pub(crate) fn stream(
        &self,
        caller: Caller,
        stream: &WireIdentifier,
        need: fn(u32) -> Need,
    ) -> Result<&Stream, Status> {
        let stream = self.streams.get(stream).ok_or(Status::STREAM_NOT_FOUND)?;
        self.authorize(caller, need(stream.id))?;
        Ok(stream)
    }

    pub(crate) fn stream_mut(
        &mut self,
        caller: Caller,
        stream: &WireIdentifier,
        need: fn(u32) -> Need,
    ) -> Result<&mut Stream, Status> {
        self.stream(caller, stream, need)?;
        self.streams.get_mut(stream).ok_or(Status::STREAM_NOT_FOUND)
    }

    pub(crate) fn topic(
        &self,
        caller: Caller,
        stream: &WireIdentifier,
        topic: &WireIdentifier,
        need: fn(u32, u32) -> Need,
    ) -> Result<&Topic, Status> {
        let stream = self.streams.get(stream).ok_or(Status::STREAM_NOT_FOUND)?;
        let topic = stream.topics.get(topic).ok_or(Status::TOPIC_NOT_FOUND)?;
        self.authorize(caller, need(stream.id, topic.id))?;
        Ok(topic)
    }

    pub(crate) fn topic_mut(
        &mut self,
        caller: Caller,
        stream: &WireIdentifier,
        topic: &WireIdentifier,
        need: fn(u32, u32) -> Need,
    ) -> Result<&mut Topic, Status> {
        self.topic(caller, stream, topic, need)?;
        let stream = self.streams.get_mut(stream).ok_or(Status::STREAM_NOT_FOUND)?;
        stream.topics.get_mut(topic).ok_or(Status::TOPIC_NOT_FOUND)
    }

    /// Every topic of every stream.
    pub(crate) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.streams.iter().flat_map(|stream| stream.topics.iter())
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
                found.extend(groups.map(|group| (stream.id, topic.id, group.id())));
            }
        }
        found
    }
}
