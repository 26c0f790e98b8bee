//! Polling messages.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use iggy_binary_protocol::requests::messages::PollMessagesRequest;
use iggy_binary_protocol::responses::messages::PollMessagesResponseHeader;
use iggy_binary_protocol::{KIND_CONSUMER_GROUP, WireEncode, WirePollingStrategy};

use super::{Answer, Reply, decode};
use crate::broker::Broker;
use crate::durability::blocking;
use crate::group::Access;
use crate::partition::{ConsumerKey, Partition, Start};
use crate::registry::Named;
use crate::session::Caller;
use crate::status::Status;
use crate::user::Need;

/// In place of a partition id: the member must synchronise its group before it polls again.
const RESYNC_REQUIRED: u32 = u32::MAX;

/// Who reads what.
struct Reader {
    partition: Arc<Partition>,
    key: ConsumerKey,
}

impl Broker {
    /// The catalogue is locked to find the partition and, in a group, once more to hand out what
    /// was read; never while reading.
    pub(super) async fn poll_messages(&self, caller: Caller, body: &[u8]) -> Answer {
        let request: PollMessagesRequest = decode(body)?;
        if request.count == 0 {
            return Err(Status::INVALID_MESSAGES_COUNT);
        }
        let in_group = request.consumer.kind == KIND_CONSUMER_GROUP;
        let reader = if in_group {
            match self.group_reader(caller, &request)? {
                Some(reader) => reader,
                None => return Ok(resync()),
            }
        } else {
            self.plain_reader(caller, &request)?
        };
        let Reader { partition, key } = reader;
        let start = start(&request.strategy, partition.stored_offset(&key))?;
        let plan = partition.plan(start, request.count, self.settings.frame_limit);
        let last = plan.last;
        let parts = vec![prefix(partition.id, plan.current_offset, plan.messages)];
        let parts = if plan.needs_disk() {
            blocking(move || Ok(plan.load(parts))).await??
        } else {
            plan.load(parts)?
        };
        if let Some(last) = last {
            if in_group && !self.deliver(caller, &request, partition.id, last) {
                return Ok(resync());
            }
            if request.auto_commit {
                partition.store_offset(key, last)?;
            }
        }
        Ok(Reply::Parts(parts))
    }

    fn plain_reader(
        &self,
        caller: Caller,
        request: &PollMessagesRequest,
    ) -> Result<Reader, Status> {
        let catalog = self.catalog.lock();
        let topic = catalog.topic(caller, &request.stream_id, &request.topic_id, Need::Poll)?;
        let partition = topic.partition(request.partition_id.unwrap_or(0))?.clone();
        Ok(Reader { partition, key: ConsumerKey::from(&request.consumer.id) })
    }

    /// `None` if the member may not read the partition it named.
    fn group_reader(
        &self,
        caller: Caller,
        request: &PollMessagesRequest,
    ) -> Result<Option<Reader>, Status> {
        let mut catalog = self.catalog.lock();
        let topic = catalog.topic_mut(caller, &request.stream_id, &request.topic_id, Need::Poll)?;
        let partition_id = request.partition_id.ok_or(Status::INVALID_IDENTIFIER)?;
        let partition = topic.partition(partition_id).cloned();
        let Ok((group, offsets)) = topic.group_mut(&request.consumer.id) else {
            return Ok(None);
        };
        group.settle(&offsets, Instant::now());
        if !group.allows(caller.member, partition_id, Access::Poll) {
            return Ok(None);
        }
        Ok(Some(Reader { partition: partition?, key: ConsumerKey::Group(group.id()) }))
    }

    /// Notes that messages go out to a member. `false` if the partition has changed hands since
    /// the poll began.
    fn deliver(
        &self,
        caller: Caller,
        request: &PollMessagesRequest,
        partition: u32,
        last: u64,
    ) -> bool {
        let mut catalog = self.catalog.lock();
        catalog
            .topic_mut(caller, &request.stream_id, &request.topic_id, Need::Poll)
            .and_then(|topic| topic.group_mut(&request.consumer.id))
            .is_ok_and(|(group, _)| group.deliver(caller.member, partition, last))
    }
}

fn start(strategy: &WirePollingStrategy, stored: Option<u64>) -> Result<Start, Status> {
    Ok(match strategy.kind {
        1 => Start::Offset(strategy.value),
        2 => Start::Timestamp(strategy.value),
        3 => Start::First,
        4 => Start::Last,
        5 => stored.map_or(Start::First, |offset| Start::Offset(offset.saturating_add(1))),
        _ => return Err(Status::INVALID_COMMAND),
    })
}

fn prefix(partition_id: u32, current_offset: u64, messages_count: u32) -> Bytes {
    PollMessagesResponseHeader { partition_id, current_offset, messages_count }.to_bytes()
}

fn resync() -> Reply {
    Reply::Body(prefix(RESYNC_REQUIRED, 0, 0))
}
