//! Sending messages.

use iggy_binary_protocol::batch::decode_batch_slice;
use iggy_binary_protocol::requests::messages::{FlushUnsavedBufferRequest, SendMessagesHeader};
use iggy_binary_protocol::responses::messages::{
    SendMessagesConfirmationResponse, SendMessagesResponse,
};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::status::Status;

impl Broker {
    /// The body is `[metadata length][metadata][batch]`. The batch is verified before any lock and
    /// stored in the buffer it came in.
    pub(super) async fn send_messages(&self, body: Vec<u8>) -> Answer {
        let (metadata, start) = split(&body)?;
        let request: SendMessagesHeader = decode(metadata)?;
        verify(&body[start..], request.messages_count)?;
        let (stream_id, topic_id, partition) = {
            let catalog = self.catalog.lock();
            let stream = catalog.stream(&request.stream_id)?;
            let topic = catalog.topic(&request.stream_id, &request.topic_id)?;
            (stream.id, topic.id, topic.route(&request.partitioning)?.clone())
        };
        let base_offset = partition.append(body, start)?;
        Ok(Reply::encode(&SendMessagesResponse {
            confirmations: vec![SendMessagesConfirmationResponse {
                stream_id,
                topic_id,
                partition_id: partition.id,
                base_offset,
            }],
        }))
    }

    /// Everything a client can read is stored already, so there is nothing to flush in memory.
    pub(super) async fn flush(&self, body: &[u8]) -> Answer {
        let request: FlushUnsavedBufferRequest = decode(body)?;
        let catalog = self.catalog.lock();
        catalog.topic(&request.stream_id, &request.topic_id)?.partition(request.partition_id)?;
        Ok(Reply::Empty)
    }
}

fn split(body: &[u8]) -> Result<(&[u8], usize), Status> {
    let (length, rest) = body.split_first_chunk::<4>().ok_or(Status::INVALID_COMMAND)?;
    let length = u32::from_le_bytes(*length) as usize;
    let metadata = rest.get(..length).ok_or(Status::INVALID_COMMAND)?;
    Ok((metadata, 4 + length))
}

/// Checks every hash, that the batch fills the body, and that its messages count up from 0: reads
/// cut batches by position, clients by that count.
fn verify(bytes: &[u8], messages: u32) -> Result<(), Status> {
    let batch = decode_batch_slice(bytes)?;
    if batch.header.total_size() != bytes.len() {
        return Err(Status::INVALID_FORMAT);
    }
    if messages == 0 || batch.message_count() != messages {
        return Err(Status::INVALID_MESSAGES_COUNT);
    }
    let counted = (0..messages).zip(batch.iter()).all(|(n, frame)| frame.header.offset_delta == n);
    if counted { Ok(()) } else { Err(Status::INVALID_FORMAT) }
}
