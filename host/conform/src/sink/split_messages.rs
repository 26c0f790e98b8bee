//! A transform has made several messages of one.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "split-messages",
    proves: "messages that share an offset and differ by their ordinal all arrive; also after a crash",
    rules: &["D1", "D4"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let log = stage.topic.add_log(0, 0);
    for number in 0..stage.options.messages / 3 {
        stage.topic.append_split(log, 1 + (number % 4) as u32);
    }
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    lane.flush(&mut stage.topic).await?;
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
