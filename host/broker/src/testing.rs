//! A broker for tests: an embedded one, or the external one that `KENNEL_TEST_IGGY=host:port` names.
//!
//! Against an external broker nothing is created twice and nothing deleted: topics have unique names
//! in the stream [`STREAM`]. `KENNEL_TEST_IGGY_USER` and `KENNEL_TEST_IGGY_PASSWORD` name the user
//! (`iggy` and `iggy` without them).

use std::env;
use std::error::Error;

use embedded_iggy::{RunningServer, Server};
use iggy_common::random_id;
use secrecy::SecretString;

use crate::{BrokerConfig, BrokerError, Connection, Credentials, Target};

/// The stream that holds all topics made by tests.
pub const STREAM: &str = "kennel-test";

/// A broker that is up while this value lives.
#[derive(Debug)]
pub struct TestBroker {
    config: BrokerConfig,
    embedded: Option<RunningServer>,
}

impl TestBroker {
    /// The broker named by the environment, or a new embedded one in memory.
    ///
    /// # Errors
    /// When no embedded broker can be started.
    pub async fn start() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let variable =
            |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
        match env::var("KENNEL_TEST_IGGY") {
            Ok(address) if !address.is_empty() => Ok(Self {
                config: BrokerConfig {
                    address,
                    credentials: Credentials::Password {
                        username: variable("KENNEL_TEST_IGGY_USER", "iggy"),
                        password: SecretString::from(variable("KENNEL_TEST_IGGY_PASSWORD", "iggy")),
                    },
                    tls: None,
                },
                embedded: None,
            }),
            _ => Self::embedded("iggy", "iggy").await,
        }
    }

    /// A new embedded broker in memory, whatever the environment says: for tests that stop it or need
    /// other credentials.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn embedded(
        username: &str,
        password: &str,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let server =
            Server::builder().bind("127.0.0.1:0").credentials(username, password).start().await?;
        Ok(Self::with_server(server, username, password))
    }

    /// An embedded broker that was started elsewhere, with a data folder for example.
    #[must_use]
    pub fn with_server(server: RunningServer, username: &str, password: &str) -> Self {
        let config = BrokerConfig {
            address: server.local_addr().to_string(),
            credentials: Credentials::Password {
                username: username.to_owned(),
                password: SecretString::from(password),
            },
            tls: None,
        };
        Self { config, embedded: Some(server) }
    }

    /// The embedded broker, to inject faults for example. `None` for an external one.
    #[must_use]
    pub fn server(&self) -> Option<&RunningServer> {
        self.embedded.as_ref()
    }

    /// How to reach it.
    #[must_use]
    pub fn config(&self) -> BrokerConfig {
        self.config.clone()
    }

    /// True for a broker that this process does not own.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.embedded.is_none()
    }

    /// A new topic with a unique name that begins with `name`.
    ///
    /// # Errors
    /// What the broker answered.
    pub async fn create_topic(&self, name: &str, partitions: u32) -> Result<Target, BrokerError> {
        let target = Target::new(STREAM, unique(name));
        let connection = Connection::connect(&self.config).await?;
        connection.create_topic(&target.stream, &target.topic, partitions).await?;
        connection.close().await;
        Ok(target)
    }

    /// Stops an embedded broker in order and waits for it; an external one goes on.
    pub async fn stop(self) {
        if let Some(server) = self.embedded {
            server.shutdown().await;
        }
    }
}

/// `name` with a random ending.
#[must_use]
pub fn unique(name: &str) -> String {
    format!("{name}-{:016x}", random_id::get_uuid() as u64)
}
