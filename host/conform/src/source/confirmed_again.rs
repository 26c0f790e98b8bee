//! Confirmations are repeated.

use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "confirmed-again",
    proves: "a confirmation that comes twice, or only for a later batch, takes nothing with it that \
             was not confirmed",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.require_all_records().await?;
    let total = stage.baseline.records.len();
    let mut reader = stage.reader_from_start().await?;
    let chunks = reader.read(total).await?;
    if chunks.len() < 3 {
        return skipped("the records came in fewer than three batches");
    }
    stage.confirmed = true;
    // Cumulative: the second cursor stands for the first batch as well.
    let cursor = chunks[1].cursor.clone();
    for _ in 0..2 {
        reader.confirm(cursor.clone()).await?;
    }
    reader.kill();
    let mut reader = stage.reader_after(cursor).await?;
    let baseline = std::rc::Rc::clone(&stage.baseline);
    let passed = chunks[0].records.len() + chunks[1].records.len();
    let expected = baseline.after(passed);
    let found = reader.read_records(expected.len()).await?;
    reader.close().await;
    stage.compare_records(expected, &found, "after confirmations that were repeated")
}
