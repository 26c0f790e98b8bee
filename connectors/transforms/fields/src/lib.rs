//! Adds, updates, deletes, renames and keeps fields of JSON messages.
//!
//! Messages are edited as text: what no operation touches keeps every byte and its place, and a message that nothing
//! changes is passed on without being written at all.

#![forbid(unsafe_code)]

mod computed;
mod config;
mod rfc3339;
mod static_value;
mod uuid;

use std::time::{SystemTime, UNIX_EPOCH};

use kennel_sdk::json::{Conflict, Edit, Editor};
use kennel_sdk::prelude::*;

use computed::Facts;
pub use config::Config;
use config::Operation;

/// The transform, ready to run.
#[derive(Debug)]
pub struct Fields {
    operations: Vec<Operation>,
    /// Whether any operation wants to know the time, which is one call to the host per batch.
    asks_for_time: bool,
    editor: Editor,
    /// A computed value on its way into the message.
    value: String,
}

#[kennel_sdk::transform(
    name = "fields",
    summary = "adds, updates, deletes, renames and keeps fields of JSON messages",
    accepts = ["json"],
    produces = ["json"]
)]
impl Transform for Fields {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        let operations = config.operations;
        Ok(Self {
            asks_for_time: operations.iter().any(Operation::asks_for_time),
            operations,
            editor: Editor::new(),
            value: String::new(),
        })
    }

    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
        let now = if self.asks_for_time { now_microseconds() } else { 0 };
        for message in batch {
            let mut edit = match self.editor.edit(message.payload()) {
                Ok(edit) => edit,
                Err(malformed) => {
                    output.reject_malformed(&message, malformed);
                    continue;
                }
            };
            let facts = Facts { batch, message, now };
            match run(&self.operations, &facts, &mut edit, &mut self.value) {
                Ok(()) if edit.is_changed() => {
                    output.payload_with(&message, |buffer| edit.write_to(buffer));
                }
                Ok(()) => output.keep(&message),
                Err(conflict) => output.fail(&message, Verdict::Reject, Conflict::CODE, conflict),
            }
        }
        Ok(())
    }
}

/// All operations in the order written.
fn run(
    operations: &[Operation],
    facts: &Facts<'_>,
    edit: &mut Edit<'_>,
    value: &mut String,
) -> Result<(), Conflict> {
    for operation in operations {
        operation.run(facts, edit, value)?;
    }
    Ok(())
}

fn now_microseconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
