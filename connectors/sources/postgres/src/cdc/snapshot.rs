//! The rows that are there when a slot is made: read in one transaction, at the very moment from which the slot tells changes.

use std::collections::VecDeque;
use std::time::Instant;

use kennel_postgres::wire::{DataRow, Message, Wire};
use kennel_postgres::{ClientError, quote_identifier, quote_literal};
use kennel_sdk::{Error, Limit, Progress, Records};

use super::catalog::{self, Published};
use super::change::Writer;
use super::table::Table;
use super::wait::Patience;
use crate::config::CdcConfig;
use crate::lsn::Lsn;

/// Rows that the server is asked for at once; how many of them it may send ahead is up to the socket.
const FETCH: u32 = 10_000;

/// A snapshot that is being read. Its slot is temporary: should it never be read to its end, the server forgets both by itself.
pub(crate) struct Snapshot {
    wire: Wire,
    slot: TemporarySlot,
    rest: VecDeque<Published>,
    current: Option<Current>,
    writer: Writer,
    rows: u64,
}

/// The slot that keeps the changes since the snapshot, as long as its session lives.
#[derive(Debug, Clone)]
pub(crate) struct TemporarySlot {
    name: String,
    /// The moment of the snapshot.
    pub(crate) lsn: Lsn,
}

/// The table that is being read.
struct Current {
    published: Published,
    /// Known with the first answer.
    table: Option<Table>,
    /// Rows of the answer that is being read; none: it is still to be asked for.
    answer: Option<u32>,
}

impl Snapshot {
    /// Makes the slot and looks what there is to read.
    pub(crate) fn start(mut wire: Wire, config: &CdcConfig, writer: Writer) -> Result<Self, Error> {
        // No other session has this number, so what an earlier try may have left cannot be in the way.
        let name = format!("{}_{}", config.slot, wire.process_id());
        wire.query("begin read only isolation level repeatable read")?;
        let lsn = create(
            &mut wire,
            &format!(
                "CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput USE_SNAPSHOT",
                quote_identifier(&name)
            ),
        )?;
        let rest = catalog::published(&mut wire, &config.publication)?.into();
        let slot = TemporarySlot { name, lsn };
        Ok(Self { wire, slot, rest, current: None, writer, rows: 0 })
    }

    pub(crate) fn slot(&self) -> &TemporarySlot {
        &self.slot
    }

    /// Reads on. `None`: all of it is read.
    pub(crate) fn poll(
        &mut self,
        limit: &Limit,
        records: &mut Records,
    ) -> Result<Option<Progress>, Error> {
        let mut patience = Patience::new(Instant::now(), limit.wait);
        loop {
            if records.is_full(limit) {
                return Ok(Some(Progress::More));
            }
            let Some(current) = &mut self.current else {
                let Some(next) = self.rest.pop_front() else {
                    self.wire.query("commit")?;
                    return Ok(None);
                };
                self.wire.query(&format!("declare kennel no scroll cursor for {}", next.select))?;
                self.current = Some(Current { published: next, table: None, answer: None });
                continue;
            };
            let Some(rows) = current.answer else {
                self.wire.send_query(&format!("fetch {FETCH} from kennel"))?;
                current.answer = Some(0);
                continue;
            };
            match self.wire.next_message()? {
                Some(Message::RowDescription(columns)) => {
                    let Published { schema, table, key, .. } = &current.published;
                    current.table = Some(Table::of_rows((schema, table), &columns, key));
                }
                Some(Message::DataRow(row)) => {
                    current.answer = Some(rows + 1);
                    let place = (self.slot.lsn, self.rows);
                    self.rows += 1;
                    emit(&mut self.writer, current.table.as_ref(), &row, place, records)?;
                }
                Some(Message::ReadyForQuery) if rows == FETCH => current.answer = None,
                Some(Message::ReadyForQuery) => {
                    self.current = None;
                    self.wire.query("close kennel")?;
                }
                Some(_) => {}
                None => {
                    let Some(wait) = patience.next(records, Instant::now()) else {
                        return Ok(Some(Progress::More));
                    };
                    if !self.wire.fill(wait)? {
                        return Ok(Some(Progress::Idle));
                    }
                }
            }
        }
    }

    /// What is left when all rows are read: the session, which keeps the slot alive.
    pub(crate) fn into_parts(self) -> (Wire, TemporarySlot, Writer) {
        (self.wire, self.slot, self.writer)
    }
}

impl TemporarySlot {
    /// Makes the lasting slot, which tells the same changes.
    pub(crate) fn make_lasting(&self, wire: &mut Wire, slot: &str) -> Result<(), Error> {
        let (from, to) = (quote_literal(&self.name), quote_literal(slot));
        let copy = format!("select pg_copy_logical_replication_slot({from}, {to}, false)");
        wire.query(&copy)
            .map_err(|error| without_logical_log(&error).unwrap_or_else(|| error.into()))?;
        // It would keep the log back until the session ends.
        wire.query(&format!("DROP_REPLICATION_SLOT {}", quote_identifier(&self.name)))?;
        Ok(())
    }
}

/// Makes a lasting slot without a snapshot. Answers from where on it tells changes.
pub(crate) fn create_slot(wire: &mut Wire, slot: &str) -> Result<Lsn, Error> {
    let slot = quote_identifier(slot);
    create(wire, &format!("CREATE_REPLICATION_SLOT {slot} LOGICAL pgoutput NOEXPORT_SNAPSHOT"))
}

fn create(wire: &mut Wire, command: &str) -> Result<Lsn, Error> {
    let rows = wire
        .query(command)
        .map_err(|error| without_logical_log(&error).unwrap_or_else(|| error.into()))?;
    // Name, consistent point, snapshot, plugin.
    let point = rows.into_iter().next().and_then(|row| row.into_iter().nth(1).flatten());
    let point = point.ok_or_else(|| Error::broken("a new slot without a position"))?;
    point.parse().map_err(Error::broken)
}

/// `object_not_in_prerequisite_state` where slots are made: the server's `wal_level` is too low, which time does not mend.
fn without_logical_log(error: &ClientError) -> Option<Error> {
    (error.code() == Some("55000")).then(|| Error::invalid_config(error))
}

fn emit(
    writer: &mut Writer,
    table: Option<&Table>,
    row: &DataRow,
    place: (Lsn, u64),
    records: &mut Records,
) -> Result<(), Error> {
    let table = table.ok_or_else(|| Error::broken("a row without a description"))?;
    // All of it, before any of it is written.
    row.values().try_for_each(|value| value.map(drop)).map_err(Error::broken)?;
    writer.snapshot(table, row, place, records);
    Ok(())
}
