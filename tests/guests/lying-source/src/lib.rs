//! Counts, remembers in a file what was confirmed and gives it no more; and breaks the contract of sources in each mode but
//! one.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use kennel_sdk::prelude::*;

/// The file, in the configured folder, with the number of records that are gone.
const FILE: &str = "taken.txt";

/// How to lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Not at all.
    #[default]
    Honest,
    /// Answer a cursor that lies behind a record that was not given.
    CursorTooFar,
    /// Remove what was read before it is confirmed.
    EffectBeforeConfirm,
    /// Give a record another id whenever it is read.
    NewIds,
    /// Go on where it was, though it is sent back.
    StaysAhead,
    /// Remove one record more than was confirmed.
    RemovesTooMuch,
}

/// What to read, and how to lie.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Folder as the component sees it.
    folder: PathBuf,
    /// Number of records.
    count: u64,
    #[serde(default)]
    mode: Mode,
}

struct Lying {
    config: Config,
    next: Option<u64>,
}

#[kennel_sdk::source(
    name = "lying",
    summary = "lies about what it read",
    produces = ["json"],
    asks(files = "config:/folder", reason = "what is gone is remembered here")
)]
impl Source for Lying {
    type Config = Config;
    type Cursor = u64;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { config, next: None })
    }

    fn start(&mut self, cursor: Option<u64>) -> Result<(), Error> {
        if self.config.mode == Mode::StaysAhead && self.next.is_some() {
            return Ok(());
        }
        let taken = self.taken();
        self.next = Some(cursor.map_or(taken, |cursor| cursor.max(taken)));
        Ok(())
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<u64>, Error> {
        let mut next = self.next.ok_or_else(|| Error::broken("polled before it was started"))?;
        while next < self.config.count && !records.is_full(limit) {
            let id = match self.config.mode {
                Mode::NewIds => nanoseconds(),
                _ => u128::from(next) + 1,
            };
            records.record().payload(format!("{{\"id\":{next}}}").as_bytes()).id(id).push();
            next += 1;
        }
        self.next = Some(next);
        let cursor = match self.config.mode {
            Mode::CursorTooFar => next + 1,
            Mode::EffectBeforeConfirm => {
                self.take_away(next)?;
                next
            }
            _ => next,
        };
        Ok(if next == self.config.count { Polled::finished(cursor) } else { Polled::more(cursor) })
    }

    fn confirm(&mut self, cursor: u64) -> Result<(), Error> {
        let more = u64::from(self.config.mode == Mode::RemovesTooMuch);
        self.take_away(cursor + more)
    }
}

impl Lying {
    fn taken(&self) -> u64 {
        let text = std::fs::read_to_string(self.config.folder.join(FILE)).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    fn take_away(&self, records: u64) -> Result<(), Error> {
        let taken = records.max(self.taken());
        std::fs::write(self.config.folder.join(FILE), taken.to_string())
            .map_err(|error| Error::unavailable(format!("cannot remember: {error}")))
    }
}

fn nanoseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}
