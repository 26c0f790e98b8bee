//! Removes all messages of a topic.

use iggy::prelude::TopicClient as _;

use super::Connection;
use crate::error::{BrokerError, Subject};
use crate::target::{Target, identifier};

impl Connection {
    /// Removes every message of a topic. The topic stays.
    ///
    /// # Errors
    /// [`BrokerError::NotFound`], [`BrokerError::Unauthorized`], and those of any request.
    pub async fn purge_topic(&self, target: &Target) -> Result<(), BrokerError> {
        let (stream, topic) = (identifier(&target.stream)?, identifier(&target.topic)?);
        let subject = Subject { target: Some(target), ..Subject::default() };
        let purged = self.link.client().purge_topic(&stream, &topic);
        self.link.call("purging a topic", purged).await.map_err(|error| error.about(subject))
    }
}
