//! `kennel state list`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_state::StateSnapshot;
use serde_json::{Value, json};

use crate::cli::{GlobalArguments, ListStateArguments};
use crate::command::readable::content;
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(super) async fn run(
    arguments: &ListStateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let state = selected.state()?;
    let snapshot = state.snapshot().map_err(Failure::running)?;
    let records = state.records().map_err(Failure::running)?.len();
    let key = selected.key();
    terminal.result(&json(key, &snapshot, records), || text(key, &snapshot, records));
    Ok(())
}

/// Keys, and bytes of keys and values, by keyspace.
fn sizes(snapshot: &StateSnapshot) -> impl Iterator<Item = (&str, usize, usize)> {
    snapshot.keyspaces.iter().map(|(keyspace, values)| {
        let bytes: usize = values.iter().map(|(key, value)| key.len() + value.len()).sum();
        (keyspace.as_str(), values.len(), bytes)
    })
}

fn json(connector: &str, snapshot: &StateSnapshot, records: usize) -> Value {
    let keyspaces: Vec<Value> = sizes(snapshot)
        .map(
            |(keyspace, keys, bytes)| json!({ "keyspace": keyspace, "keys": keys, "bytes": bytes }),
        )
        .collect();
    let checkpoints: Vec<Value> = snapshot
        .checkpoints
        .iter()
        .map(
            |(partition, at)| json!({ "partition": partition, "epoch": at.epoch, "next": at.next }),
        )
        .collect();
    let seeks: Vec<Value> = snapshot
        .seeks
        .iter()
        .map(|(place, seek)| json!({ "partition": place, "count": seek.count, "next": seek.next }))
        .collect();
    let pending: Vec<Value> = snapshot
        .pending
        .iter()
        .map(|it| json!({ "partition": it.partition, "epoch": it.end.epoch, "end": it.end.next }))
        .collect();
    json!({
        "connector": connector,
        "cursor": snapshot.cursor.as_ref().map(|cursor| STANDARD.encode(cursor)),
        "keyspaces": keyspaces,
        "checkpoints": checkpoints,
        "seeks": seeks,
        "pending": pending,
        "dead_letter_records": records,
    })
}

fn text(connector: &str, snapshot: &StateSnapshot, records: usize) -> String {
    let mut text = String::new();
    if let Some(cursor) = &snapshot.cursor {
        let _ = writeln!(text, "cursor, {} bytes: {}", cursor.len(), content(cursor));
    }
    for (keyspace, keys, bytes) in sizes(snapshot) {
        let _ = writeln!(text, "keyspace {keyspace}: {keys} keys, {bytes} bytes");
    }
    for (partition, at) in &snapshot.checkpoints {
        let _ = writeln!(text, "checkpoint {partition}: next {}, epoch {}", at.next, at.epoch);
    }
    for (partition, seek) in &snapshot.seeks {
        let next = seek.next.map_or_else(String::new, |next| format!(", begins at {next}"));
        let _ = writeln!(text, "seeks {partition}: {}{next}", seek.count);
    }
    for pending in &snapshot.pending {
        let (partition, end) = (&pending.partition, pending.end.next);
        let _ = writeln!(text, "pending {partition}: until the destination is at {end}");
    }
    if records > 0 {
        let _ = writeln!(text, "{records} records of dead letters");
    }
    match text.is_empty() {
        true => format!("{connector} has no state on this host"),
        false => text.trim_end().to_owned(),
    }
}
