//! Messages into a real topic, and a look at how far the host is with them.

use kennel_broker::{BrokerConfig, Connection, GroupOffset, OutgoingMessage, Partitioning, Target};

use super::installation::GROUP;
use crate::ConformError;
use crate::topic::Topic;

/// A connection to the broker of the scenario, beside the host's.
pub(crate) struct Feed {
    connection: Connection,
    target: Target,
}

impl Feed {
    /// Connects, and makes the topic if it is missing.
    pub(crate) async fn connect(
        config: &BrokerConfig,
        topic: &Topic,
        partitions: u32,
    ) -> Result<Self, ConformError> {
        let connection = Connection::connect(config).await?;
        connection.create_topic(topic.stream(), topic.name(), partitions).await?;
        Ok(Self { connection, target: Target::new(topic.stream(), topic.name()) })
    }

    /// Sends every message of `topic` that was not sent before; `sent` holds how many of each
    /// partition were.
    pub(crate) async fn send(
        &self,
        topic: &Topic,
        sent: &mut Vec<usize>,
    ) -> Result<(), ConformError> {
        sent.resize(topic.logs.len(), 0);
        for (log, sent) in topic.logs.iter().zip(sent) {
            let messages = log.messages[*sent..].iter().map(|message| OutgoingMessage {
                payload: message.payload.clone(),
                ..OutgoingMessage::default()
            });
            let partitioning = Partitioning::Partition(log.origin.partition);
            self.connection.send(&self.target, partitioning, messages.collect()).await?;
            *sent = log.messages.len();
        }
        Ok(())
    }

    /// How far the host's consumer group is in every partition.
    pub(crate) async fn progress(&self) -> Result<Vec<GroupOffset>, ConformError> {
        let offsets = self.connection.group_offsets(&self.target, GROUP).await?;
        Ok(offsets.unwrap_or_default())
    }

    /// Whether the host has stored the end of every partition.
    pub(crate) async fn is_caught_up(&self) -> Result<bool, ConformError> {
        Ok(self.progress().await?.iter().all(GroupOffset::has_caught_up))
    }

    /// Messages of a topic of the same stream; none: there is no such topic.
    pub(crate) async fn messages(&self, topic: &str) -> Result<Option<u64>, ConformError> {
        let info = self.connection.topic(&self.target.stream, topic).await?;
        Ok(info.map(|info| info.messages))
    }
}
