//! Reads rows and changes of a PostgreSQL database.
#![forbid(unsafe_code)]

mod array;
mod cdc;
mod column;
mod config;
mod cursor;
mod identity;
mod lsn;
mod partition_key;
mod polled;
mod value;

use kennel_sdk::prelude::*;

use cdc::Cdc;
pub use config::{CdcConfig, Config, Mode};
pub use cursor::Cursor;
use cursor::Position;
use polled::{Bookmarked, Taking};

/// The source.
pub struct Postgres {
    reading: Reading,
}

enum Reading {
    Bookmarked(Box<Bookmarked>),
    Taking(Box<Taking>),
    Cdc(Box<Cdc>),
}

#[kennel_sdk::source(
    name = "postgres",
    summary = "reads rows or every change of a PostgreSQL database: by a column that grows, by a query, by deleting or \
               marking what was read, or by logical replication",
    produces = ["json"],
    heartbeat_ms = 10_000,
    metrics = ["transactions_total", "snapshots_total"],
    asks(tcp = "config:/connection", reason = "rows are read from the server")
)]
impl Source for Postgres {
    type Config = Config;
    type Cursor = Cursor;

    fn open(config: Config) -> Result<Self, Error> {
        if let Some(problem) = config.problems().first() {
            return Err(Error::invalid_config(problem));
        }
        let reading = match (config.mode, &config.cdc) {
            (Mode::Increasing | Mode::Query, _) => {
                Reading::Bookmarked(Box::new(Bookmarked::open(&config)?))
            }
            (Mode::Delete | Mode::Mark, _) => Reading::Taking(Box::new(Taking::open(&config)?)),
            (Mode::Cdc, Some(cdc)) => {
                Reading::Cdc(Box::new(Cdc::open(cdc.clone(), config.connection)?))
            }
            (Mode::Cdc, None) => return Err(Error::invalid_config("/cdc: needed in this mode")),
        };
        Ok(Self { reading })
    }

    fn start(&mut self, cursor: Option<Cursor>) -> Result<(), Error> {
        let position = cursor.map(|Cursor(position)| position);
        match (&mut self.reading, position) {
            (Reading::Bookmarked(rows), None) => rows.start(None),
            (Reading::Bookmarked(rows), Some(Position::Bookmark { values })) => rows.start(values),
            (Reading::Taking(rows), None) => rows.start(None),
            (Reading::Taking(rows), Some(Position::Taken(taken))) => rows.start(Some(taken)),
            (Reading::Cdc(cdc), None) => cdc.start(None),
            (
                Reading::Cdc(cdc),
                Some(position @ (Position::Snapshot { .. } | Position::Changes(_))),
            ) => cdc.start(Some(position)),
            (_, Some(_)) => Err(Error::invalid_config(
                "the saved position is of another `mode`: forget it to begin anew",
            )),
        }
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<Cursor>, Error> {
        let (position, progress) = match &mut self.reading {
            Reading::Bookmarked(rows) => {
                let progress = rows.poll(limit, records)?;
                (Position::Bookmark { values: rows.bookmark() }, progress)
            }
            Reading::Taking(rows) => {
                let progress = rows.poll(limit, records)?;
                (Position::Taken(rows.taken()), progress)
            }
            Reading::Cdc(cdc) => cdc.poll(limit, records)?,
        };
        Ok(Polled { cursor: Cursor(position), progress })
    }

    fn confirm(&mut self, cursor: Cursor) -> Result<(), Error> {
        match (&mut self.reading, &cursor.0) {
            (Reading::Taking(rows), Position::Taken(taken)) => rows.confirm(taken),
            (Reading::Cdc(cdc), position) => cdc.confirm(position),
            // A bookmark is nothing that the server would have to know about.
            (Reading::Bookmarked(_) | Reading::Taking(_), _) => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), Error> {
        match &mut self.reading {
            Reading::Cdc(cdc) => cdc.tick(),
            Reading::Bookmarked(_) | Reading::Taking(_) => Ok(()),
        }
    }

    fn close(&mut self) {
        match &mut self.reading {
            Reading::Bookmarked(rows) => rows.close(),
            Reading::Taking(rows) => rows.close(),
            Reading::Cdc(cdc) => cdc.disconnect(),
        }
    }

    fn validate(config: &Config) -> Vec<Problem> {
        config.problems()
    }
}

#[cfg(test)]
mod tests;
