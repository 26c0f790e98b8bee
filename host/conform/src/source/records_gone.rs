//! Records disappear from the source between two starts.

use super::reader::records;
use crate::scenario::{Scenario, Stage, Step, failed, skipped};
use crate::shell;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "records-gone",
    proves: "a source whose records were taken away goes on with those that are left",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let Some(remove) = &stage.options.remove_records else {
        return skipped("--remove-records CMD takes a part of the records away");
    };
    stage.require_all_records().await?;
    let total = stage.baseline.records.len();
    let mut reader = stage.reader_from_start().await?;
    let chunks = reader.read(total).await?;
    reader.kill();
    let Some(first) = chunks.first() else { return skipped("there are no records") };
    shell::run(remove).await?;
    stage.confirmed = true;
    let cursor = first.cursor.clone();
    let mut reader = stage.reader_after(cursor).await?;
    let found = records(&reader.read(total).await?);
    reader.close().await;
    let known = &stage.baseline.records;
    let strangers = found.iter().filter(|record| !known.contains(record)).count();
    if strangers > 0 && stage.baseline.ended {
        return failed(format!("{strangers} records were read that were not there before"));
    }
    let left = found.len();
    stage.notes.push(format!("{left} of {total} records were left after the first batch"));
    Ok(())
}
