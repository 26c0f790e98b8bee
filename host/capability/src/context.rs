//! Facts about the call in hand, for the interface `context`.

use std::sync::Arc;

use crate::GuestData;
use crate::bindings::kennel::connector::context::Host;

/// Columns of a batch that few guests need, computed when one asks.
pub trait Columns: Send + Sync {
    /// One value per message of the batch, or `None` where the column is not known.
    fn column(&self, name: &str) -> Option<Vec<u64>>;
}

/// What `context` answers while one call runs.
#[derive(Default)]
pub struct CallContext {
    /// Columns of the batch in hand; none outside `consume` and `apply`.
    pub columns: Option<Arc<dyn Columns>>,
    /// The message the guest last marked, after a trap the guilty one.
    pub marked: Option<u32>,
}

/// Facts that hold for an instance's whole life.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Key of the connector.
    pub connector: String,
    /// Number of the lane.
    pub lane: u32,
    /// Wall clock per call, milliseconds.
    pub deadline_ms: u64,
}

impl Host for GuestData {
    fn column(&mut self, name: String) -> wasmtime::Result<Option<Vec<u64>>> {
        Ok(self.call.columns.as_ref().and_then(|columns| columns.column(&name)))
    }

    fn attribute(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(match name.as_str() {
            "connector" => Some(self.attributes.connector.clone()),
            "lane" => Some(self.attributes.lane.to_string()),
            "deadline-ms" => Some(self.attributes.deadline_ms.to_string()),
            "mode" => Some("run".to_owned()),
            _ => None,
        })
    }

    /// No schema registry yet: every schema is unknown.
    fn schema(&mut self, _id: u64) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }

    fn mark(&mut self, index: u32) -> wasmtime::Result<()> {
        self.call.marked = Some(index);
        Ok(())
    }
}
