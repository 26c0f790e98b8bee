//! Rows into the open transaction; rows that the server refuses are found one by one, their neighbours stay.

use std::ops::Range;
use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use futures_util::future::join3;
use kennel_postgres::tokio_postgres::{self, Statement};
use kennel_postgres::{ClientError, Session};

use crate::config::Mode;
use crate::plan::Plan;
use crate::rows::Rows;

/// After so many refused rows a call ends, so that a batch of nothing else does not outlast the host's patience.
pub(crate) const MOST_REFUSED: usize = 32;

/// What became of rows.
#[derive(Debug)]
pub(crate) struct Written {
    /// Rows `0..handled` are in the transaction or refused; the others were not touched.
    pub(crate) handled: usize,
    /// Ascending.
    pub(crate) refused: Vec<Refused>,
}

/// A row that the server does not take, and its words.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) row: usize,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// Writes rows under savepoints: all at once, and where that fails for their data, in halves, down to the guilty rows.
/// `may_end_before` tells where the untouched rest may begin.
pub(crate) async fn write(
    session: &Session,
    generation: u64,
    plan: &Plan,
    rows: &Rows,
    may_end_before: impl Fn(usize) -> bool,
) -> Result<Written, ClientError> {
    let statement = plan.statement.get(session, generation).await?;
    let mut written = Written { handled: rows.len(), refused: Vec::new() };
    // The first range is on top, so rows are written in their order.
    let mut ranges: Vec<_> = std::iter::once(0..rows.len()).collect();
    while let Some(range) = ranges.pop() {
        if written.refused.len() >= MOST_REFUSED && may_end_before(range.start) {
            written.handled = range.start;
            break;
        }
        match attempt(session, plan.mode, &statement, rows, range.clone()).await {
            Ok(()) => {}
            Err(error) if error.is_data() && range.len() == 1 => written.refused.push(Refused {
                row: range.start,
                code: format!("sql_{}", error.code().unwrap_or_default()),
                detail: error.to_string(),
            }),
            Err(error) if error.is_data() => {
                let middle = range.start + range.len() / 2;
                ranges.push(middle..range.end);
                ranges.push(range.start..middle);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// Writes rows that were accepted before, without a way back.
pub(crate) async fn write_again(
    session: &Session,
    generation: u64,
    plan: &Plan,
    rows: &Rows,
) -> Result<(), ClientError> {
    let statement = plan.statement.get(session, generation).await?;
    Ok(insert(session, plan.mode, &statement, rows, 0..rows.len()).await?)
}

/// Writes some rows or, if that fails, none. The three requests travel together.
async fn attempt(
    session: &Session,
    mode: Mode,
    statement: &Statement,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), ClientError> {
    let (marked, inserted, _released) = join3(
        session.batch_execute("savepoint batch"),
        insert(session, mode, statement, rows, range),
        session.batch_execute("release savepoint batch"),
    )
    .await;
    marked?;
    if let Err(error) = inserted {
        let error = ClientError::from(error);
        if error.is_data() {
            let back = "rollback to savepoint batch; release savepoint batch";
            session.batch_execute(back).await?;
        }
        return Err(error);
    }
    Ok(())
}

async fn insert(
    session: &Session,
    mode: Mode,
    statement: &Statement,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), tokio_postgres::Error> {
    if mode == Mode::Copy {
        let mut copy = pin!(session.copy_in::<_, Bytes>(statement).await?);
        copy.send(rows.copy_text(range).freeze()).await?;
        copy.finish().await?;
    } else {
        let columns = (0..rows.width()).map(|column| rows.column(column, range.clone()));
        session.execute_raw(statement, columns).await?;
    }
    Ok(())
}
