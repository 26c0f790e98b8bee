//! The connector that an operator's command is about, with its state and its broker.

use anyhow::{Context as _, anyhow};
use kennel_broker::{BrokerError, Connection};
use kennel_config::{ConnectorConfig, HostConfig};
use kennel_state::{ConnectorState, LetterMarks, StateError, StateStore};

use crate::cli::{ConnectorArguments, GlobalArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::terminal::Terminal;
use crate::wiring;

/// A connector of a configuration folder. It need not be enabled.
pub(super) struct Selected {
    host: HostConfig,
    pub(super) config: ConnectorConfig,
}

impl Selected {
    /// Reads the configuration and finds the connector.
    pub(super) async fn load(
        arguments: &ConnectorArguments,
        global: &GlobalArguments,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let configuration = wiring::configuration(&arguments.config).await?;
        logging::start(global, terminal, Some(&configuration.host.logging))?;
        let mut connectors = configuration.connectors;
        let wanted = arguments.connector.as_str();
        match connectors.iter().position(|connector| connector.key.as_str() == wanted) {
            Some(found) => {
                Ok(Self { host: configuration.host, config: connectors.swap_remove(found) })
            }
            None => {
                let keys: Vec<_> =
                    connectors.iter().map(|connector| connector.key.as_str()).collect();
                let folder = configuration.folder.display();
                Err(Failure::usage(match keys.is_empty() {
                    true => anyhow!("{folder} has no connectors; name another: --config DIR"),
                    false => anyhow!(
                        "{folder} has no connector `{wanted}`; there is {}",
                        keys.join(", ")
                    ),
                }))
            }
        }
    }

    pub(super) fn key(&self) -> &str {
        self.config.key.as_str()
    }

    /// The connector's state; a running host has it for itself.
    pub(super) fn state(&self) -> Result<ConnectorState, Failure> {
        self.open_state().map_err(state_failure)
    }

    /// As [`Self::state`]; `None`, and a word about it, while a host has it.
    pub(super) fn state_if_free(
        &self,
        terminal: &Terminal,
    ) -> Result<Option<ConnectorState>, Failure> {
        match self.open_state() {
            Ok(state) => Ok(Some(state)),
            Err(error) if error.is_taken() => {
                terminal.progress(
                    "a running kennel has the state: what this host keeps itself is not shown",
                );
                Ok(None)
            }
            Err(error) => Err(state_failure(error)),
        }
    }

    fn open_state(&self) -> Result<ConnectorState, StateError> {
        Ok(StateStore::open(&self.host.state.path)?.connector(self.key()))
    }

    /// What was done with the connector's letters; a running host does not keep these.
    pub(super) fn marks(&self) -> Result<LetterMarks, Failure> {
        LetterMarks::open(&self.host.state.path, self.key()).map_err(|error| {
            match error.is_taken() {
                true => Failure::running(
                    anyhow::Error::new(error).context("another `kennel dlq` is at work"),
                ),
                false => Failure::running(error),
            }
        })
    }

    /// A connection to the host's broker.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        let config = wiring::broker_config(&self.host.iggy);
        let connected = Connection::connect(&config).await;
        connected.context("check [iggy] in kennel.toml").map_err(Failure::broker)
    }
}

fn state_failure(error: StateError) -> Failure {
    match error.is_taken() {
        true => {
            let context = "stop the kennel that runs on this state, then try again";
            Failure::running(anyhow::Error::new(error).context(context))
        }
        false => Failure::running(error),
    }
}

/// A request that failed on a connection that had been made.
pub(super) fn request_failure(error: BrokerError) -> Failure {
    match error.is_disconnected() || matches!(error, BrokerError::Unauthenticated { .. }) {
        true => Failure::broker(error),
        false => Failure::running(error),
    }
}
