//! Panics when it is told to: the host has to survive it and to name the message.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// When to panic; every key that is set counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// At this message, counted from 0 over the life of the instance.
    at_message: Option<u64>,
    /// At the message of this offset.
    at_offset: Option<u64>,
    /// At a message whose payload contains this text.
    containing: Option<String>,
    /// Instead of opening.
    in_open: bool,
}

struct Panicking {
    config: Config,
    seen: u64,
}

#[kennel_sdk::sink(name = "panicking", summary = "panics when it is told to")]
impl Sink for Panicking {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        assert!(!config.in_open, "told to panic instead of opening");
        Ok(Self { config, seen: 0 })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        for message in batch {
            let offset = message.offset();
            assert!(
                self.config.at_message != Some(self.seen),
                "told to panic at message {}",
                self.seen
            );
            assert!(self.config.at_offset != Some(offset), "told to panic at offset {offset}");
            if let Some(text) = &self.config.containing {
                let payload = message.payload();
                let found = payload.windows(text.len().max(1)).any(|part| part == text.as_bytes());
                assert!(!found, "told to panic at a payload that contains {text:?}");
            }
            self.seen += 1;
        }
        Ok(Receipt::delivered(batch))
    }
}
