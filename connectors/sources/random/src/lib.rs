//! Fake records from a schema: repeatable, paced, bounded.
#![forbid(unsafe_code)]

mod config;
mod generator;
mod pace;
mod program;
mod values;

use std::time::{Duration, Instant, SystemTime};

use kennel_sdk::prelude::*;

pub use config::{Config, Field, TimeFormat};
use pace::Pace;
use program::Program;

/// The source.
pub struct Random {
    config: Config,
    program: Program,
    opened: Instant,
    pace: Pace,
    /// Number of the next record.
    next: u64,
}

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Number of the next record.
    pub next: u64,
}

#[kennel_sdk::source(
    name = "random",
    summary = "fake records from a schema: repeatable by seed, paced by rate, bounded by count",
    produces = ["json"]
)]
impl Source for Random {
    type Config = Config;
    type Cursor = Cursor;

    fn open(config: Config) -> Result<Self, Error> {
        let program =
            Program::new(&config.schema, config.seed, config.size).map_err(|problems| {
                let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
                Error::invalid_config(problems.join("; "))
            })?;
        let pace = Pace::new(config.rate, Duration::ZERO);
        Ok(Self { config, program, opened: Instant::now(), pace, next: 0 })
    }

    fn start(&mut self, cursor: Option<Cursor>) -> Result<(), Error> {
        self.next = cursor.map_or(0, |cursor| cursor.next);
        self.pace = Pace::new(self.config.rate, self.opened.elapsed());
        Ok(())
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<Cursor>, Error> {
        let left = self.left();
        let due = self.due(limit.wait).min(left);
        let wanted = due.min(u64::from(limit.messages));
        let clock = SystemTime::now();
        let first = self.next;
        while self.next - first < wanted && !records.is_full(limit) {
            self.push(clock, records);
        }
        let made = self.next - first;
        self.pace.made(made);
        let progress = if made == left {
            Progress::Finished
        } else if made == due {
            Progress::Idle
        } else {
            Progress::More
        };
        Ok(Polled { cursor: Cursor { next: self.next }, progress })
    }

    fn validate(config: &Config) -> Vec<Problem> {
        let mut problems =
            Program::new(&config.schema, config.seed, config.size).err().unwrap_or_default();
        if !(config.rate.is_finite() && config.rate >= 0.0) {
            problems
                .push(Problem::new("/rate", "a rate is a number of records per second, 0 or more"));
        }
        problems
    }
}

impl Random {
    /// How many records are still to come.
    fn left(&self) -> u64 {
        match self.config.count {
            0 => u64::MAX,
            count => count.saturating_sub(self.next),
        }
    }

    /// How many records are due, after waiting at most `wait` for the first one.
    fn due(&mut self, wait: Duration) -> u64 {
        let now = self.opened.elapsed();
        let due = self.pace.due(now);
        let until = self.pace.wait(now);
        if due > 0 || wait.is_zero() || until.is_zero() || self.left() == 0 {
            return due;
        }
        // In a guest this suspends the call; no thread of the host waits.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(until.min(wait));
        self.pace.due(self.opened.elapsed())
    }

    fn push(&mut self, clock: SystemTime, records: &mut Records) {
        let number = self.next;
        if self.config.ids {
            records
                .record()
                .id(generator::record_id(self.config.seed, number))
                .payload_with(|buffer| self.program.write(number, clock, buffer))
                .push();
        } else {
            records.push_with(|buffer| self.program.write(number, clock, buffer));
        }
        self.next += 1;
    }
}

#[cfg(test)]
mod tests;
