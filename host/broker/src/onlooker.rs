//! Reads a partition without being a member of any group.

use iggy_binary_protocol::requests::messages::PollMessagesRequest;
use iggy_binary_protocol::{WireConsumer, WireEncode as _, WirePollingStrategy};

use crate::batch::{BatchBuffers, Poll};
use crate::error::{BrokerError, Subject};
use crate::exchange::exchange;
use crate::link::Link;
use crate::target::{Target, wire_identifier};

/// The name under which it polls. It never stores an offset.
const CONSUMER: &str = "kennel-probe";

/// A plain consumer.
///
/// Not a member: the broker takes what a member has polled as in its hands, and would hold the
/// partition back from the next owner until that was stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Onlooker<'a> {
    pub(crate) link: &'a Link,
    pub(crate) target: &'a Target,
}

impl Onlooker<'_> {
    /// At most `count` messages of `partition` (at least one is asked for). Those before offset `first`
    /// are left out of the result.
    pub(crate) async fn poll(
        &self,
        partition: u32,
        strategy: WirePollingStrategy,
        first: u64,
        count: u32,
    ) -> Result<Poll, BrokerError> {
        let request = PollMessagesRequest {
            consumer: WireConsumer::consumer(wire_identifier(CONSUMER)?),
            stream_id: wire_identifier(&self.target.stream)?,
            topic_id: wire_identifier(&self.target.topic)?,
            partition_id: Some(partition),
            strategy,
            count: count.max(1),
            auto_commit: false,
        };
        let subject =
            Subject { target: Some(self.target), partition: Some(partition), group: None };
        let answer = exchange(self.link, partition, request.to_bytes(), subject).await?;
        let Some(answer) = answer else { return Ok(Poll::NotAssigned) };
        let mut buffers = BatchBuffers::default();
        buffers.fill(&answer.reply, first)?;
        Ok(match buffers.is_empty() {
            true => Poll::Empty { current_offset: answer.current_offset },
            false => Poll::Messages(buffers.into_batch(answer.reply, answer.current_offset)),
        })
    }
}
