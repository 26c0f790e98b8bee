//! Several batches are under way, none is confirmed, and the host dies.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "killed-in-flight",
    proves: "batches that were read and never confirmed are read again after a crash",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let expected = stage.baseline.records.clone();
    let mut reader = stage.reader_from_start().await?;
    reader.read(expected.len() * 3 / 5).await?;
    reader.kill();
    let mut reader = stage.reader_from_start().await?;
    let found = reader.read_records(expected.len()).await?;
    reader.close().await;
    stage.compare_records(&expected, &found, "after the crash")
}
