//! Fails in an orderly way when it is told to: whole calls by errors, single messages by verdicts.

#![forbid(unsafe_code)]

use std::time::Duration;

use kennel_sdk::prelude::*;

/// When and how to fail; every key that is set counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Answer the first so many `consume` calls of this instance with `error`.
    failing_calls: u32,
    /// Answer the first so many `flush` calls of this instance with `error`.
    failing_flushes: u32,
    /// The error of these calls.
    error: Kind,
    /// The wait that `unavailable` asks for.
    retry_after_ms: Option<u64>,
    /// Reject messages whose payload contains this text.
    reject_containing: Option<String>,
    /// Answer `retry` for messages whose payload contains this text, in the first `retries` attempts of their batch.
    retry_containing: Option<String>,
    /// See `retry_containing`.
    retries: u32,
    /// Handle at most so many messages of a batch.
    at_most: Option<usize>,
    /// Call batches held until they are flushed.
    held: bool,
    /// Fail to open, always.
    in_open: bool,
}

/// The error of a whole call.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Unavailable,
    Unauthorized,
    InvalidConfig,
    Fenced,
    Broken,
    Other,
}

struct Failing {
    config: Config,
    calls: u32,
    flushes: u32,
    positions: Vec<Position>,
}

// Unordered, because only such a sink may answer `retry` for a message.
#[kennel_sdk::sink(name = "failing", summary = "fails when it is told to", ordered = false)]
impl Sink for Failing {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        if config.in_open {
            return Err(config.failure("told to fail instead of opening"));
        }
        Ok(Self { config, calls: 0, flushes: 0, positions: Vec::new() })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        self.calls += 1;
        if self.calls <= self.config.failing_calls {
            return Err(self.config.failure("told to fail this call"));
        }
        let handled = self.config.at_most.unwrap_or(usize::MAX).min(batch.len());
        let mut receipt = Receipt::partial(handled, self.config.held);
        for message in batch.iter().take(handled) {
            if contains(message.payload(), self.config.reject_containing.as_deref()) {
                receipt.reject(&message, "told_to_reject", "the payload contains the text");
            } else if batch.attempt() < self.config.retries
                && contains(message.payload(), self.config.retry_containing.as_deref())
            {
                receipt.retry(&message, "told_to_retry", "the payload contains the text");
            }
        }
        if self.config.held {
            // A batch that is handled in part goes on at its first message that is not.
            let next = batch.get(handled).map_or(batch.end(), |message| message.offset());
            self.positions.retain(|position| position.origin != *batch.origin());
            self.positions.push(Position { origin: batch.origin().clone(), next });
        }
        Ok(receipt)
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        self.flushes += 1;
        if self.flushes <= self.config.failing_flushes {
            return Err(self.config.failure("told to fail this flush"));
        }
        Ok(std::mem::take(&mut self.positions))
    }

    fn revoke(&mut self, origin: &Origin, _lost: bool) -> Result<(), Error> {
        self.positions.retain(|position| position.origin != *origin);
        Ok(())
    }
}

fn contains(payload: &[u8], text: Option<&str>) -> bool {
    text.is_some_and(|text| payload.windows(text.len().max(1)).any(|part| part == text.as_bytes()))
}

impl Config {
    fn failure(&self, detail: &str) -> Error {
        match (self.error, self.retry_after_ms) {
            (Kind::Unavailable, Some(wait)) => {
                Error::unavailable_after(detail, Duration::from_millis(wait))
            }
            (Kind::Unavailable, None) => Error::unavailable(detail),
            (Kind::Unauthorized, _) => Error::unauthorized(detail),
            (Kind::InvalidConfig, _) => Error::invalid_config(detail),
            (Kind::Fenced, _) => Error::fenced(detail),
            (Kind::Broken, _) => Error::broken(detail),
            (Kind::Other, _) => Error::other(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing::{self, BatchBuilder};
    use serde_json::json;

    #[test]
    fn given_failing_calls_should_fail_so_many_and_then_work() {
        let config = json!({ "failing_calls": 2, "error": "fenced" });
        let mut sink: Failing = testing::open_sink(config).expect("opens");
        let batch = BatchBuilder::text(["a"]).build();
        assert!(matches!(sink.consume(&batch), Err(Error::Fenced(_))));
        assert!(sink.consume(&batch).is_err());
        assert_eq!(sink.consume(&batch).expect("works").handled(), 1);
    }

    #[test]
    fn given_texts_should_judge_messages_by_them() {
        let config =
            json!({ "reject_containing": "bad", "retry_containing": "later", "retries": 1 });
        let mut sink: Failing = testing::open_sink(config).expect("opens");
        let builder = BatchBuilder::text(["good", "so bad", "later"]);
        let receipt = sink.consume(&builder.clone().build()).expect("works");
        let failed: Vec<_> =
            receipt.failed().map(|(index, verdict, ..)| (index, verdict)).collect();
        assert_eq!(failed, [(1, Verdict::Reject), (2, Verdict::Retry)]);
        let receipt = sink.consume(&builder.attempt(1).build()).expect("works");
        assert_eq!(receipt.failures(), 1);
    }
}
