//! A connection for looking topics up, creating and sending.

mod group_offsets;
mod purge;
mod read;

use iggy::prelude::{IggyError, StreamClient, TopicClient};
use iggy_binary_protocol::codes::{CREATE_TOPIC_CODE, SEND_MESSAGES_CODE};
use iggy_binary_protocol::requests::topics::CreateTopicRequest;
use iggy_binary_protocol::{WireEncode, WireName, WireOptions};

use crate::config::BrokerConfig;
use crate::error::{BrokerError, Resource, Subject};
use crate::link::{CallError, Link};
use crate::outgoing::{self, OutgoingMessage};
use crate::partitioner::{Partitioner, Partitioning};
use crate::target::{Target, identifier, wire_identifier};

pub use group_offsets::GroupOffset;

/// One signed-in TCP connection.
///
/// It never reconnects: once a call answered an error that
/// [`is_disconnected`](BrokerError::is_disconnected), all later calls do. Calls may overlap, and are
/// served in turn. A call whose future is dropped may still take effect.
#[derive(Debug)]
pub struct Connection {
    link: Link,
    partitioner: Partitioner,
}

/// What the broker says about a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicInfo {
    /// Number of partitions; they are numbered from 0.
    pub partitions: u32,
    /// Number of messages held.
    pub messages: u64,
    /// Bytes held.
    pub bytes: u64,
    /// When it was created, microseconds since 1970 UTC. A topic that was deleted and created again
    /// has another one, and its offsets have nothing to do with the former ones.
    pub created_at: u64,
}

impl Connection {
    /// Connects and signs in, within ten seconds.
    ///
    /// # Errors
    /// [`BrokerError::Unreachable`], [`BrokerError::Unauthenticated`], [`BrokerError::Configuration`] or,
    /// for a broker of another version, [`BrokerError::Protocol`].
    pub async fn connect(config: &BrokerConfig) -> Result<Self, BrokerError> {
        Ok(Self { link: Link::open(config).await?, partitioner: Partitioner::default() })
    }

    /// Looks a topic up. `None`: the stream or the topic does not exist.
    ///
    /// # Errors
    /// Those of any request.
    pub async fn topic(&self, stream: &str, topic: &str) -> Result<Option<TopicInfo>, BrokerError> {
        lookup(&self.link, &Target::new(stream, topic)).await
    }

    /// Creates stream and topic where they are missing. An existing topic is left as it is, with
    /// whatever partitions it has; that somebody else creates them at the same time is fine.
    ///
    /// # Errors
    /// [`BrokerError::Unauthorized`], or [`BrokerError::Refused`] for what Iggy does not allow (a bad
    /// name, too many partitions).
    pub async fn create_topic(
        &self,
        stream: &str,
        topic: &str,
        partitions: u32,
    ) -> Result<(), BrokerError> {
        let target = Target::new(stream, topic);
        let subject = Subject { target: Some(&target), ..Subject::default() };
        if self.topic(stream, topic).await?.is_some() {
            return Ok(());
        }
        self.create_stream(&target).await?;
        // The typed call adds options that servers a little older refuse; without any, the server's
        // defaults apply.
        let name = WireName::new(topic)
            .map_err(|error| BrokerError::Configuration(format!("bad topic name: {error}")))?;
        let request = CreateTopicRequest {
            stream_id: wire_identifier(stream)?,
            partitions_count: partitions,
            name,
            options: WireOptions::empty(),
        };
        match self.link.request("creating a topic", CREATE_TOPIC_CODE, request.to_bytes()).await {
            Ok(_) | Err(CallError::Client(IggyError::TopicNameAlreadyExists(..))) => Ok(()),
            Err(error) => Err(error.about(subject)),
        }
    }

    async fn create_stream(&self, target: &Target) -> Result<(), BrokerError> {
        let subject = Subject { target: Some(target), ..Subject::default() };
        let client = self.link.client();
        let id = identifier(&target.stream)?;
        match self.link.call("looking up a stream", client.get_stream(&id)).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) => match error.about(subject) {
                BrokerError::NotFound { .. } => {}
                error => return Err(error),
            },
        }
        match self.link.call("creating a stream", client.create_stream(&target.stream)).await {
            Ok(_) | Err(CallError::Client(IggyError::StreamNameAlreadyExists(_))) => Ok(()),
            Err(error) => Err(error.about(subject)),
        }
    }

    /// The partition that a batch goes to now. With [`Partitioning::Balanced`], each answer is the next one.
    ///
    /// # Errors
    /// [`BrokerError::NotFound`] for a missing topic or one without partitions, and those of any request.
    pub async fn partition(
        &self,
        target: &Target,
        partitioning: &Partitioning,
    ) -> Result<u32, BrokerError> {
        if let Some(partition) = self.partitioner.select(target, partitioning) {
            return Ok(partition);
        }
        let missing = |resource| BrokerError::NotFound { resource, name: target.to_string() };
        let info = lookup(&self.link, target).await?.ok_or_else(|| missing(Resource::Topic))?;
        self.partitioner.learn(target, info.partitions);
        self.partitioner.select(target, partitioning).ok_or_else(|| missing(Resource::Partition))
    }

    /// Sends one batch to one partition and waits until the broker has confirmed it, as durable as the
    /// topic's policy makes it. No messages: nothing is sent.
    ///
    /// # Errors
    /// [`BrokerError::TooLarge`], [`BrokerError::NotFound`] and others, after which nothing was appended;
    /// after [`BrokerError::Disconnected`] and [`BrokerError::Timeout`] that is unknown.
    pub async fn send(
        &self,
        target: &Target,
        partitioning: Partitioning,
        messages: Vec<OutgoingMessage>,
    ) -> Result<(), BrokerError> {
        if messages.is_empty() {
            return Ok(());
        }
        let partition = self.partition(target, &partitioning).await?;
        let request = outgoing::encode(target, partition, &messages)?;
        drop(messages);
        let sent = self.link.request("a send", SEND_MESSAGES_CODE, request).await;
        sent.map(drop).map_err(|error| {
            let subject = Subject { target: Some(target), partition: Some(partition), group: None };
            let error = error.about(subject);
            if matches!(error, BrokerError::NotFound { .. }) {
                self.partitioner.forget(target);
            }
            error
        })
    }

    /// Asks the broker for a sign of life.
    ///
    /// # Errors
    /// [`BrokerError::Disconnected`] or [`BrokerError::Timeout`].
    pub async fn ping(&self) -> Result<(), BrokerError> {
        self.link.ping().await
    }

    /// False once the connection is known to be gone. A heartbeat looks every five seconds.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.link.is_alive()
    }

    /// Closes the connection in order. Dropping closes it too.
    pub async fn close(self) {
        self.link.close().await;
    }
}

pub(crate) async fn lookup(link: &Link, target: &Target) -> Result<Option<TopicInfo>, BrokerError> {
    let (stream, topic) = (identifier(&target.stream)?, identifier(&target.topic)?);
    let subject = Subject { target: Some(target), ..Subject::default() };
    match link.call("looking up a topic", link.client().get_topic(&stream, &topic)).await {
        Ok(details) => Ok(details.map(|details| TopicInfo {
            partitions: details.partitions_count,
            messages: details.messages_count,
            bytes: details.size.as_bytes_u64(),
            created_at: details.created_at.as_micros(),
        })),
        Err(error) => match error.about(subject) {
            BrokerError::NotFound { .. } => Ok(None),
            error => Err(error),
        },
    }
}
