//! Consumer groups.

use std::time::Instant;

use iggy_binary_protocol::requests::consumer_groups::{
    CreateConsumerGroupRequest, DeleteConsumerGroupRequest, GetConsumerGroupRequest,
    GetConsumerGroupsRequest, JoinConsumerGroupRequest, LeaveConsumerGroupRequest,
    SyncConsumerGroupRequest,
};
use iggy_binary_protocol::responses::consumer_groups::{
    GetConsumerGroupsResponse, SyncConsumerGroupResponse,
};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::group::Group;
use crate::partition::ConsumerKey;
use crate::registry::Named;
use crate::session::Caller;
use crate::status::Status;
use crate::user::Need;

impl Broker {
    pub(super) fn get_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetConsumerGroupRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let Ok(topic) =
            catalog.topic(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)
        else {
            return Ok(Reply::Empty);
        };
        let group = topic.group(&request.group_id).ok();
        Ok(Reply::optional(group.map(|group| group.details(topic.partitions_count()))))
    }

    pub(super) fn get_groups(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetConsumerGroupsRequest = decode(body)?;
        let catalog = self.catalog.lock();
        let topic =
            catalog.topic(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)?;
        let partitions = topic.partitions_count();
        Ok(Reply::encode(&GetConsumerGroupsResponse {
            groups: topic.groups.iter().map(|group| group.summary(partitions)).collect(),
        }))
    }

    pub(super) fn create_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreateConsumerGroupRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic =
            catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)?;
        let partitions = topic.partitions_count();
        let group = topic
            .groups
            .insert(&request.name, |id| Group::new(id, request.name.clone()))
            .ok_or(Status::GROUP_NAME_TAKEN)?;
        Ok(Reply::encode(&group.details(partitions)))
    }

    pub(super) fn delete_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteConsumerGroupRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic =
            catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)?;
        let group = topic.groups.remove(&request.group_id).ok_or(Status::GROUP_NOT_FOUND)?;
        let key = ConsumerKey::Group(group.id());
        for partition in &topic.partitions {
            // A partition the group never committed in has no offset to remove.
            let _ = partition.delete_offset(&key);
        }
        Ok(Reply::Empty)
    }

    pub(super) fn join_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: JoinConsumerGroupRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic =
            catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)?;
        let partitions = topic.partitions_count();
        let (group, offsets) = topic.group_mut(&request.group_id)?;
        group.join(caller.member, partitions, &offsets, Instant::now());
        Ok(Reply::Empty)
    }

    pub(super) fn leave_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: LeaveConsumerGroupRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let topic =
            catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)?;
        let partitions = topic.partitions_count();
        let (group, offsets) = topic.group_mut(&request.group_id)?;
        if !group.leave(caller.member, partitions, &offsets, Instant::now()) {
            return Err(Status::GROUP_MEMBER_NOT_FOUND);
        }
        Ok(Reply::Empty)
    }

    /// An empty body tells the client that it is no member; a member without partitions gets an
    /// empty list.
    pub(super) fn sync_group(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: SyncConsumerGroupRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let Ok(topic) =
            catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::ReadTopic)
        else {
            return Ok(Reply::Empty);
        };
        let Ok((group, offsets)) = topic.group_mut(&request.group_id) else {
            return Ok(Reply::Empty);
        };
        group.settle(&offsets, Instant::now());
        Ok(Reply::optional(group.is_member(caller.member).then(|| SyncConsumerGroupResponse {
            generation: group.generation(),
            partitions: group.pollable(caller.member),
        })))
    }
}
