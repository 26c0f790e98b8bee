//! Reads records from files.
#![forbid(unsafe_code)]

mod config;
mod csv;
mod cursor;
mod fingerprint;
mod followed;
mod frame;
mod identity;
mod once;
mod pattern;
mod reader;
mod tail;

use std::io;
use std::path::Path;
use std::time::Instant;

use kennel_sdk::prelude::*;

pub use config::{CellType, Config, CsvConfig, Mode, RecordFormat, Start};
pub use cursor::Cursor;
use once::Once;
use pattern::Pattern;
use tail::Tail;

/// Counts records that are too long.
const SKIPPED: &str = "records_skipped_total";
/// Counts files that were truncated.
const REPLACED: &str = "files_replaced_total";

/// The source.
pub struct Files {
    config: Config,
    pattern: Pattern,
    reading: Reading,
    clock: fn() -> Instant,
}

enum Reading {
    Tail(Tail),
    Once(Once),
}

#[kennel_sdk::source(
    name = "file",
    summary = "reads JSON lines, CSV rows or lines of text from files, once or following them",
    produces = ["json", "text"],
    metrics = ["records_skipped_total", "files_replaced_total"],
    asks(files = "config:/path", reason = "the files are read")
)]
impl Source for Files {
    type Config = Config;
    type Cursor = Cursor;

    fn open(config: Config) -> Result<Self, Error> {
        if let Some(problem) = config.problems().first() {
            return Err(Error::invalid_config(problem));
        }
        let pattern = Pattern::new(&config.path).map_err(Error::invalid_config)?;
        let reading = Reading::Once(Once::default());
        Ok(Self { config, pattern, reading, clock: Instant::now })
    }

    fn start(&mut self, cursor: Option<Cursor>) -> Result<(), Error> {
        let Self { config, pattern, .. } = self;
        self.reading = match config.mode {
            Mode::Tail => Reading::Tail(Tail::start(config, pattern, cursor)?),
            Mode::Once => Reading::Once(Once::start(config, pattern, cursor.unwrap_or_default())?),
        };
        Ok(())
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<Cursor>, Error> {
        if self.config.format == RecordFormat::Lines {
            records.format(Format::Text);
        }
        let Self { config, pattern, reading, clock } = self;
        let (progress, cursor) = match reading {
            Reading::Tail(tail) => {
                let progress = tail.poll(config, pattern, clock(), (limit, records))?;
                (progress, tail.cursor())
            }
            Reading::Once(once) => (once.poll(config, pattern, limit, records)?, once.cursor()),
        };
        Ok(Polled { cursor, progress })
    }

    fn validate(config: &Config) -> Vec<Problem> {
        config.problems()
    }
}

/// What is missing or forbidden is the operator's to mend; all else may pass.
fn read_error(path: &Path, cause: &io::Error) -> Error {
    let path = path.display();
    match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            Error::unauthorized(format!("cannot read {path}: {cause}"))
        }
        io::ErrorKind::NotFound => Error::unavailable(format!(
            "cannot read {path}: {cause}; is its folder granted under [[grants.files]]?"
        )),
        _ => Error::unavailable(format!("cannot read {path}: {cause}")),
    }
}

#[cfg(test)]
mod tests;
