//! Prints messages.
#![forbid(unsafe_code)]

mod indent;
mod render;

use std::io::{self, Write};

use kennel_sdk::prelude::*;

pub use render::Style;

/// Configuration of the stdout sink.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How messages are printed.
    pub format: Style,
}

/// The sink.
pub struct Stdout {
    style: Style,
    /// Kept between batches, so that a batch allocates nothing once it has grown.
    buffer: Vec<u8>,
}

#[kennel_sdk::sink(
    name = "stdout",
    summary = "prints messages: pretty for people, JSON for programs, raw for pipes",
    accepts = ["json", "text", "raw"],
    delivery = "at-least-once",
    asks(stdout = "", reason = "messages are printed there; without, they go to the log", optional)
)]
impl Sink for Stdout {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { style: config.format, buffer: Vec::new() })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        self.buffer.clear();
        render::render(self.style, batch, &mut self.buffer);
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.buffer)?;
        stdout.flush()?;
        Ok(Receipt::delivered(batch))
    }
}

#[cfg(test)]
mod tests;
