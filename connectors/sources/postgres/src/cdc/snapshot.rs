//! The rows that are there when a slot is made: read in one transaction, at the very moment from which the slot tells changes.

use std::collections::VecDeque;
use std::time::Instant;

use kennel_postgres::wire::{DataRow, Message, Wire};
use kennel_sdk::{Error, Limit, Progress, Records};

use super::catalog::{self, Published};
use super::change::Writer;
use super::slot::TemporarySlot;
use super::table::Table;
use super::wait::Patience;
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

/// The table that is being read.
struct Current {
    published: Published,
    /// Known with the first answer.
    table: Option<Table>,
    /// Rows of the answer that is being read; none: it is still to be asked for.
    answer: Option<u32>,
}

impl Snapshot {
    /// Looks what there is to read, at the moment when `slot` was made.
    pub(crate) fn start(
        mut wire: Wire,
        publication: &str,
        slot: TemporarySlot,
        writer: Writer,
    ) -> Result<Self, Error> {
        let rest = catalog::published(&mut wire, publication)?.into();
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
                    let Some(wait) = patience.next(records.is_empty(), Instant::now()) else {
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
