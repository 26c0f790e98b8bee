//! What is held is nowhere yet.

use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "held-then-killed",
    proves: "what was held and never flushed is not taken for delivered",
    rules: &["D2"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    if !lane.holds() {
        return skipped("the component never holds: every receipt says that it is durable");
    }
    lane.checkpoint(&mut stage.topic);
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
