//! A sink: adds up one number of each JSON message, and logs the sum.
//!
//! Replace `consume` by writing to your system.

#![forbid(unsafe_code)]

use kennel_sdk::json::Value;
use kennel_sdk::prelude::*;

/// Configuration: the `[config]` table of the connector's file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The field to add up.
    field: String,
}

/// The sink, connected.
#[derive(Debug)]
pub struct Connector {
    field: String,
    sum: f64,
}

#[kennel_sdk::sink(
    name = "{{name}}",
    summary = "adds up a number",
    accepts = ["json"],
    metrics = ["messages_total"]
)]
impl Sink for Connector {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { field: config.field, sum: 0.0 })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let mut receipt = Receipt::delivered(batch);
        for message in batch {
            // A payload that cannot be read never will be: reject it and go on. An error of the whole call, such as
            // `Error::unavailable("…")`, makes the host bring the batch again.
            match Value::parse(message.payload()) {
                Ok(value) => {
                    self.sum += value.get(&self.field).and_then(|n| n.as_f64()).unwrap_or(0.0)
                }
                Err(malformed) => receipt.reject_malformed(&message, malformed),
            }
        }
        metrics::add("messages_total", batch.len() as u64);
        info!("added up"; field = self.field, sum = self.sum);
        Ok(receipt)
    }

    fn validate(config: &Config) -> Vec<Problem> {
        match config.field.is_empty() {
            true => vec![Problem::new("/field", "is empty")],
            false => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing::{self, BatchBuilder};
    use serde_json::json;

    #[test]
    fn given_numbers_should_add_them_up_and_reject_the_rest() {
        let mut sink: Connector = testing::open_sink(json!({ "field": "total" })).expect("opens");
        let batch = BatchBuilder::json([r#"{"total":1.5}"#, "nonsense", r#"{"total":2}"#]).build();
        let receipt = sink.consume(&batch).expect("consumes");
        let rejected: Vec<_> = receipt.failed().map(|(index, ..)| index).collect();
        assert_eq!((sink.sum, rejected), (3.5, vec![1]));
    }

    #[test]
    fn given_an_empty_field_should_find_the_problem() {
        let problems = testing::validate_sink::<Connector>(json!({ "field": "" }));
        assert_eq!(problems[0].path, "/field");
    }
}
