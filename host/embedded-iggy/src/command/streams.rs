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
use crate::status::Status;

impl Broker {
    pub(super) fn get_stream(&self, body: &[u8]) -> Answer {
        let request: GetStreamRequest = decode(body)?;
        let catalog = self.catalog.lock();
        Ok(Reply::optional(catalog.streams.get(&request.stream_id).map(Stream::details)))
    }

    pub(super) fn get_streams(&self) -> Reply {
        let catalog = self.catalog.lock();
        Reply::encode(&GetStreamsResponse {
            streams: catalog.streams.iter().map(Stream::summary).collect(),
        })
    }

    pub(super) fn create_stream(&self, body: &[u8]) -> Answer {
        let request: CreateStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
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

    pub(super) fn update_stream(&self, body: &[u8]) -> Answer {
        let request: UpdateStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        let id = catalog.stream(&request.stream_id)?.id;
        if !catalog.streams.rename(id, request.name) {
            return Err(Status::STREAM_NAME_TAKEN);
        }
        Ok(Reply::Empty)
    }

    pub(super) fn delete_stream(&self, body: &[u8]) -> Answer {
        let request: DeleteStreamRequest = decode(body)?;
        let mut catalog = self.catalog.lock();
        catalog.streams.remove(&request.stream_id).ok_or(Status::STREAM_NOT_FOUND)?;
        Ok(Reply::Empty)
    }

    pub(super) fn purge_stream(&self, body: &[u8]) -> Answer {
        let request: PurgeStreamRequest = decode(body)?;
        let catalog = self.catalog.lock();
        for topic in catalog.stream(&request.stream_id)?.topics.iter() {
            topic.partitions.iter().for_each(|partition| partition.purge());
        }
        Ok(Reply::Empty)
    }
}
