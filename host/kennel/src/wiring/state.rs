//! One guest's view of its connector's state.

use kennel_pipeline::keyspace;
use kennel_sandbox::capability::state::{Pairs, StateReader};
use kennel_state::ConnectorState;

/// Reads the keyspaces of one guest of one connector.
pub(super) struct GuestState {
    pub(super) state: ConnectorState,
    /// Which guest of the connector: sink, source, transform-0 …
    pub(super) role: String,
}

impl StateReader for GuestState {
    fn get(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.state.get(&keyspace(&self.role, space), key).map_err(|error| error.to_string())
    }

    fn scan(
        &self,
        space: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Pairs, String> {
        let space = keyspace(&self.role, space);
        self.state.scan(&space, prefix, after, limit).map_err(|error| error.to_string())
    }

    fn size(&self, space: &str) -> Result<u64, String> {
        self.state.size(&keyspace(&self.role, space)).map_err(|error| error.to_string())
    }
}
