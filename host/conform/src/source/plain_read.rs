//! Nothing goes wrong.

use super::reader::records;
use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "plain-read",
    proves: "read and confirmed batch by batch, with one batch under way, every record comes once",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.require_all_records().await?;
    stage.confirmed = true;
    let expected = stage.baseline.records.clone();
    let mut reader = stage.reader_from_start().await?;
    let (mut found, mut under_way) = (Vec::new(), None);
    while found.len() < expected.len() {
        let chunks = reader.read(1).await?;
        if chunks.is_empty() {
            break;
        }
        found.extend(records(&chunks));
        let cursor = chunks.last().map(|chunk| chunk.cursor.clone());
        if let Some(confirmed) = std::mem::replace(&mut under_way, cursor) {
            reader.confirm(confirmed).await?;
        }
    }
    if let Some(last) = under_way {
        reader.confirm(last).await?;
    }
    reader.close().await;
    found.truncate(expected.len());
    stage.compare_records(&expected, &found, "read to the end")
}
