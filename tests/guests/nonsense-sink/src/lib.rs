//! Breaks one rule of the sink interface in each mode. It stands on the bare bindings, because the SDK's types do not let an
//! author do so.

#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};

use kennel_sdk::glue::common::exports::kennel::connector::{describe, lifecycle};
use kennel_sdk::glue::sink::exports::kennel::connector::sink;
use kennel_sdk::glue::types::{Batch, Error, Failure, Origin, Verdict};
use serde::Deserialize;

/// Which rule to break.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// None at all.
    #[default]
    Honest,
    HandledBeyondBatch,
    FailedUnsorted,
    FailedTwice,
    FailedBeyondHandled,
    FailedBeyondBatch,
    RetryThoughOrdered,
    PositionOfStranger,
    PositionBeyondEnd,
    AssignBeyondEnd,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    mode: Mode,
}

thread_local! {
    static MODE: Cell<Mode> = const { Cell::new(Mode::Honest) };
    /// What is held, for `flush`.
    static HELD: RefCell<Option<(Origin, u64)>> = const { RefCell::new(None) };
}

/// The component.
#[derive(Debug)]
pub struct Nonsense;

impl describe::Guest for Nonsense {
    fn describe() -> String {
        r#"{"name":"nonsense-sink","version":"0.1.0","licence":"Apache-2.0","kind":"sink","config_schema":{"type":"object"},
            "accepts":[],"produces":[],"delivery":"at-least-once","ordered":true,"heartbeat_ms":0,"state_version":0,
            "metrics":[],"asks":[],"sdk":{"language":"rust","version":"0.1.0"}}"#
            .to_owned()
    }

    fn validate(_config: String) -> Vec<describe::Problem> {
        Vec::new()
    }
}

impl lifecycle::Guest for Nonsense {
    fn open(config: String) -> Result<(), Error> {
        let config: Config = serde_json::from_str(&config)
            .map_err(|error| Error::InvalidConfig(error.to_string()))?;
        MODE.set(config.mode);
        Ok(())
    }

    fn tick() -> Result<(), Error> {
        Ok(())
    }

    fn close() {}
}

fn failure(index: u32, verdict: Verdict) -> Failure {
    Failure { index, verdict, code: "nonsense".to_owned(), detail: "made up".to_owned() }
}

impl sink::Guest for Nonsense {
    fn assign(_origin: Origin, saved: Option<u64>) -> Result<Option<u64>, Error> {
        match MODE.get() {
            Mode::AssignBeyondEnd => Ok(Some(u64::MAX)),
            _ => Ok(saved),
        }
    }

    fn consume(batch: Batch) -> Result<sink::Receipt, Error> {
        let count = u32::try_from(batch.offsets.len()).unwrap_or(u32::MAX);
        let last = count.saturating_sub(1);
        let mut receipt = sink::Receipt { handled: count, failed: Vec::new(), held: false };
        match MODE.get() {
            Mode::Honest | Mode::AssignBeyondEnd => {}
            Mode::HandledBeyondBatch => receipt.handled = count + 1,
            Mode::FailedUnsorted => {
                receipt.failed = [last, 0].map(|index| failure(index, Verdict::Reject)).into();
            }
            Mode::FailedTwice => {
                receipt.failed = [0, 0].map(|index| failure(index, Verdict::Reject)).into();
            }
            Mode::FailedBeyondHandled => {
                receipt.handled = last;
                receipt.failed = vec![failure(last, Verdict::Reject)];
            }
            Mode::FailedBeyondBatch => receipt.failed = vec![failure(u32::MAX, Verdict::Reject)],
            Mode::RetryThoughOrdered => receipt.failed = vec![failure(0, Verdict::Retry)],
            Mode::PositionOfStranger | Mode::PositionBeyondEnd => {
                receipt.held = true;
                HELD.set(Some((batch.origin, batch.end)));
            }
        }
        Ok(receipt)
    }

    fn flush() -> Result<Vec<sink::Position>, Error> {
        let Some((mut origin, mut next)) = HELD.take() else { return Ok(Vec::new()) };
        match MODE.get() {
            Mode::PositionOfStranger => origin.topic_name.push_str("-of-somebody-else"),
            Mode::PositionBeyondEnd => next += 1_000_000,
            _ => {}
        }
        Ok(vec![sink::Position { origin, next }])
    }

    fn revoke(_origin: Origin, _lost: bool) -> Result<(), Error> {
        HELD.set(None);
        Ok(())
    }
}

#[cfg(target_arch = "wasm32")]
kennel_sdk::glue::export!(sink, Nonsense);
