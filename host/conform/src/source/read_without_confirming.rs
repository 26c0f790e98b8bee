//! Nothing is confirmed, so nothing may have happened.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "read-without-confirming",
    proves: "reading has no lasting effect: every instance that begins anew reads the same records with \
             the same ids, until something is confirmed",
    rules: &["D6"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let expected = stage.baseline.records.clone();
    for reading in ["the second reading", "the third reading"] {
        let mut reader = stage.reader_from_start().await?;
        let found = reader.read_records(expected.len()).await?;
        // One ends in order, one is killed.
        match reading {
            "the second reading" => reader.close().await,
            _ => reader.kill(),
        }
        stage.compare_records(&expected, &found, reading)?;
    }
    Ok(())
}
