//! Making a replication slot.
//!
//! The server finishes a slot when every transaction that was running has ended, however long that takes. So it is asked for
//! in `start`, and waited for in as many polls as it takes.

use std::time::{Duration, Instant};

use kennel_postgres::wire::{Message, Wire};
use kennel_postgres::{ClientError, quote_identifier, quote_literal};
use kennel_sdk::Error;

use super::change::Writer;
use super::wait::Patience;
use crate::config::CdcConfig;
use crate::lsn::Lsn;

/// A slot that the server is making.
pub(crate) struct Creating {
    wire: Wire,
    writer: Writer,
    /// Of the slot that ends with its session; none: the one that lasts.
    temporary: Option<String>,
    point: Option<Lsn>,
}

/// A slot that keeps the changes since a snapshot, as long as its session lives.
#[derive(Debug, Clone)]
pub(crate) struct TemporarySlot {
    name: String,
    /// The moment of the snapshot.
    pub(crate) lsn: Lsn,
}

/// A slot that has been made, and the session that made it.
pub(crate) struct Created {
    pub(crate) wire: Wire,
    pub(crate) writer: Writer,
    pub(crate) slot: New,
}

/// What was made.
pub(crate) enum New {
    /// With a snapshot, in the transaction that is open now.
    Temporary(TemporarySlot),
    /// It tells changes from there on.
    Lasting(Lsn),
}

impl Creating {
    /// Asks for a slot: with a snapshot for a temporary one, which vanishes by itself if the snapshot is given up.
    pub(crate) fn start(mut wire: Wire, config: &CdcConfig, writer: Writer) -> Result<Self, Error> {
        let temporary = if config.snapshot {
            // No other session has this number, so what an earlier try may have left cannot be in the way.
            let name = format!("{}_{}", config.slot, wire.process_id());
            wire.query("begin read only isolation level repeatable read")?;
            let slot = quote_identifier(&name);
            wire.send_query(&format!(
                "CREATE_REPLICATION_SLOT {slot} TEMPORARY LOGICAL pgoutput USE_SNAPSHOT"
            ))?;
            Some(name)
        } else {
            let slot = quote_identifier(&config.slot);
            wire.send_query(&format!(
                "CREATE_REPLICATION_SLOT {slot} LOGICAL pgoutput NOEXPORT_SNAPSHOT"
            ))?;
            None
        };
        Ok(Self { wire, writer, temporary, point: None })
    }

    /// Waits for it at most that long. True: it is there, and [`Creating::into_created`] has it.
    pub(crate) fn wait(&mut self, wait: Duration) -> Result<bool, Error> {
        let mut patience = Patience::new(Instant::now(), wait);
        loop {
            match self.wire.next_message().map_err(of_server)? {
                Some(Message::DataRow(row)) => {
                    // Name, consistent point, snapshot, plugin.
                    let point = row.values().nth(1).transpose().map_err(Error::broken)?.flatten();
                    let point = String::from_utf8_lossy(point.unwrap_or_default());
                    self.point = Some(point.parse().map_err(Error::broken)?);
                }
                Some(Message::ReadyForQuery) => return Ok(true),
                Some(_) => {}
                None => match patience.next(true, Instant::now()) {
                    Some(wait) if self.wire.fill(wait)? => {}
                    _ => return Ok(false),
                },
            }
        }
    }

    pub(crate) fn into_created(self) -> Result<Created, Error> {
        let Self { wire, writer, temporary, point } = self;
        let lsn = point.ok_or_else(|| Error::broken("a new slot without a position"))?;
        let slot = match temporary {
            Some(name) => New::Temporary(TemporarySlot { name, lsn }),
            None => New::Lasting(lsn),
        };
        Ok(Created { wire, writer, slot })
    }

    pub(crate) fn close(self) {
        self.wire.close();
    }
}

impl TemporarySlot {
    /// Makes the lasting slot, which tells the same changes.
    pub(crate) fn make_lasting(&self, wire: &mut Wire, slot: &str) -> Result<(), Error> {
        let (from, to) = (quote_literal(&self.name), quote_literal(slot));
        let copy = format!("select pg_copy_logical_replication_slot({from}, {to}, false)");
        wire.query(&copy).map_err(of_server)?;
        // It would keep the log back until the session ends.
        wire.query(&format!("DROP_REPLICATION_SLOT {}", quote_identifier(&self.name)))?;
        Ok(())
    }
}

/// `object_not_in_prerequisite_state` where slots are made: the server's `wal_level` is too low, which time does not mend.
fn of_server(error: ClientError) -> Error {
    match error.code() {
        Some("55000") => Error::invalid_config(error),
        _ => error.into(),
    }
}
