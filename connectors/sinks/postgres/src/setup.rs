//! What `open` does: the table is there, with the columns it should have, and can be written.

use kennel_postgres::{ClientError, Session};

use crate::config::Config;
use crate::plan::Plan;
use crate::rows::Rows;
use crate::table::{self, TableColumn};
use crate::transaction::{begin, roll_back};
use crate::writer::write_again;

/// The table's columns, after it was created or grown as far as the configuration allows; none: there is no table.
pub(crate) async fn table(
    session: &Session,
    config: &Config,
) -> Result<Option<Vec<TableColumn>>, ClientError> {
    let mut found = table::read(session, &config.table).await?;
    if found.is_none() && config.create {
        table::define(session, &table::create_statement(config)).await?;
        found = table::read(session, &config.table).await?;
    }
    let (Some(columns), true) = (&found, config.evolve) else { return Ok(found) };
    let missing = config
        .columns
        .iter()
        .filter(|wanted| !columns.iter().any(|column| column.name == wanted.name))
        .filter_map(|wanted| Some((wanted.name.as_str(), wanted.type_name.as_deref()?)));
    match table::evolve_statement(&config.table, missing) {
        Some(statement) => {
            table::define(session, &statement).await?;
            table::read(session, &config.table).await
        }
        None => Ok(found),
    }
}

/// Writes no row, so that a missing right or unique index shows before messages are taken.
pub(crate) async fn check(
    session: &Session,
    generation: u64,
    timeout_ms: u64,
    plan: &Plan,
) -> Result<(), ClientError> {
    if plan.targets.is_empty() {
        return Ok(());
    }
    begin(session, timeout_ms).await?;
    let written = write_again(session, generation, plan, &Rows::new(plan.targets.len())).await;
    roll_back(session).await?;
    written
}
