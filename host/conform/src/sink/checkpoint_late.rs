//! The checkpoint timed out and did persist.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "checkpoint-late",
    proves: "a checkpoint that was believed lost and is found saved, with another instance holding \
             newer messages meanwhile, loses nothing",
    rules: &["D1", "D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    lane.flush(&mut stage.topic).await?;
    // The host believes that nothing was saved, and begins anew …
    let mut believing = stage.assigned_lane().await?;
    let log = 0;
    let end = stage.topic.logs[log].end / 4;
    believing.deliver(&mut stage.topic, log, end).await?;
    believing.kill();
    // … and then finds the checkpoint of before.
    lane.checkpoint(&mut stage.topic);
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
