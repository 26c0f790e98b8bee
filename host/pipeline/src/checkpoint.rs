//! Makes a checkpoint durable without holding up the other tasks of the thread.

use kennel_sandbox::capability::state::StagedWrites;
use kennel_state::{Commit, ConnectorState, Writes};

use crate::PipelineError;

/// D5: a cursor and the state written on the way to it, in one transaction.
pub(crate) async fn commit(state: &ConnectorState, commit: Commit) -> Result<(), PipelineError> {
    if commit.is_empty() {
        return Ok(());
    }
    let state = state.clone();
    // The transaction ends with a sync to disk.
    let committed = tokio::task::spawn_blocking(move || state.commit(&commit)).await;
    committed.map_err(|error| PipelineError::Internal(error.to_string()))??;
    Ok(())
}

/// The writes of the guest with `role`, by the keyspaces of the state store.
pub(crate) fn keyspaces(role: &str, writes: StagedWrites) -> Vec<(String, Writes)> {
    writes.into_iter().map(|(space, writes)| (crate::keyspace(role, &space), writes)).collect()
}
