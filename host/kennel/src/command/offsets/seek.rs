//! `kennel offsets seek`.

use anyhow::anyhow;
use kennel_broker::{Connection, StartPosition};
use serde::Serialize;

use super::partitions::{Partition, partitions};
use crate::cli::{GlobalArguments, SeekOffsetsArguments};
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// What was decided for one partition.
#[derive(Debug, Serialize)]
struct Sought {
    topic: String,
    partition: u32,
    /// Where it begins when the connector is next started.
    next: u64,
    /// The offset after the newest message.
    end: u64,
    /// The offset after the last one that the group has stored.
    stored: Option<u64>,
}

pub(super) async fn run(
    arguments: SeekOffsetsArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let state = selected.state()?;
    let connection = selected.connect().await?;
    let partitions = partitions(&selected, &connection, &arguments.filter).await?;
    // All are found before the first is moved.
    let mut found = Vec::with_capacity(partitions.len());
    for partition in &partitions {
        found.push((partition, resolve(&connection, partition, arguments.position).await?));
    }
    let mut report = Vec::with_capacity(found.len());
    for (partition, next) in found {
        state.seek(&partition.place(), next).map_err(Failure::running)?;
        report.push(Sought {
            topic: partition.target.to_string(),
            partition: partition.at.partition,
            next,
            end: partition.at.end,
            stored: partition.at.next,
        });
    }
    let key = selected.key();
    let facts = serde_json::json!({ "connector": key, "partitions": report });
    terminal.result(&facts, || {
        let lines: Vec<_> = report.iter().map(Sought::text).collect();
        format!("when {key} is next started, in a new epoch:\n{}", lines.join("\n"))
    });
    Ok(())
}

/// The offset that `position` means in a partition now.
async fn resolve(
    connection: &Connection,
    partition: &Partition,
    position: StartPosition,
) -> Result<u64, Failure> {
    let (target, number) = (&partition.target, partition.at.partition);
    let place = |position| connection.first_offset(target, number, position);
    let StartPosition::Offset(offset) = position else {
        return place(position).await.map_err(request_failure);
    };
    let end = place(StartPosition::Latest).await.map_err(request_failure)?;
    if offset > end {
        return Err(Failure::usage(anyhow!(
            "offset {offset} is beyond the end of {target}/{number}, which is {end}; \
             messages up to there would never be read; `latest` is the end"
        )));
    }
    let first = place(StartPosition::Earliest).await.map_err(request_failure)?;
    // What retention has removed cannot be read again.
    Ok(offset.max(first))
}

impl Sought {
    fn text(&self) -> String {
        let Self { topic, partition, next, end, stored } = self;
        let place = format!("  {topic}/{partition} begins at {next} of {end}");
        match stored {
            Some(stored) if stored > next => {
                format!("{place}: {} offsets are delivered again", stored - next)
            }
            Some(stored) if stored < next => {
                format!("{place}: {} offsets are passed over", next - stored)
            }
            Some(_) => format!("{place}, where it is"),
            None => format!("{place}; nothing was stored there yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_place_should_say_what_comes_again_and_what_does_not_come() {
        let text = |next, stored| {
            let (topic, partition) = ("s/t".to_owned(), 0);
            Sought { topic, partition, next, end: 10, stored }.text()
        };
        assert_eq!(text(2, Some(6)), "  s/t/0 begins at 2 of 10: 4 offsets are delivered again");
        assert_eq!(text(9, Some(6)), "  s/t/0 begins at 9 of 10: 3 offsets are passed over");
        assert_eq!(text(6, Some(6)), "  s/t/0 begins at 6 of 10, where it is");
        assert!(text(0, None).contains("nothing was stored"));
    }
}
