//! The same instance is sent back to an older cursor.

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
    let mut reader = stage.reader_from_start().await?;
    let chunks = reader.read(total).await?;
    if chunks.len() < 3 {
        return skipped("the records came in fewer than three batches");
    }
    stage.confirmed = true;
    let baseline = std::rc::Rc::clone(&stage.baseline);
    // Twice, because a confirmation stands between them.
    for back_to in [0, 1] {
        reader.go_on_after(chunks[back_to].cursor.clone()).await?;
        let passed: usize = chunks[..=back_to].iter().map(|chunk| chunk.records.len()).sum();
        let expected = baseline.after(passed);
        let found = reader.read_records(expected.len()).await?;
        stage.compare_records(expected, &found, "after going back")?;
    }
    reader.close().await;
    Ok(())
}
