//! The component rejects a message, and the host dies before anybody has the dead letter.

use super::bad_message;
use crate::scenario::{Scenario, Stage, Step, failed, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "rejected-then-restarted",
    proves: "a rejected message that comes again after a restart is rejected again, and its neighbours \
             are not lost with it",
    rules: &["D1", "D3"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    bad_message::fill(stage);
    let is_bad = |payload: &[u8]| payload.ends_with(b"no JSON");
    let bad = stage.topic.logs[0].messages.iter().find(|message| is_bad(&message.payload));
    let Some(bad) = bad.map(|message| message.identity) else { return skipped("no bad message") };
    let mut lane = stage.assigned_lane().await?;
    let end = stage.topic.logs[0].end;
    lane.deliver(&mut stage.topic, 0, end).await?;
    if !stage.topic.is_rejected(bad) {
        return skipped("the component does not reject what is no JSON");
    }
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    let again = lane.consumed(0) == 0;
    stage.deliver_rest(&mut lane).await?;
    if again && !stage.topic.is_rejected(bad) {
        return failed("the message was rejected at first and taken when it came again");
    }
    lane.leave(&mut stage.topic).await
}
