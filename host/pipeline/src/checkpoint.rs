//! Makes a checkpoint durable without holding up the other tasks of the thread.

use kennel_sandbox::capability::state::StagedWrites;
use kennel_state::{Checkpoint, Commit, ConnectorState, Pending, StateError, Writes};

use crate::PipelineError;

/// D5: a cursor and the state written on the way to it, in one transaction.
pub(crate) async fn commit(state: &ConnectorState, commit: Commit) -> Result<(), PipelineError> {
    if commit.is_empty() {
        return Ok(());
    }
    blocking(state, move |state| state.commit(&commit)).await
}

/// D5: writes that become true when a transactional destination is where they say.
pub(crate) async fn prepare(
    state: &ConnectorState,
    pending: Vec<Pending>,
) -> Result<(), PipelineError> {
    match pending.iter().all(|pending| pending.writes.iter().all(|(_, writes)| writes.is_empty())) {
        true => Ok(()),
        false => blocking(state, move |state| state.prepare(&pending)).await,
    }
}

/// D5: the destination is at `position` in `partition`, whatever was pending.
pub(crate) async fn resolve(
    state: &ConnectorState,
    partition: String,
    position: Checkpoint,
) -> Result<(), PipelineError> {
    blocking(state, move |state| state.resolve(&partition, position)).await
}

/// Keeps records about dead letters.
pub(crate) async fn keep_records(
    state: &ConnectorState,
    records: Vec<(String, Vec<u8>)>,
) -> Result<(), PipelineError> {
    blocking(state, move |state| state.put_records(&records)).await
}

/// A transaction ends with a sync to disk.
async fn blocking(
    state: &ConnectorState,
    work: impl FnOnce(ConnectorState) -> Result<(), StateError> + Send + 'static,
) -> Result<(), PipelineError> {
    let state = state.clone();
    let done = tokio::task::spawn_blocking(move || work(state)).await;
    done.map_err(|error| PipelineError::Internal(error.to_string()))??;
    Ok(())
}

/// The writes of the guest with `role`, by the keyspaces of the state store.
pub(crate) fn keyspaces(role: &str, writes: StagedWrites) -> Vec<(String, Writes)> {
    writes.into_iter().map(|(space, writes)| (crate::keyspace(role, &space), writes)).collect()
}
