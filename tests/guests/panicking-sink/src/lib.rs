//! Panics when it is told to: the host has to survive it and to name the message.

#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

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
    /// Append every payload to this file as it comes: a sink that delivers one by one.
    write_to: Option<PathBuf>,
    /// Look at all messages before the first is taken, so that the host is told the wrong one.
    looks_ahead: bool,
}

struct Panicking {
    config: Config,
    seen: u64,
}

impl Panicking {
    fn take(&mut self, message: &Message<'_>) -> Result<(), Error> {
        let offset = message.offset();
        assert!(
            self.config.at_message != Some(self.seen),
            "told to panic at message {}",
            self.seen
        );
        assert!(self.config.at_offset != Some(offset), "told to panic at offset {offset}");
        let payload = message.payload();
        if let Some(text) = &self.config.containing {
            let found = payload.windows(text.len().max(1)).any(|part| part == text.as_bytes());
            assert!(!found, "told to panic at a payload that contains {text:?}");
        }
        if let Some(path) = &self.config.write_to {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(&[payload, b"\n"].concat())?;
        }
        self.seen += 1;
        Ok(())
    }
}

#[kennel_sdk::sink(name = "panicking", summary = "panics when it is told to")]
impl Sink for Panicking {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        assert!(!config.in_open, "told to panic instead of opening");
        Ok(Self { config, seen: 0 })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        if self.config.looks_ahead {
            let messages: Vec<Message<'_>> = batch.iter().collect();
            messages.iter().try_for_each(|message| self.take(message))?;
        } else {
            batch.iter().try_for_each(|message| self.take(&message))?;
        }
        Ok(Receipt::delivered(batch))
    }
}
