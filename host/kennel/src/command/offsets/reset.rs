//! `kennel offsets reset`.

use serde::Serialize;

use super::partitions::partitions;
use crate::cli::{GlobalArguments, ResetOffsetsArguments};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// A seek that was forgotten.
#[derive(Debug, Serialize)]
struct Forgotten {
    topic: String,
    partition: u32,
    /// Where it would have begun.
    sought: u64,
    /// The offset after the last one that the group has stored: it goes on there.
    stored: Option<u64>,
}

pub(super) async fn run(
    arguments: ResetOffsetsArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let state = selected.state()?;
    let connection = selected.connect().await?;
    let mut forgotten = Vec::new();
    for partition in partitions(&selected, &connection, &arguments.filter).await? {
        let place = partition.place();
        let seek = state.sought(&place).map_err(Failure::running)?;
        if let Some(sought) = seek.next {
            state.seek_done(&place).map_err(Failure::running)?;
            forgotten.push(Forgotten {
                topic: partition.target.to_string(),
                partition: partition.at.partition,
                sought,
                stored: partition.at.next,
            });
        }
    }
    let key = selected.key();
    let report = serde_json::json!({ "connector": key, "forgotten": forgotten });
    terminal.result(&report, || text(key, &forgotten));
    Ok(())
}

fn text(key: &str, forgotten: &[Forgotten]) -> String {
    if forgotten.is_empty() {
        return format!("no seek of {key} is pending");
    }
    let lines: Vec<_> = forgotten
        .iter()
        .map(|Forgotten { topic, partition, sought, stored }| {
            let place = match stored {
                Some(stored) => format!("goes on at {stored}"),
                None => "begins where `start` says".to_owned(),
            };
            format!("  {topic}/{partition} {place} instead of {sought}")
        })
        .collect();
    format!(
        "when {key} is next started:\n{}\n\
         the epoch stays new: a sink that keeps its own position goes by these offsets too",
        lines.join("\n")
    )
}
