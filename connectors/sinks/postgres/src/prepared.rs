//! A statement that is prepared once in each session.

use std::cell::RefCell;

use kennel_postgres::tokio_postgres::Statement;
use kennel_postgres::{ClientError, Session};

/// A statement, and the number of the session that prepared it last.
#[derive(Debug)]
pub(crate) struct Prepared {
    sql: String,
    latest: RefCell<Option<(u64, Statement)>>,
}

impl Prepared {
    pub(crate) fn new(sql: String) -> Self {
        Self { sql, latest: RefCell::new(None) }
    }

    #[cfg(test)]
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The statement in the session that is numbered `generation`.
    pub(crate) async fn get(
        &self,
        session: &Session,
        generation: u64,
    ) -> Result<Statement, ClientError> {
        if let Some((prepared_in, statement)) = &*self.latest.borrow()
            && *prepared_in == generation
        {
            return Ok(statement.clone());
        }
        let statement = session.prepare(&self.sql).await?;
        *self.latest.borrow_mut() = Some((generation, statement.clone()));
        Ok(statement)
    }
}
