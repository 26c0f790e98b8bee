//! `kennel offsets get`.

use comfy_table::{Table, presets};
use kennel_state::{Checkpoint, ConnectorState, Seek};
use serde::Serialize;

use super::partitions::{Partition, partitions};
use crate::cli::{GetOffsetsArguments, GlobalArguments};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// Where a sink is in one partition.
#[derive(Debug, Serialize)]
struct Row {
    topic: String,
    partition: u32,
    group: String,
    /// Messages held.
    messages: u64,
    /// The offset after the newest message.
    end: u64,
    /// The offset after the last one that the group has stored.
    next: Option<u64>,
    /// Messages behind `next`; all of them where nothing is stored.
    lag: u64,
    /// What this host's state says. `null`: a running kennel has it.
    state: Option<Kept>,
}

/// What the host keeps about a partition.
#[derive(Debug, Serialize)]
struct Kept {
    /// Offsets of different epochs are unrelated.
    epoch: u64,
    seeks: u64,
    /// Where the partition begins when it is assigned next.
    pending_seek: Option<u64>,
    /// The next offset by the state's own checkpoint, if that is of this epoch.
    checkpoint: Option<u64>,
}

pub(super) async fn run(
    arguments: GetOffsetsArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let connection = selected.connect().await?;
    let partitions = partitions(&selected, &connection, &arguments.filter).await?;
    let state = selected.state_if_free(terminal)?;
    let mut rows = Vec::with_capacity(partitions.len());
    for partition in &partitions {
        rows.push(Row::of(partition, state.as_ref())?);
    }
    let report = serde_json::json!({ "connector": selected.key(), "partitions": rows });
    terminal.result(&report, || text(&rows));
    Ok(())
}

impl Row {
    fn of(partition: &Partition, state: Option<&ConnectorState>) -> Result<Self, Failure> {
        let at = partition.at;
        let place = partition.place();
        let kept = match state {
            Some(state) => {
                let seek = state.sought(&place).map_err(Failure::running)?;
                let checkpoint = state.checkpoint(&place).map_err(Failure::running)?;
                Some(Kept::of(partition.created_at, seek, checkpoint))
            }
            None => None,
        };
        Ok(Self {
            topic: partition.target.to_string(),
            partition: at.partition,
            group: partition.group.clone(),
            messages: at.messages,
            end: at.end,
            next: at.next,
            lag: lag(at.messages, at.end, at.next),
            state: kept,
        })
    }
}

impl Kept {
    fn of(created_at: u64, seek: Seek, checkpoint: Option<Checkpoint>) -> Self {
        let epoch = created_at.saturating_add(seek.count);
        let checkpoint = checkpoint.filter(|checkpoint| checkpoint.epoch == epoch);
        Self {
            epoch,
            seeks: seek.count,
            pending_seek: seek.next,
            checkpoint: checkpoint.map(|checkpoint| checkpoint.next),
        }
    }
}

/// Messages still to be read: what retention has removed cannot be.
fn lag(messages: u64, end: u64, next: Option<u64>) -> u64 {
    next.map_or(messages, |next| end.saturating_sub(next).min(messages))
}

fn text(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "partition",
        "group",
        "end",
        "messages",
        "next",
        "lag",
        "epoch",
        "begins at",
        "checkpoint",
    ]);
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |it| it.to_string());
    for row in rows {
        let kept = row.state.as_ref();
        table.add_row([
            format!("{}/{}", row.topic, row.partition),
            row.group.clone(),
            row.end.to_string(),
            row.messages.to_string(),
            number(row.next),
            row.lag.to_string(),
            number(kept.map(|kept| kept.epoch)),
            number(kept.and_then(|kept| kept.pending_seek)),
            number(kept.and_then(|kept| kept.checkpoint)),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_offsets_should_count_what_can_still_be_read() {
        for (messages, end, next, expected) in [
            (10, 10, None, 10),
            (10, 10, Some(4), 6),
            (10, 10, Some(10), 0),
            (3, 10, Some(0), 3),
            (3, 10, None, 3),
            (0, 0, Some(7), 0),
        ] {
            assert_eq!(lag(messages, end, next), expected, "{messages} {end} {next:?}");
        }
    }

    #[test]
    fn given_a_checkpoint_of_another_epoch_should_not_show_it() {
        let seek = Seek { count: 2, next: Some(0) };
        let kept = |epoch| Kept::of(100, seek, Some(Checkpoint { epoch, next: 7 }));
        assert_eq!((kept(102).epoch, kept(102).checkpoint), (102, Some(7)));
        assert_eq!((kept(101).checkpoint, kept(101).pending_seek), (None, Some(0)));
    }
}
