//! A part is flushed, a part is held, some partitions have both.

use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "partly-flushed-then-killed",
    proves: "after a crash between two flushes the flushed part is there and the held part comes again",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    if !lane.holds() {
        return skipped("the component never holds: every receipt says that it is durable");
    }
    lane.flush(&mut stage.topic).await?;
    // Only one partition goes on, and its checkpoint is behind what is held.
    let end = stage.topic.logs[0].end;
    lane.deliver(&mut stage.topic, 0, end).await?;
    lane.checkpoint(&mut stage.topic);
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
