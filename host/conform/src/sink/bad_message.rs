//! One message is bad, and many good ones of several partitions follow.

use bytes::Bytes;

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "bad-message-among-good",
    proves: "a message that cannot be delivered is judged alone; those before and after it, in its \
             partition and in others, arrive",
    rules: &["D1", "D3", "D4"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    fill(stage);
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}

/// Three partitions; in the first one, a message that is no JSON stands in the middle.
pub(super) fn fill(stage: &mut Stage<'_>) {
    let part = stage.options.messages / 3;
    for partition in 0..3 {
        let log = stage.topic.add_log(partition, 0);
        for number in 0..part {
            if partition == 0 && number == part / 2 {
                let bad = Bytes::from_static(b"{\"id\": this is\nno JSON");
                stage.topic.append_unsound(log, bad);
            }
            stage.topic.append(log, 1);
        }
    }
}
