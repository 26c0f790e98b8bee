//! Writes messages into a PostgreSQL table, each exactly once: rows and positions are committed in one transaction.
#![forbid(unsafe_code)]

mod config;
mod encode;
mod field_type;
mod kind;
mod partition;
mod plan;
mod position;
mod prepared;
mod rows;
mod setup;
mod table;
mod transaction;
mod value_path;
mod value_source;
mod writer;

use std::collections::BTreeMap;
use std::rc::Rc;

use kennel_postgres::{Client, ClientError};
use kennel_sdk::prelude::*;

pub use config::{Column, Config, Mode};
pub use value_path::ValuePath;
pub use value_source::ValueSource;

use encode::{Encoded, Encoder};
use partition::Partition;
use plan::Plan;
use position::{Positions, Stored};
use transaction::{advance, begin, commit, count, restore, roll_back};
use writer::{Written, write};

/// The sink.
pub struct PostgresSink {
    config: Config,
    client: Client,
    positions: Positions,
    plan: Rc<Plan>,
    encoder: Encoder,
    partitions: BTreeMap<Origin, Partition>,
    /// Number of the session whose open transaction has all the rows that are held.
    transaction: Option<u64>,
}

#[kennel_sdk::sink(
    name = "postgres",
    summary = "rows of a PostgreSQL table, each message exactly once",
    accepts = ["json", "text", "raw"],
    delivery = "transactional",
    heartbeat_ms = 15_000,
    metrics = ["rows_total"],
    asks(tcp = "config:/connection/host", reason = "the rows are written there")
)]
impl Sink for PostgresSink {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        let mut client = Client::connect(&config.connection)?;
        let connector = kennel_sdk::attribute("connector").unwrap_or_default();
        let positions = Positions::new(&config.positions_table, connector);
        let columns = client.run(async |session| {
            positions.create(session).await?;
            setup::table(session, &config).await
        })?;
        let Some(columns) = columns else {
            return Err(Error::invalid_config(format!(
                "there is no table {}; create it, or set create = true",
                config.table
            )));
        };
        let plan = Plan::new(&config, &columns)?;
        let generation = client.connected()?;
        let timeout_ms = config.connection.timeout_ms;
        client.run_in(generation, async |session| {
            setup::check(session, generation, timeout_ms, &plan).await
        })?;
        Ok(Self {
            config,
            client,
            positions,
            plan: Rc::new(plan),
            encoder: Encoder::default(),
            partitions: BTreeMap::new(),
            transaction: None,
        })
    }

    fn assign(&mut self, origin: &Origin, saved: Option<u64>) -> Result<Option<u64>, Error> {
        // Assigned again: what was held is replayed.
        self.forget(origin);
        let generation = self.client.connected()?;
        let within = self.transaction == Some(generation);
        let read = self.client.run_in(generation, async |session| {
            if !within {
                return self.positions.read(session, generation, origin).await;
            }
            // Going back to the savepoint lets go of the row.
            session.batch_execute("savepoint assign").await?;
            let stored = self.positions.read(session, generation, origin).await?;
            let back = "rollback to savepoint assign; release savepoint assign";
            session.batch_execute(back).await?;
            Ok(stored)
        });
        let stored = match read {
            Ok(Stored::Nothing) => None,
            Ok(Stored::Next(next)) => Some(next),
            Ok(Stored::LaterEpoch) => {
                return Err(Error::fenced("a later epoch of this partition has begun"));
            }
            Err(error) => return Err(self.failed(error)),
        };
        self.partitions.insert(origin.clone(), Partition::new(stored, saved));
        Ok(stored)
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let partition = self
            .partitions
            .get(batch.origin())
            .ok_or_else(|| Error::broken("a batch of a partition that was not assigned"))?;
        let first = partition.first_new(batch)?;
        if first >= batch.end() {
            return Ok(Receipt::held(batch));
        }
        self.grow(batch, first)?;
        let encoded = self.encoder.encode(&self.plan, batch, first);
        let written = self.write(batch, &encoded)?;
        Ok(self.hold(batch, encoded, &written))
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        if self.holds_something() {
            let generation = self.join_transaction()?;
            // What was held may turn out to be committed.
            if self.holds_something() {
                self.commit(generation)?;
            }
        }
        let known = self.partitions.iter().filter_map(|(origin, partition)| {
            Some(Position { origin: origin.clone(), next: partition.stored()? })
        });
        Ok(known.collect())
    }

    fn revoke(&mut self, origin: &Origin, _lost: bool) -> Result<(), Error> {
        self.forget(origin);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Error> {
        self.client.run(async |session| Ok(session.check_connection().await?))?;
        Ok(())
    }

    fn close(&mut self) {
        self.client.close();
    }

    fn validate(config: &Config) -> Vec<Problem> {
        config.problems()
    }
}

impl PostgresSink {
    fn holds_something(&self) -> bool {
        self.partitions.values().any(|partition| partition.held_end().is_some())
    }

