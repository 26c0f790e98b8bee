//! Every change, from the server's log: first the rows that are there, then what happens to them.
//!
//! ```text
//!   start, no position ──> Creating ──> Snapshot ──all rows read──> Copied ──confirmed──> Streaming
//!   start, a position ────────────────────────────────────────────────────────────────────────^
//!   any error ──> Disconnected ──poll──> as start, with the position of the last poll that answered
//! ```
//!
//! The slot that lasts is made when the last row of the snapshot is confirmed, as a copy of the temporary one that the snapshot
//! was taken with. So a slot that lasts always has a saved position that belongs to it, and a snapshot that is given up leaves
//! nothing behind that would keep the server's log back for ever.

mod catalog;
mod change;
mod frame;
mod moment;
mod pgoutput;
mod reader;
mod slot;
mod snapshot;
mod stream;
mod table;
mod wait;

use std::time::Duration;

use kennel_postgres::wire::Wire;
use kennel_postgres::{ClientError, ConnectionConfig};
use kennel_sdk::{Error, Limit, Progress, Records, log, metrics};

use crate::config::CdcConfig;
use crate::cursor::{Changes, Position};
use crate::identity::Namespace;
use crate::lsn::Lsn;
use crate::value;
use catalog::{ensure_publication, find_slot};
use change::Writer;
use slot::{Created, Creating, New, TemporarySlot};
use snapshot::Snapshot;
use stream::Stream;

/// Counts transactions that were read to their end.
pub(crate) const TRANSACTIONS: &str = "transactions_total";
/// Counts snapshots that were begun.
pub(crate) const SNAPSHOTS: &str = "snapshots_total";

