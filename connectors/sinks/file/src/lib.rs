//! Writes messages into files that appear whole or not at all.
#![forbid(unsafe_code)]

mod config;
mod name;
mod part;
mod partition;

use std::collections::BTreeMap;
use std::fs;

use kennel_envelope::{Envelope, NotOneLine, write_line};
use kennel_sdk::prelude::*;

pub use config::{Config, LineFormat};
use partition::{Partition, Rotation, folder_error};

/// The sink.
pub struct Files {
    config: Config,
    partitions: BTreeMap<Origin, Partition>,
    /// The lines of the batch in hand; kept, so that a batch allocates nothing once it has grown.
    lines: Vec<u8>,
}

#[kennel_sdk::sink(
    name = "file",
    summary = "newline-delimited files per partition that appear whole, each exactly once",
    accepts = ["json", "text", "raw"],
    delivery = "transactional",
    asks(files = "config:/folder", reason = "the files are written here")
)]
impl Sink for Files {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        let found = fs::metadata(&config.folder);
        let metadata = found.map_err(|cause| folder_error(&config.folder, &cause))?;
        if !metadata.is_dir() {
            let folder = config.folder.display();
            return Err(Error::invalid_config(format!("{folder} is not a folder")));
        }
        Ok(Self { config, partitions: BTreeMap::new(), lines: Vec::new() })
    }

    fn assign(&mut self, origin: &Origin, saved: Option<u64>) -> Result<Option<u64>, Error> {
        // Assigned again: what was held is replayed.
        if let Some(earlier) = self.partitions.remove(origin) {
            earlier.revoke(false);
        }
        let partition = Partition::assign(&self.config.folder, origin, saved)?;
        let next = partition.next();
        self.partitions.insert(origin.clone(), partition);
        Ok(next)
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let partition = self
            .partitions
            .get_mut(batch.origin())
            .ok_or_else(|| Error::broken("a batch of a partition that was not assigned"))?;
        let first = partition.first_new(batch)?;
        let mut receipt = Receipt::held(batch);
        self.lines.clear();
        let messages = match self.config.format {
            LineFormat::Payload => payload_lines(batch, first, &mut self.lines, &mut receipt),
            LineFormat::Envelope => envelope_lines(batch, first, &mut self.lines),
        };
        let rotation =
            Rotation { bytes: self.config.rotate_bytes, messages: self.config.rotate_messages };
        partition.hold(&self.lines, messages, (first, batch.end()), rotation)?;
        Ok(receipt)
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        let mut positions = Vec::with_capacity(self.partitions.len());
        for (origin, partition) in &mut self.partitions {
            partition.flush(self.config.sync)?;
            if let Some(next) = partition.next() {
                positions.push(Position { origin: origin.clone(), next });
            }
        }
        Ok(positions)
    }

    fn revoke(&mut self, origin: &Origin, lost: bool) -> Result<(), Error> {
        if let Some(partition) = self.partitions.remove(origin) {
            partition.revoke(lost);
        }
        Ok(())
    }

    fn close(&mut self) {
        for (_, partition) in std::mem::take(&mut self.partitions) {
            partition.revoke(false);
        }
    }

    fn validate(config: &Config) -> Vec<Problem> {
        let mut problems = Vec::new();
        if config.rotate_bytes == 0 {
            problems.push(Problem::new("/rotate_bytes", "a file holds at least one byte"));
        }
        if !config.folder.is_absolute() {
            problems.push(Problem::new("/folder", "write it as a path that starts with `/`"));
        }
        problems
    }
}

/// Writes the payloads from offset `first` on, and answers how many. Those that cannot be one line
/// are rejected.
fn payload_lines(batch: &Batch, first: u64, lines: &mut Vec<u8>, receipt: &mut Receipt) -> u64 {
    let mut messages = 0;
    for message in batch.iter().filter(|message| message.offset() >= first) {
        match write_line(message.payload(), lines) {
            Ok(()) => {
                lines.push(b'\n');
                messages += 1;
            }
            Err(NotOneLine) => receipt.reject(&message, NotOneLine::CODE, NotOneLine::DETAIL),
        }
    }
    messages
}

/// Writes the envelopes from offset `first` on, and answers how many.
fn envelope_lines(batch: &Batch, first: u64, lines: &mut Vec<u8>) -> u64 {
    let envelope = Envelope::new(batch);
    let mut messages = 0;
    for message in batch.iter().filter(|message| message.offset() >= first) {
        envelope.write(&message, lines);
        lines.push(b'\n');
        messages += 1;
    }
    messages
}

#[cfg(test)]
mod tests;
