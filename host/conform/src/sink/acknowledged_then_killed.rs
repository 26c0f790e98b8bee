//! The host trusts an acknowledgement, and dies before the next call.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "acknowledged-then-killed",
    proves: "what was acknowledged is at the destination at that moment and needs no further call",
    rules: &["D1", "D2"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    lane.flush(&mut stage.topic).await?;
    lane.checkpoint(&mut stage.topic);
    lane.kill();
    // What is acknowledged does not come again.
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
