//! Never returns when it is told to: only a deadline ends the call.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// When to loop; every key that is set counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// At the message of this offset.
    at_offset: Option<u64>,
    /// At a message whose payload contains this text.
    containing: Option<String>,
    /// Instead of opening.
    in_open: bool,
    /// In each tick.
    in_tick: bool,
}

struct Looping {
    config: Config,
}

#[kennel_sdk::sink(
    name = "looping",
    summary = "never returns when it is told to",
    heartbeat_ms = 100
)]
impl Sink for Looping {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        if config.in_open {
            spin();
        }
        Ok(Self { config })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        for message in batch {
            if self.config.at_offset == Some(message.offset()) {
                spin();
            }
            if let Some(text) = &self.config.containing {
                let mut parts = message.payload().windows(text.len().max(1));
                if parts.any(|part| part == text.as_bytes()) {
                    spin();
                }
            }
        }
        Ok(Receipt::delivered(batch))
    }

    fn tick(&mut self) -> Result<(), Error> {
        if self.config.in_tick {
            spin();
        }
        Ok(())
    }
}

fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        // Visible to the optimiser, so that the loop is a loop.
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}
