//! A sink writes batches into another system.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Batch, Error, Origin, Problem, Receipt};

/// How far a destination is in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub origin: Origin,
    /// The next offset that the destination does not hold.
    pub next: u64,
}

/// Writes batches into another system. Implement it under [`macro@crate::sink`].
pub trait Sink: Sized {
    /// The configuration; its JSON Schema is part of the component's description.
    type Config: DeserializeOwned + JsonSchema;

    /// Connects and checks. Takes nothing exclusive: during a swap the old version still runs.
    ///
    /// # Errors
    /// [`Error::invalid_config`] stops the connector; the others are tried again.
    fn open(config: Self::Config) -> Result<Self, Error>;

    /// Takes a partition. `saved` is the host's checkpoint. Answers the position that the destination holds for this
    /// epoch, if it holds one: the host goes on from there.
    ///
    /// # Errors
    /// If the destination cannot say.
    fn assign(&mut self, _origin: &Origin, _saved: Option<u64>) -> Result<Option<u64>, Error> {
        Ok(None)
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// An error says that nothing may be assumed about any message; the same batch comes again.
    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error>;

    /// Makes durable what receipts called held; answers how far each partition now is.
    ///
    /// # Errors
    /// If it is not durable.
    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        Ok(Vec::new())
    }

    /// Gives a partition up. If it is `lost`, it is gone already: forget what is held, write nothing.
    ///
    /// # Errors
    /// The host logs it.
    fn revoke(&mut self, _origin: &Origin, _lost: bool) -> Result<(), Error> {
        Ok(())
    }

    /// Called at least every `heartbeat_ms` when no other call ran: keeps connections alive.
    ///
    /// # Errors
    /// If a connection is gone.
    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Best effort: it may never be called.
    fn close(&mut self) {}

    /// What JSON Schema cannot say about a configuration. Pure.
    fn validate(_config: &Self::Config) -> Vec<Problem> {
        Vec::new()
    }
}
