//! The topic was made anew: the same offsets are other messages.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "new-epoch",
    proves: "messages of a new epoch are new, though their offsets were delivered before",
    rules: &["D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    for epoch in 1..3 {
        let log = stage.topic.add_log(0, epoch);
        stage.topic.append(log, stage.options.messages / 2);
    }
    // First all of the old epoch, then the new one, on the same instance after one crash.
    let mut lane = stage.lane().await?;
    lane.assign(&mut stage.topic, 0).await?;
    let end = stage.topic.logs[0].end;
    lane.deliver(&mut stage.topic, 0, end).await?;
    lane.flush(&mut stage.topic).await?;
    lane.checkpoint(&mut stage.topic);
    lane.kill();
    let mut lane = stage.lane().await?;
    lane.assign(&mut stage.topic, 1).await?;
    let end = stage.topic.logs[1].end;
    lane.deliver(&mut stage.topic, 1, end / 2).await?;
    lane.deliver(&mut stage.topic, 1, end).await?;
    lane.leave(&mut stage.topic).await
}
