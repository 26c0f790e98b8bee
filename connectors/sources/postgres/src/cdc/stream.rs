//! The changes, transaction by transaction in the order of their commits.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kennel_postgres::wire::{Message as Answer, Wire};
use kennel_postgres::{ConnectionConfig, quote_identifier};
use kennel_sdk::{Error, Limit, Progress, Records, log, metrics};

use super::catalog::{self, slot_error};
use super::change::{Place, Writer};
use super::frame::{self, Frame};
use super::pgoutput::{Begin, Message, Relation};
use super::reader::Malformed;
use super::table::Table;
use super::wait::Patience;
use super::{TRANSACTIONS, moment};
use crate::config::CdcConfig;
use crate::cursor::{Changes, Part};
use crate::lsn::Lsn;

/// The server takes a reader for dead that it has not heard of for a minute ([`super::SESSION`]).
const SILENCE: Duration = Duration::from_secs(10);

/// Changes that are being read.
pub(crate) struct Stream {
    wire: Wire,
    slot: String,
    connection: ConnectionConfig,
    tables: HashMap<u32, Table>,
    writer: Writer,
    /// The transaction that is being read.
    open: Option<Open>,
    /// Where the last change that was read stands.
    position: Changes,
    /// The server has sent everything before.
    received: Lsn,
    /// The server may forget everything before.
    confirmed: Lsn,
    /// When it last heard of us.
    reported: Instant,
}

/// A transaction that is being read.
#[derive(Debug, Clone, Copy)]
struct Open {
    begin: Begin,
    /// Changes read of it.
    changes: u64,
    /// Changes at its start that an earlier reading has delivered.
    delivered: u64,
}

impl Stream {
    /// Begins behind `position`; the slot is known to have everything from there on.
    pub(crate) fn start(
        mut wire: Wire,
        (config, connection): (&CdcConfig, &ConnectionConfig),
        position: Changes,
        writer: Writer,
    ) -> Result<Self, Error> {
        // A list of names within a text.
        let publication = quote_identifier(&config.publication).replace('\'', "''");
        let start = format!(
            "START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names '{publication}')",
            quote_identifier(&config.slot),
            position.lsn
        );
        wire.start_copy(&start).map_err(|error| slot_error(&config.slot, error))?;
        Ok(Self {
            wire,
            slot: config.slot.clone(),
            connection: connection.clone(),
            tables: HashMap::new(),
            writer,
            open: None,
            position,
            received: position.lsn,
            confirmed: Lsn::default(),
            reported: Instant::now(),
        })
    }

    pub(crate) fn position(&self) -> Changes {
        self.position
    }

    /// Reads on.
    pub(crate) fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Progress, Error> {
        let mut patience = Patience::new(Instant::now(), limit.wait);
        if self.reported.elapsed() > SILENCE {
            self.report()?;
        }
        let mut transactions = 0;
        let progress = loop {
            // Between two changes: a change is never cut, even if it makes several messages.
            if records.is_full(limit) {
                break Progress::More;
            }
            match self.wire.next_message().map_err(|error| slot_error(&self.slot, error))? {
                Some(Answer::CopyData(data)) => match Frame::decode(&data).map_err(malformed)? {
                    Frame::Data(message) => {
                        let message = Message::decode(message).map_err(malformed)?;
                        transactions += u64::from(matches!(message, Message::Commit { .. }));
                        self.take(message, records)?;
                    }
                    Frame::KeepAlive { end, reply } => self.keep_alive(end, reply)?,
                },
                Some(other) => {
                    let detail = format!("the server ended replication: {other:?}");
                    return Err(Error::unavailable(detail));
                }
                None => {
                    let Some(wait) = patience.next(records.is_empty(), Instant::now()) else {
                        break Progress::More;
                    };
                    if !self.wire.fill(wait)? {
                        break Progress::Idle;
                    }
                }
            }
        };
        if transactions > 0 {
            metrics::add(TRANSACTIONS, transactions);
        }
        Ok(progress)
    }

    /// D6: only what is in Iggy may be forgotten. Whole transactions, since a part of one cannot be read again by itself.
    pub(crate) fn confirm(&mut self, lsn: Lsn) -> Result<(), Error> {
        self.confirmed = self.confirmed.max(lsn);
        self.report()
    }

