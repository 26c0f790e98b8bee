//! A poll in wire form, sent and answered.

use bytes::Bytes;
use iggy::prelude::{IggyError, RESYNC_REQUIRED_PARTITION_SENTINEL};
use iggy_binary_protocol::codes::POLL_MESSAGES_CODE;

use crate::error::{BrokerError, Subject};
use crate::frames::{Prefix, protocol};
use crate::link::{CallError, Link};

/// The reply to a poll, for the partition that was asked for.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Bytes,
    /// Offset of the newest message of the partition; 0 also when it is empty.
    pub(crate) current_offset: u64,
}

/// Sends an encoded poll of `partition`. `None`: a member of a group has to ask for its assignment.
pub(crate) async fn exchange(
    link: &Link,
    partition: u32,
    request: Bytes,
    subject: Subject<'_>,
) -> Result<Option<Answer>, BrokerError> {
    let reply = match link.request("a poll", POLL_MESSAGES_CODE, request).await {
        Ok(reply) => reply,
        Err(CallError::Client(IggyError::ConsumerGroupPartitionNotOwned(..))) => return Ok(None),
        Err(error) => return Err(error.about(subject)),
    };
    let prefix = Prefix::read(&reply)?;
    if prefix.partition == RESYNC_REQUIRED_PARTITION_SENTINEL {
        return Ok(None);
    }
    if prefix.partition != partition {
        return Err(protocol(format_args!(
            "asked for partition {partition}, got partition {}",
            prefix.partition
        )));
    }
    Ok(Some(Answer { reply, current_offset: prefix.current_offset }))
}
