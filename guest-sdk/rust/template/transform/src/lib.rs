//! A transform: drops what is too long, and marks the rest by a header.
//!
//! Replace `apply` by what you want to make of each message.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// Configuration: the `config` of this step in the connector's file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The longest payload that passes, in bytes.
    longest: usize,
    /// The value of the header `checked-by`.
    mark: String,
}

/// The transform, ready to run.
#[derive(Debug)]
pub struct Connector {
    config: Config,
}

#[kennel_sdk::transform(name = "{{name}}", summary = "drops what is too long")]
impl Transform for Connector {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { config })
    }

    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
        for message in batch {
            // A message that is not mentioned is dropped.
            if message.payload().len() <= self.config.longest {
                output.headers(&message, |headers| {
                    headers.add_encoded(message.raw_headers()).add("checked-by", &self.config.mark);
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing::{self, BatchBuilder};
    use serde_json::json;

    #[test]
    fn given_long_and_short_should_pass_and_mark_the_short() {
        let config = json!({ "longest": 5, "mark": "me" });
        let mut transform: Connector = testing::open_transform(config).expect("opens");
        let batch = BatchBuilder::text(["short", "longer"]).header(0, "trace", "7").build();
        let result = testing::run(&mut transform, &batch);
        assert_eq!(result.texts(), ["short"]);
        assert_eq!(result.outputs[0].header("trace"), Some("7".into()));
        assert_eq!(result.outputs[0].header("checked-by"), Some("me".into()));
    }
}