    /// Tells the server that we are there, and how far it may forget.
    pub(crate) fn report(&mut self) -> Result<(), Error> {
        let status =
            frame::status(self.received.max(self.confirmed), self.confirmed, moment::now());
        self.wire.send_copy(&status)?;
        self.reported = Instant::now();
        Ok(())
    }

    pub(crate) fn close(self) {
        self.wire.close();
    }

    /// Between transactions, everything that was committed before `end` is here: what lies between concerns other tables.
    fn keep_alive(&mut self, end: Lsn, reply: bool) -> Result<(), Error> {
        self.received = self.received.max(end);
        if self.open.is_none() && end > self.position.lsn {
            self.pass(end);
        }
        if reply { self.report() } else { Ok(()) }
    }

    /// Everything that was committed before `end` is read.
    fn pass(&mut self, end: Lsn) {
        if let Some(part) = self.position.part.filter(|part| part.commit < end) {
            // The publication was changed in between, by somebody who meant it.
            log::warn!("a transaction of which a part was read is not published any more"; lsn = part.commit);
            self.position.part = None;
        }
        self.position.lsn = end;
    }

    fn take(&mut self, message: Message<'_>, records: &mut Records) -> Result<(), Error> {
        match message {
            Message::Begin(begin) => {
                let part = self.position.part.filter(|part| part.commit == begin.commit);
                let delivered = part.map_or(0, |part| part.changes);
                self.writer.begin(&begin);
                self.open = Some(Open { begin, changes: 0, delivered });
                return Ok(());
            }
            Message::Commit { end } => {
                self.open = None;
                self.received = self.received.max(end);
                self.position = Changes { lsn: end, ..Changes::default() };
                return Ok(());
            }
            Message::Relation(relation) => return self.learn(&relation),
            Message::Other => return Ok(()),
            Message::Insert { .. }
            | Message::Update { .. }
            | Message::Delete { .. }
            | Message::Truncate { .. } => {}
        }
        let open =
            self.open.as_mut().ok_or_else(|| Error::broken("a change without a transaction"))?;
        let place = Place { commit: open.begin.commit, sequence: open.changes };
        open.changes += 1;
        if open.changes <= open.delivered {
            return Ok(());
        }
        let part = Part { commit: open.begin.commit, changes: open.changes };
        self.emit(&message, place, records)?;
        self.position.part = Some(part);
        Ok(())
    }

    fn emit(
        &mut self,
        message: &Message<'_>,
        place: Place,
        records: &mut Records,
    ) -> Result<(), Error> {
        let Self { tables, writer, .. } = self;
        let table = |id: &u32| {
            let unknown =
                || Error::broken(format!("a change of a table that was not described: {id}"));
            tables.get(id).ok_or_else(unknown)
        };
        match message {
            Message::Insert { relation, new } => {
                writer.insert(table(relation)?, new, place, records)
            }
            Message::Update { relation, old, new } => {
                writer.update(table(relation)?, (old.as_ref(), new), place, records);
            }
            Message::Delete { relation, old } => {
                writer.delete(table(relation)?, old, place, records)
            }
            Message::Truncate { relations, cascade, restart_identity } => {
                for (part, relation) in (0..).zip(relations) {
                    let options = (*cascade, *restart_identity);
                    writer.truncate(table(relation)?, options, (place, part), records);
                }
            }
            Message::Begin(_) | Message::Commit { .. } | Message::Relation(_) | Message::Other => {}
        }
        Ok(())
    }

    /// What rows of a table look like from now on. Where that is not told in full, a session of its own asks: this one is
    /// busy with changes.
    fn learn(&mut self, relation: &Relation<'_>) -> Result<(), Error> {
        let mut key = None;
        let mut base_types = HashMap::new();
        if catalog::is_needed(relation) {
            let mut wire = Wire::connect(&self.connection, &[])?;
            if relation.replica_identity == b'f' {
                key = Some(catalog::key_of(&mut wire, relation.id)?);
            }
            let types: Vec<u32> = relation.columns.iter().map(|column| column.type_id).collect();
            base_types = catalog::base_types(&mut wire, &types)?;
            wire.close();
        }
        let base_type = |id| base_types.get(&id).copied().unwrap_or(id);
        let table = Table::of_relation(relation, key.as_deref(), base_type);
        self.tables.insert(relation.id, table);
        Ok(())
    }
}

fn malformed(error: Malformed) -> Error {
    Error::broken(format!("replication: {error}"))
}
