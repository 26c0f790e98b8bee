//! A filter has taken messages out.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "offset-gaps",
    proves: "offsets without a message, at the beginning, in the middle and at the end of a batch, \
             stop nothing; also after a crash",
    rules: &["D1", "D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    for partition in 0..2 {
        let log = stage.topic.add_log(partition, 0);
        for number in 0..stage.options.messages / 2 {
            if number % 3 == 0 {
                let gap = stage.random.within(1..7);
                stage.topic.skip(log, gap);
            }
            stage.topic.append(log, 1);
        }
        stage.topic.skip(log, 4);
    }
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    lane.flush(&mut stage.topic).await?;
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
