//! Streams.

use iggy_binary_protocol::requests::streams::{
    CreateStreamRequest, DeleteStreamRequest, GetStreamRequest, PurgeStreamRequest,
    UpdateStreamRequest,
};
use iggy_binary_protocol::responses::streams::GetStreamsResponse;

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::catalog::Stream;
use crate::clock::now_micros;
use crate::registry::Registry;
use crate::session::Caller;
use crate::status::Status;
use crate::user::Need;

impl Broker {
    pub(super) fn get_stream(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: GetStreamRequest = decode(body)?;
        let catalog = self.catalog.lock();
        match catalog.stream(caller, &request.stream_id, Need::ReadStream) {
            Err(Status::STREAM_NOT_FOUND) => Ok(Reply::Empty),
            stream => Ok(Reply::encode(&stream?.details())),
        }
    }

    pub(super) fn get_streams(&self, caller: Caller) -> Answer {
        let catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ReadStreams)?;
        Ok(Reply::encode(&GetStreamsResponse {
            streams: catalog.streams.iter().map(Stream::summary).collect(),
        }))
    }

    pub(super) fn create_stream(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: CreateStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ManageStreams)?;
        let stream = catalog
            .streams
            .insert(&request.name, |id| Stream {
                id,
                name: request.name.clone(),
                created_at: now_micros(),
                options: request.options.clone(),
                topics: Registry::default(),
            })
            .ok_or(Status::STREAM_NAME_TAKEN)?;
        Ok(Reply::encode(&stream.details()))
    }

    pub(super) fn update_stream(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: UpdateStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let id = catalog.stream(caller, &request.stream_id, Need::ManageStream)?.id;
        if !catalog.streams.rename(id, request.name) {
            return Err(Status::STREAM_NAME_TAKEN);
        }
        Ok(Reply::Empty)
    }

    pub(super) fn delete_stream(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.stream(caller, &request.stream_id, Need::ManageStream)?;
        let stream = catalog.streams.remove(&request.stream_id).ok_or(Status::STREAM_NOT_FOUND)?;
        let partitions = stream.topics.iter().flat_map(|topic| &topic.partitions);
        catalog.garbage.extend(partitions.filter_map(|partition| partition.close()));
        Ok(Reply::Empty)
    }

    pub(super) fn purge_stream(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: PurgeStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let stream = catalog.stream(caller, &request.stream_id, Need::ManageStream)?;
        let partitions = stream.topics.iter().flat_map(|topic| &topic.partitions);
        let garbage: Vec<_> = partitions.filter_map(|partition| self.purge(partition)).collect();
        catalog.garbage.extend(garbage);
        Ok(Reply::Empty)
    }
}
