//! The same instance is sent back to an older cursor.

use super::reader::records;
use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "going-back",
    proves: "an instance that is started again after an older cursor forgets what it read since, and \
             reads it again with the same ids",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.require_all_records().await?;
    let total = stage.baseline.records.len();
    let mut reader = stage.reader().await?;
    reader.start(None).await?;
    let chunks = reader.read(total).await?;
    if chunks.len() < 3 {
        return skipped("the records came in fewer than three batches");
    }
    stage.confirmed = true;
    let baseline = std::rc::Rc::clone(&stage.baseline);
    // Twice, because a confirmation stands between them.
    for back_to in [0, 1] {
        let cursor = chunks[back_to].cursor.clone();
        reader.start(Some(cursor.clone())).await?;
        reader.confirm(cursor).await?;
        let passed: usize = chunks[..=back_to].iter().map(|chunk| chunk.records.len()).sum();
        let expected = baseline.after(passed);
        let found = records(&reader.read(expected.len()).await?);
        let found = &found[..found.len().min(expected.len())];
        stage.compare_records(expected, found, "after going back")?;
    }
    reader.close().await;
    Ok(())
}
