//! The checkpoint timed out and did not persist.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "checkpoint-lost",
    proves: "an instance that is given its partitions again with an older checkpoint goes on without \
             loss, and without doubling where the component says so",
    rules: &["D1", "D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    let batches = stage.batches(|_, _| 0, |topic, log| topic.logs[log].end);
    let third = batches.len() / 3;
    for (log, end) in &batches[..third] {
        lane.deliver(&mut stage.topic, *log, *end).await?;
    }
    lane.flush(&mut stage.topic).await?;
    lane.checkpoint(&mut stage.topic);
    for (log, end) in &batches[third..2 * third] {
        lane.deliver(&mut stage.topic, *log, *end).await?;
    }
    lane.flush(&mut stage.topic).await?;
    // This checkpoint never reached the disk, and the same instance is told so.
    for log in 0..stage.topic.logs.len() {
        lane.assign(&mut stage.topic, log).await?;
    }
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
