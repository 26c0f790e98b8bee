//! Letters that the broker refused: the host keeps them in its records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_pipeline::{DeadLetterRecord, Spilled};
use kennel_state::ConnectorState;
use serde::Serialize;

use crate::cli::LetterId;
use crate::exit_code::Failure;

/// A letter that is in no topic.
#[derive(Debug, Serialize)]
pub(super) struct SpilledLetter {
    pub(super) id: LetterId,
    #[serde(flatten)]
    pub(super) record: DeadLetterRecord,
}

/// All letters that the broker refused.
pub(super) fn spilled(state: &ConnectorState) -> Result<Vec<SpilledLetter>, Failure> {
    let mut letters = Vec::new();
    for (id, bytes) in state.records().map_err(Failure::running)? {
        let record = read(&id, &bytes)?;
        if record.spilled.is_some() {
            letters.push(SpilledLetter { id: LetterId::Record(id), record });
        }
    }
    Ok(letters)
}

/// The record `id`, if this host has it.
pub(super) fn record(
    state: &ConnectorState,
    id: &str,
) -> Result<Option<DeadLetterRecord>, Failure> {
    let bytes = state.record(id).map_err(Failure::running)?;
    bytes.map(|bytes| read(id, &bytes)).transpose()
}

fn read(id: &str, bytes: &[u8]) -> Result<DeadLetterRecord, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let context = format!("the record {id} cannot be read; a newer kennel may have written it");
        Failure::running(anyhow::Error::new(error).context(context))
    })
}

/// Payload and headers of a message that is kept in a record.
pub(super) fn message(spilled: &Spilled) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let decode = |text: &str| STANDARD.decode(text).map_err(Failure::running);
    Ok((decode(&spilled.payload)?, decode(&spilled.headers)?))
}