    /// Answers the session in whose open transaction everything is that is held. If there is none, begins one and writes
    /// what is held again.
    fn join_transaction(&mut self) -> Result<u64, Error> {
        let generation = self.client.connected()?;
        if self.transaction == Some(generation) {
            return Ok(generation);
        }
        if self.holds_something() {
            let rows: usize = self.partitions.values().map(Partition::rows).sum();
            log::info!("the transaction is gone; what was held is written again"; rows = rows);
        }
        self.transaction = Some(generation);
        let timeout_ms = self.config.connection.timeout_ms;
        let restored = self.client.run_in(generation, async |session| {
            begin(session, timeout_ms).await?;
            restore(session, generation, &self.positions, &mut self.partitions).await
        });
        match restored {
            Ok(None) => Ok(generation),
            Ok(Some(origin)) => Err(self.overtaken(&origin)),
            Err(error) if error.is_data() => {
                self.undo();
                // Nobody asks for single messages now; assigned again, they come back to `consume`.
                Err(Error::fenced(format!("what was held cannot be written again: {error}")))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// With `evolve`: gives new fields their columns.
    fn grow(&mut self, batch: &Batch, first: u64) -> Result<(), Error> {
        let fields = self.encoder.new_fields(&self.plan, batch, first);
        let missing = fields.iter().map(|(name, field_type)| (name.as_str(), field_type.name()));
        let Some(statement) = table::evolve_statement(&self.config.table, missing) else {
            return Ok(());
        };
        // The server changes a table only while nobody is in the middle of writing to it. What is held is written again
        // afterwards.
        self.undo();
        let columns = self.client.run(async |session| {
            table::define(session, &statement).await?;
            table::read(session, &self.config.table).await
        })?;
        let columns = columns.unwrap_or_default();
        log::info!("columns added"; table = &self.config.table, columns = fields.len());
        self.plan = Rc::new(Plan::new(&self.config, &columns)?);
        Ok(())
    }

    /// Brings rows into the transaction.
    fn write(&mut self, batch: &Batch, encoded: &Encoded) -> Result<Written, Error> {
        let Encoded { rows, messages, .. } = encoded;
        let generation = self.join_transaction()?;
        if rows.is_empty() {
            return Ok(Written { handled: 0, refused: Vec::new() });
        }
        // Messages of one offset are settled together.
        let offset = |row: usize| batch.get(messages[row]).map(|message| message.offset());
        let may_end_before = |row: usize| row > 0 && offset(row) != offset(row - 1);
        let plan = Rc::clone(&self.plan);
        let written = self.client.run_in(generation, async |session| {
            write(session, generation, &plan, rows, may_end_before).await
        });
        written.map_err(|error| self.failed(error))
    }

    /// Books what was written, and says what became of each message.
    fn hold(&mut self, batch: &Batch, encoded: Encoded, written: &Written) -> Receipt {
        let Encoded { mut rows, messages, rejected } = encoded;
        let refused: Vec<_> = written.refused.iter().map(|refused| refused.row).collect();
        let untouched = messages.get(written.handled).copied();
        let (handled, end) = match untouched.and_then(|index| batch.get(index)) {
            Some(message) => (message.index() as usize, message.offset()),
            None => (batch.len(), batch.end()),
        };
        let mut receipt = Receipt::partial(handled, true);
        let known =
            rejected.iter().map(|rejected| (rejected.message, &rejected.code, &rejected.detail));
        let found = written
            .refused
            .iter()
            .map(|refused| (messages[refused.row], &refused.code, &refused.detail));
        for (index, code, detail) in known.chain(found).filter(|(index, ..)| *index < handled) {
            if let Some(message) = batch.get(index) {
                receipt.reject(&message, code, detail);
            }
        }
        rows.truncate(written.handled);
        rows.remove(&refused);
        if let Some(partition) = self.partitions.get_mut(batch.origin()) {
            partition.hold(&self.plan, rows, end);
        }
        receipt
    }

    /// Moves the positions and commits.
    fn commit(&mut self, generation: u64) -> Result<(), Error> {
        let advanced = self.client.run_in(generation, async |session| {
            advance(session, generation, &self.positions, &self.partitions).await
        });
        match advanced {
            Ok(None) => {}
            Ok(Some(origin)) => return Err(self.overtaken(&origin)),
            Err(error) => return Err(self.failed(error)),
        }
        // Whatever the answer, or none: this transaction is over. If the commit happened, the positions will tell.
        let committed = self.client.run_in(generation, async |session| commit(session).await);
        self.transaction = None;
        match committed {
            Ok(()) => {
                self.partitions.values_mut().for_each(|partition| count(partition.committed()));
                Ok(())
            }
            Err(error) if error.is_data() => {
                Err(Error::fenced(format!("the commit was refused: {error}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a partition up with what it holds.
    fn forget(&mut self, origin: &Origin) {
        let forgotten = self.partitions.remove(origin);
        if forgotten.is_some_and(|partition| partition.held_end().is_some()) {
            self.undo();
        }
    }

    /// Undoes the transaction. What partitions hold is written again by the next one.
    fn undo(&mut self) {
        if let Some(generation) = self.transaction.take() {
            let undone = self.client.run_in(generation, async |session| roll_back(session).await);
            if undone.is_err() {
                // The server undoes what a lost session leaves behind.
                self.client.disconnect();
            }
        }
    }

    fn failed(&mut self, error: ClientError) -> Error {
        self.undo();
        error.into()
    }

    fn overtaken(&mut self, origin: &Origin) -> Error {
        self.undo();
        let Origin { stream, topic, partition, .. } = origin;
        Error::fenced(format!(
            "somebody else has moved partition {partition} of {stream}/{topic} on in {}",
            self.config.positions_table
        ))
    }
}
