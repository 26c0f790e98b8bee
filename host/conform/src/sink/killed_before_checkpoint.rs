//! The destination has it, the host's checkpoint does not.

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SAME_BATCHES: Scenario = Scenario {
    name: "killed-before-checkpoint",
    proves: "batches that come again after a crash between acknowledgement and checkpoint are not \
             lost, and not doubled where the component says so",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage, Batches::Same)),
};

pub(crate) const OTHER_BATCHES: Scenario = Scenario {
    name: "killed-before-checkpoint-other-batches",
    proves: "the same holds where the messages come again in batches that are cut elsewhere",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage, Batches::Other)),
};

/// How batches are cut after the crash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Batches {
    Same,
    Other,
}

async fn play(stage: &mut Stage<'_>, batches: Batches) -> Step {
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    let first = stage.batches(|_, _| 0, |topic, log| topic.logs[log].end);
    let (before, after) = first.split_at(first.len() / 2);
    for (log, end) in before {
        lane.deliver(&mut stage.topic, *log, *end).await?;
    }
    lane.flush(&mut stage.topic).await?;
    lane.kill();
    let mut lane = stage.assigned_lane().await?;
    if batches == Batches::Same {
        for (log, end) in before.iter().chain(after) {
            lane.deliver(&mut stage.topic, *log, *end).await?;
        }
    } else {
        stage.deliver_rest(&mut lane).await?;
    }
    lane.leave(&mut stage.topic).await
}
