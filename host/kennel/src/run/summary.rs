//! What became of every connector, for people and programs.

use std::time::Duration;

use kennel_pipeline::{BreakerReading, Snapshot};
use kennel_supervisor::{Handle, State, Status};
use serde::Serialize;

use crate::wiring::Promise;

/// The end of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    seconds: f64,
    connectors: Vec<ConnectorSummary>,
}

#[derive(Debug, Serialize)]
struct ConnectorSummary {
    key: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    status: Status,
    #[serde(flatten)]
    promise: Promise,
    #[serde(flatten)]
    breaker: BreakerReading,
    #[serde(flatten)]
    counted: Snapshot,
}

impl Summary {
    pub(super) fn add(&mut self, handle: &Handle, promise: Promise) {
        self.connectors.push(ConnectorSummary {
            key: handle.key.clone(),
            kind: if handle.is_source { "source" } else { "sink" },
            status: handle.status.borrow().clone(),
            promise,
            breaker: handle.breaker.reading(),
            counted: handle.stats.snapshot(),
        });
    }

    pub(super) fn after(mut self, time: Duration) -> Self {
        self.seconds = time.as_secs_f64();
        self
    }

    /// Whether an operator has something to do.
    pub(crate) fn any_failed(&self) -> bool {
        self.connectors.iter().any(|connector| matches!(connector.status.state, State::Failed(_)))
    }

    /// A few lines for people.
    pub(crate) fn text(&self) -> String {
        let lines = self.connectors.iter().map(|connector| {
            let counted = &connector.counted;
            let reason = connector.status.state.reason().map(|reason| format!(": {reason}"));
            format!(
                "{} {}: {}{}; {} in, {} out, {} filtered, {} dead-lettered",
                connector.kind,
                connector.key,
                connector.status.state.name(),
                reason.unwrap_or_default(),
                counted.messages_in,
                counted.messages_out,
                counted.filtered,
                counted.dead_lettered,
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
