//! The cursor is saved, the confirmation never came, and the host dies.

use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "killed-after-saving",
    proves: "a source that is started after a saved cursor, and gets its confirmation again, goes on \
             behind it: nothing is passed over, nothing comes twice",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.require_all_records().await?;
    let total = stage.baseline.records.len();
    let mut reader = stage.reader_from_start().await?;
    let chunks = reader.read(total).await?;
    reader.kill();
    if chunks.len() < 2 {
        return skipped("the records came in one batch; there is no cursor in their midst");
    }
    // Saved: one batch. Sent, but not saved: all others.
    let (saved, cursor) = (chunks[0].records.len(), chunks[0].cursor.clone());
    stage.confirmed = true;
    let mut reader = stage.reader_after(cursor).await?;
    let baseline = std::rc::Rc::clone(&stage.baseline);
    let expected = baseline.after(saved);
    let found = reader.read_records(expected.len()).await?;
    reader.close().await;
    stage.compare_records(expected, &found, "after the saved cursor")
}
