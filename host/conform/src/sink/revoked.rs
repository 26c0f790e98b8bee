//! A partition goes to another instance.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const IN_ORDER: Scenario = Scenario {
    name: "revoked-in-order",
    proves: "a partition that is flushed, given up and taken by another instance goes on without loss \
             or repetition",
    rules: &["D7"],
    play: |stage| Box::pin(in_order(stage)),
};

pub(crate) const LOST: Scenario = Scenario {
    name: "revoked-as-lost",
    proves: "an instance that has lost a partition forgets what it held of it: the next owner delivers it",
    rules: &["D2", "D7"],
    play: |stage| Box::pin(lost(stage)),
};

async fn in_order(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut old = stage.assigned_lane().await?;
    stage.deliver_half(&mut old).await?;
    let mut new = stage.lane().await?;
    for log in 0..stage.topic.logs.len() {
        old.flush(&mut stage.topic).await?;
        old.checkpoint(&mut stage.topic);
        old.revoke(&stage.topic, log, false).await?;
        new.assign(&mut stage.topic, log).await?;
    }
    stage.deliver_rest(&mut new).await?;
    new.leave(&mut stage.topic).await?;
    old.leave(&mut stage.topic).await
}

async fn lost(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    let mut old = stage.assigned_lane().await?;
    stage.deliver_half(&mut old).await?;
    // The first partition is lost while its messages are held; the others stay.
    old.revoke(&stage.topic, 0, true).await?;
    let mut new = stage.lane().await?;
    new.assign(&mut stage.topic, 0).await?;
    old.flush(&mut stage.topic).await?;
    let end = stage.topic.logs[0].end;
    new.deliver(&mut stage.topic, 0, end).await?;
    new.leave(&mut stage.topic).await?;
    for log in 1..stage.topic.logs.len() {
        let end = stage.topic.logs[log].end;
        old.deliver(&mut stage.topic, log, end).await?;
    }
    old.leave(&mut stage.topic).await
}
