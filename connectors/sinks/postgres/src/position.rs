//! The table of positions: how far each partition is, moved in the transaction that writes its rows.

use futures_util::future::try_join_all;
use kennel_postgres::{ClientError, Session, TableName};
use kennel_sdk::prelude::*;

use crate::prepared::Prepared;
use crate::table;

/// The table of positions, as one connector uses it.
#[derive(Debug)]
pub(crate) struct Positions {
    table: TableName,
    connector: String,
    read: Prepared,
    advance: Prepared,
}

/// What the table says about a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Nothing of this epoch.
    Nothing,
    /// The next offset.
    Next(u64),
    /// A later epoch has begun: somebody else is further.
    LaterEpoch,
}

/// A step of one partition.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) origin: &'a Origin,
    /// What the table held when it was last read; none: nothing of this epoch.
    pub(crate) from: Option<u64>,
    pub(crate) to: u64,
}

impl Positions {
    pub(crate) fn new(table: &TableName, connector: String) -> Self {
        // A commit that is still on its way holds the row; `for update` waits for it.
        let read = format!(
            "select epoch, next from {table} \
             where connector = $1 and stream = $2 and topic = $3 and partition = $4 for update"
        );
        let advance = format!(
            "insert into {table} as held (connector, stream, topic, partition, epoch, next) \
             values ($1, $2, $3, $4, $5, $6) \
             on conflict (connector, stream, topic, partition) do update \
             set epoch = excluded.epoch, next = excluded.next, updated_at = now() \
             where held.epoch < excluded.epoch \
                or (held.epoch = excluded.epoch and held.next = $7::bigint)"
        );
        Self {
            table: table.clone(),
            connector,
            read: Prepared::new(read),
            advance: Prepared::new(advance),
        }
    }

    /// Makes the table if it is missing.
    pub(crate) async fn create(&self, session: &Session) -> Result<(), ClientError> {
        if table::exists(session, &self.table).await? {
            return Ok(());
        }
        let statement = format!(
            "create table if not exists {} (connector text, stream text, topic text, partition bigint, \
             epoch bigint not null, next bigint not null, updated_at timestamptz not null default now(), \
             primary key (connector, stream, topic, partition))",
            self.table
        );
        table::define(session, &statement).await
    }

    /// Reads the position of a partition. A commit of it that is still on its way is waited for.
    pub(crate) async fn read(
        &self,
        session: &Session,
        generation: u64,
        origin: &Origin,
    ) -> Result<Stored, ClientError> {
        let statement = self.read.get(session, generation).await?;
        let partition = i64::from(origin.partition);
        let row = session
            .query_opt(&statement, &[&self.connector, &origin.stream, &origin.topic, &partition])
            .await?;
        let Some(row) = row else { return Ok(Stored::Nothing) };
        let (epoch, next): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(match epoch.cast_unsigned().cmp(&origin.epoch) {
            std::cmp::Ordering::Less => Stored::Nothing,
            std::cmp::Ordering::Equal => Stored::Next(next.cast_unsigned()),
            std::cmp::Ordering::Greater => Stored::LaterEpoch,
        })
    }

    /// Moves positions, each only if it is where it was left, or of an earlier epoch. Answers the index of the first step that
    /// somebody else was faster with.
    pub(crate) async fn advance(
        &self,
        session: &Session,
        generation: u64,
        steps: &[Step<'_>],
    ) -> Result<Option<usize>, ClientError> {
        let statement = self.advance.get(session, generation).await?;
        let moved = try_join_all(steps.iter().map(async |step| {
            let origin = step.origin;
            let (partition, epoch) = (i64::from(origin.partition), origin.epoch.cast_signed());
            let (to, from) = (step.to.cast_signed(), step.from.map(u64::cast_signed));
            session
                .execute(
                    &statement,
                    &[
                        &self.connector,
                        &origin.stream,
                        &origin.topic,
                        &partition,
                        &epoch,
                        &to,
                        &from,
                    ],
                )
                .await
        }))
        .await?;
        Ok(moved.iter().position(|rows| *rows == 0))
    }
}
