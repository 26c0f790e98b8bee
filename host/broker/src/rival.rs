//! The yardstick of the benchmark: the official client polling the same topic and doing nothing.

use std::sync::Arc;

use iggy::prelude::{
    Client, Consumer, Identifier, IggyClient, MessageClient, PolledMessages, PollingStrategy,
    UserClient,
};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;

use crate::config::{BrokerConfig, Credentials};
use crate::error::{BrokerError, Subject};
use crate::target::{Target, identifier};

/// The official client, used as its documentation shows.
#[derive(Debug, Clone)]
pub struct OfficialClient {
    client: Arc<IggyClient>,
    stream: Identifier,
    topic: Identifier,
}

impl OfficialClient {
    /// Connects over plain TCP and signs in with a password.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses.
    pub async fn connect(config: &BrokerConfig, target: &Target) -> Result<Self, BrokerError> {
        let grade = |error| Subject::default().grade(error);
        let builder = IggyClient::builder().with_tcp();
        let client = builder.with_server_address(config.address.clone()).build().map_err(grade)?;
        client.connect().await.map_err(grade)?;
        if let Credentials::Password { username, password } = &config.credentials {
            client.login_user(username, password.expose_secret()).await.map_err(grade)?;
        }
        let (stream, topic) = (identifier(&target.stream)?, identifier(&target.topic)?);
        Ok(Self { client: Arc::new(client), stream, topic })
    }

    /// Polls partition 0 from its beginning until `messages` came, one poll ahead as the lanes of a
    /// sink do, and drops them. Answers how many came.
    ///
    /// # Errors
    /// When a poll fails.
    pub async fn drain(&self, messages: u64, batch: u32) -> Result<u64, BrokerError> {
        let (sender, mut polls) = mpsc::channel::<Result<PolledMessages, BrokerError>>(1);
        let this = self.clone();
        let ahead = tokio::spawn(async move {
            let mut next = 0;
            while next < messages {
                let polled = this.poll(next, batch).await;
                match &polled {
                    Ok(polled) => {
                        next = polled.messages.last().map_or(next, |last| last.header.offset + 1);
                    }
                    Err(_) => next = messages,
                }
                if sender.send(polled).await.is_err() {
                    return;
                }
            }
        });
        let mut seen = 0;
        while let Some(polled) = polls.recv().await {
            seen += polled?.messages.len() as u64;
        }
        ahead.await.map_err(|error| BrokerError::Protocol(error.to_string()))?;
        Ok(seen)
    }

    async fn poll(&self, offset: u64, batch: u32) -> Result<PolledMessages, BrokerError> {
        self.client
            .poll_messages(
                &self.stream,
                &self.topic,
                Some(0),
                &Consumer::default(),
                &PollingStrategy::offset(offset),
                batch,
                false,
            )
            .await
            .map_err(|error| Subject::default().grade(error))
    }
}