/// Of the session, beside how values look: who is silent for a minute is dead, but a snapshot may take its time.
const SESSION: [(&str, &str); 4] = [
    ("replication", "database"),
    ("wal_sender_timeout", "60s"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
];

/// How long `start` waits for a new slot; after that, polls do.
const SLOT_PATIENCE: Duration = Duration::from_secs(1);

/// Reads every change.
pub(crate) struct Cdc {
    config: CdcConfig,
    connection: ConnectionConfig,
    phase: Phase,
    /// As the last poll has answered it; none: the configured start.
    position: Option<Position>,
}

enum Phase {
    Disconnected,
    /// The server is making the slot.
    Creating(Box<Creating>),
    Snapshot(Box<Snapshot>),
    /// All rows of the snapshot are read; the slot that lasts is made when they are confirmed.
    Copied(Box<Copied>),
    Streaming(Box<Stream>),
}

/// What keeps the changes since the snapshot for the moment.
struct Copied {
    wire: Wire,
    slot: TemporarySlot,
    writer: Writer,
}

impl Cdc {
    /// Checks that the server can be reached as a replication client; takes nothing.
    pub(crate) fn open(config: CdcConfig, connection: ConnectionConfig) -> Result<Self, Error> {
        connect(&connection)?.close();
        Ok(Self { config, connection, phase: Phase::Disconnected, position: None })
    }

    pub(crate) fn start(&mut self, position: Option<Position>) -> Result<(), Error> {
        // The slot is given back before it is taken again.
        self.disconnect();
        self.position = position;
        self.begin()
    }

    pub(crate) fn poll(
        &mut self,
        limit: &Limit,
        records: &mut Records,
    ) -> Result<(Position, Progress), Error> {
        if matches!(self.phase, Phase::Disconnected) {
            self.begin()?;
        }
        let answer = self.read(limit, records);
        match answer {
            Ok((position, progress)) => {
                self.position = Some(position.clone());
                Ok((position, progress))
            }
            Err(error) => {
                self.phase = Phase::Disconnected;
                Err(error)
            }
        }
    }

    pub(crate) fn confirm(&mut self, position: &Position) -> Result<(), Error> {
        // Rows of a snapshot are nothing that the server would have to know about.
        let Position::Changes(changes) = position else { return Ok(()) };
        let answer = match self.take_phase() {
            Phase::Disconnected => return Err(Error::unavailable("not connected for the moment")),
            Phase::Streaming(mut stream) => {
                stream.confirm(changes.lsn).map(|()| Phase::Streaming(stream))
            }
            Phase::Copied(copied) if changes.unslotted && changes.lsn == copied.slot.lsn => {
                self.make_lasting(*copied)
            }
            // A position of an earlier snapshot, which was given up.
            other => Ok(other),
        };
        self.phase = answer?;
        Ok(())
    }

    /// The server takes a reader for dead that it does not hear of.
    pub(crate) fn tick(&mut self) -> Result<(), Error> {
        let Phase::Streaming(stream) = &mut self.phase else { return Ok(()) };
        let answer = stream.report();
        if answer.is_err() {
            self.phase = Phase::Disconnected;
        }
        answer
    }

    pub(crate) fn disconnect(&mut self) {
        match self.take_phase() {
            Phase::Streaming(stream) => stream.close(),
            Phase::Snapshot(snapshot) => snapshot.into_parts().0.close(),
            Phase::Copied(copied) => copied.wire.close(),
            Phase::Creating(creating) => creating.close(),
            Phase::Disconnected => {}
        }
    }

    /// Connects, and takes the slot.
    fn begin(&mut self) -> Result<(), Error> {
        let mut wire = connect(&self.connection)?;
        let [system, database] = catalog::system(&mut wire)?;
        let CdcConfig { slot: name, publication, .. } = &self.config;
        let namespace = Namespace::new(&["postgres", &system, &database, name, publication]);
        let writer = Writer::new(namespace);
        let changes = match &self.position {
            Some(Position::Changes(changes)) => Some(*changes),
            _ => None,
        };
        ensure_publication(&mut wire, &self.config, changes.is_none_or(|it| it.unslotted))?;
        let slot = find_slot(&mut wire, name)?;
        let from = match (changes, slot) {
            (Some(changes), Some(slot)) => {
                slot.covers(name, &database, changes.lsn)?;
                Changes { unslotted: false, ..changes }
            }
            (Some(changes), None) if changes.unslotted && self.config.snapshot => {
                return self.create(wire, writer);
            }
            (Some(_), None) => return Err(catalog::lost(name, "it is not there any more")),
            (None, Some(_)) if self.config.snapshot => {
                return Err(Error::invalid_config(format!(
                    "replication slot {name} is there already, but no position that belongs to it: if nobody else uses it, \
                     drop it to begin with a snapshot; or set `snapshot = false` to read only what it has kept"
                )));
            }
            (None, Some(slot)) => {
                Changes { lsn: slot.usable(name, &database)?, ..Changes::default() }
            }
            (None, None) if self.config.create_slot => return self.create(wire, writer),
            (None, None) => {
                let detail =
                    format!("there is no replication slot {name}, and `create_slot` is off");
                return Err(Error::invalid_config(detail));
            }
        };
        self.stream(wire, from, writer)
    }

    /// Asks for a slot. Nothing is read before it is there.
    fn create(&mut self, wire: Wire, writer: Writer) -> Result<(), Error> {
        if let Some(
            Position::Snapshot { lsn: Some(lsn) } | Position::Changes(Changes { lsn, .. }),
        ) = &self.position
        {
            log::warn!("the snapshot begins anew: rows that were read already come again"; abandoned = lsn);
        }
        let mut creating = Creating::start(wire, &self.config, writer)?;
        // On a server without long transactions it is there at once.
        if creating.wait(SLOT_PATIENCE)? {
            return self.created(creating);
        }
        log::info!("waiting for transactions that began before the slot"; slot = self.config.slot);
        self.phase = Phase::Creating(Box::new(creating));
        Ok(())
    }

    fn created(&mut self, creating: Creating) -> Result<(), Error> {
        let Created { wire, writer, slot } = creating.into_created()?;
        match slot {
            New::Lasting(lsn) => self.stream(wire, Changes { lsn, ..Changes::default() }, writer),
            New::Temporary(slot) => {
                metrics::add(SNAPSHOTS, 1);
                let snapshot = Snapshot::start(wire, &self.config.publication, slot, writer)?;
                self.phase = Phase::Snapshot(Box::new(snapshot));
                Ok(())
            }
        }
    }

    fn stream(&mut self, wire: Wire, from: Changes, writer: Writer) -> Result<(), Error> {
        let stream = Stream::start(wire, (&self.config, &self.connection), from, writer)?;
        self.phase = Phase::Streaming(Box::new(stream));
        Ok(())
    }

    fn read(
        &mut self,
        limit: &Limit,
        records: &mut Records,
    ) -> Result<(Position, Progress), Error> {
        if let Phase::Creating(creating) = &mut self.phase {
            let is_there = creating.wait(limit.wait)?;
            if is_there && let Phase::Creating(creating) = self.take_phase() {
                self.created(*creating)?;
            }
            let progress = if is_there { Progress::More } else { Progress::Idle };
            return Ok((Position::Snapshot { lsn: None }, progress));
        }
        match &mut self.phase {
            Phase::Creating(_) | Phase::Disconnected => {
                Err(Error::unavailable("not connected for the moment"))
            }
            Phase::Streaming(stream) => {
                let progress = stream.poll(limit, records)?;
                Ok((Position::Changes(stream.position()), progress))
            }
            // Nothing can be read before the slot is there; a poll at once would be too early.
            Phase::Copied(copied) => Ok((unslotted(copied.slot.lsn), Progress::Idle)),
            Phase::Snapshot(snapshot) => {
                let lsn = snapshot.slot().lsn;
                if let Some(progress) = snapshot.poll(limit, records)? {
                    return Ok((Position::Snapshot { lsn: Some(lsn) }, progress));
                }
                self.finish_snapshot();
                Ok((unslotted(lsn), Progress::More))
            }
        }
    }

    fn take_phase(&mut self) -> Phase {
        std::mem::replace(&mut self.phase, Phase::Disconnected)
    }

    fn finish_snapshot(&mut self) {
        self.phase = match self.take_phase() {
            Phase::Snapshot(snapshot) => {
                let (wire, slot, writer) = snapshot.into_parts();
                Phase::Copied(Box::new(Copied { wire, slot, writer }))
            }
            other => other,
        };
    }

    /// Every row of the snapshot is in Iggy: makes the slot that lasts, and goes on with the changes since.
    fn make_lasting(&mut self, copied: Copied) -> Result<Phase, Error> {
        let Copied { mut wire, slot, writer } = copied;
        slot.make_lasting(&mut wire, &self.config.slot)?;
        let from = Changes { lsn: slot.lsn, ..Changes::default() };
        self.stream(wire, from, writer)?;
        Ok(self.take_phase())
    }
}

/// A position behind a snapshot that is not confirmed.
fn unslotted(lsn: Lsn) -> Position {
    Position::Changes(Changes { lsn, part: None, unslotted: true })
}

fn connect(connection: &ConnectionConfig) -> Result<Wire, ClientError> {
    let parameters: Vec<(&str, &str)> = SESSION.into_iter().chain(value::SETTINGS).collect();
    Wire::connect(connection, &parameters)
}
