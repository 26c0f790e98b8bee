//! Sending messages, and what becomes of stored ones on request.

use iggy_binary_protocol::batch::decode_batch_slice;
use iggy_binary_protocol::requests::messages::{FlushUnsavedBufferRequest, SendMessagesHeader};
use iggy_binary_protocol::requests::segments::DeleteSegmentsRequest;
use iggy_binary_protocol::responses::messages::{
    SendMessagesConfirmationResponse, SendMessagesResponse,
};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::durability::{blocking, sync_file};
use crate::partition::Appended;
use crate::session::Caller;
use crate::settings::Fsync;
use crate::status::Status;
use crate::user::Need;

impl Broker {
    /// The body is `[metadata length][metadata][batch]`. The batch is verified before any lock and
    /// stored in the buffer it came in.
    pub(super) async fn send_messages(&self, caller: Caller, body: Vec<u8>) -> Answer {
        let (metadata, start) = split(&body)?;
        let request: SendMessagesHeader = decode(metadata)?;
        verify(&body[start..], request.messages_count)?;
        let (stream_id, topic_id, sync, partition) = {
            let catalog = self.catalog.lock();
            let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, Need::Send)?;
            let stream_id = catalog.streams.resolve(&request.stream_id);
            let sync = topic.settings.sync_messages || self.settings.fsync == Fsync::EveryBatch;
            (stream_id, topic.id, sync, topic.route(&request.partitioning)?.clone())
        };
        let Appended { base_offset, file } = partition.append(body, start)?;
        if let Some(file) = file.filter(|_| sync) {
            sync_file(file).await?;
        }
        Ok(Reply::encode(&SendMessagesResponse {
            confirmations: vec![SendMessagesConfirmationResponse {
                stream_id: stream_id.ok_or(Status::STREAM_NOT_FOUND)?,
                topic_id,
                partition_id: partition.id,
                base_offset,
            }],
        }))
    }

    /// Everything acknowledged is written already; what is left to ask for is that it survives a
    /// loss of power.
    pub(super) async fn flush(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: FlushUnsavedBufferRequest = decode(body)?;
        let partition = {
            let catalog = self.catalog.lock();
            let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, Need::Send)?;
            topic.partition(request.partition_id)?.clone()
        };
        if request.fsync {
            self.sync_logs(vec![partition]).await?;
        }
        Ok(Reply::Empty)
    }

    /// Removes a partition's oldest segments.
    pub(super) async fn delete_segments(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: DeleteSegmentsRequest = decode(body)?;
        let partition = {
            let catalog = self.catalog.lock();
            let need = Need::ManageTopic;
            let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, need)?;
            topic.partition(request.partition_id)?.clone()
        };
        let count = request.segments_count;
        blocking(move || {
            Ok((0..count).try_for_each(|_| match partition.remove_oldest_segment() {
                Ok(true) => Ok(()),
                Ok(false) => Err(None),
                Err(status) => Err(Some(status)),
            }))
        })
        .await?
        .or_else(|stopped| stopped.map_or(Ok(()), Err))?;
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
