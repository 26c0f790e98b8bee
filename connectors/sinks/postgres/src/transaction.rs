//! The transaction that everything held is in: begun, written again after a lost connection, committed.

use std::collections::BTreeMap;

use kennel_postgres::{ClientError, Session};
use kennel_sdk::prelude::*;

use crate::partition::{Found, Partition};
use crate::position::{Positions, Step};
use crate::writer::write_again;

/// Begins. The server gives up before the client does (`timeout_ms`), and ends a transaction whose owner is gone, so that it
/// keeps nobody waiting. Deferred constraints are checked at once, because only then a row can be named.
pub(crate) async fn begin(session: &Session, timeout_ms: u64) -> Result<(), ClientError> {
    let begin = format!(
        "begin isolation level read committed; \
         set local statement_timeout = {timeout_ms}; \
         set local lock_timeout = {}; \
         set local idle_in_transaction_session_timeout = '60s'; \
         set constraints all immediate",
        (timeout_ms / 2).max(1)
    );
    Ok(session.batch_execute(&begin).await?)
}

/// Undoes.
pub(crate) async fn roll_back(session: &Session) -> Result<(), ClientError> {
    Ok(session.batch_execute("rollback").await?)
}

/// Commits.
pub(crate) async fn commit(session: &Session) -> Result<(), ClientError> {
    Ok(session.batch_execute("commit").await?)
}

/// Brings what is held into a transaction that just began, except what turns out to be committed. Answers a partition that
/// somebody else has moved on.
pub(crate) async fn restore(
    session: &Session,
    generation: u64,
    positions: &Positions,
    partitions: &mut BTreeMap<Origin, Partition>,
) -> Result<Option<Origin>, ClientError> {
    for (origin, partition) in partitions {
        if partition.held_end().is_none() {
            continue;
        }
        let stored = positions.read(session, generation, origin).await?;
        match partition.compare(stored) {
            Found::Committed => count(partition.committed()),
            Found::Missing => {
                for chunk in partition.chunks() {
                    write_again(session, generation, &chunk.plan, &chunk.rows).await?;
                }
            }
            Found::Foreign => return Ok(Some(origin.clone())),
        }
    }
    Ok(None)
}

/// Moves the positions of all partitions that hold something. Answers a partition that somebody else was faster with.
pub(crate) async fn advance(
    session: &Session,
    generation: u64,
    positions: &Positions,
    partitions: &BTreeMap<Origin, Partition>,
) -> Result<Option<Origin>, ClientError> {
    let held = partitions.iter().filter_map(|(origin, partition)| {
        Some(Step { origin, from: partition.stored(), to: partition.held_end()? })
    });
    let steps: Vec<_> = held.collect();
    let overtaken = positions.advance(session, generation, &steps).await?;
    Ok(overtaken.map(|index| steps[index].origin.clone()))
}

/// Counts committed rows.
pub(crate) fn count(rows: usize) {
    metrics::add("rows_total", rows as u64);
}
