//! The host dies while the component writes.

use std::time::Duration;

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "killed-within-a-call",
    proves: "a batch whose call was cut off at any moment comes again and is whole afterwards",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage)),
};

/// Crashes, each at another moment.
const KILLS: u64 = 8;
/// Longest time a call is left alone, microseconds: from before the first write to after the last.
const LONGEST: u64 = 20_000;

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    for kill in 0..KILLS {
        let mut lane = stage.assigned_lane().await?;
        let log = (kill % stage.topic.logs.len() as u64) as usize;
        let (begin, end) = (lane.consumed(log), stage.topic.logs[log].end);
        if begin + 2 < end {
            // First some that go well, then the one that does not.
            let middle = stage.random.within(begin + 1..end - 1);
            lane.deliver(&mut stage.topic, log, middle).await?;
            let last = stage.random.within(middle + 1..end + 1);
            if let Some(batch) = stage.topic.batch(log, middle, last) {
                stage.topic.hand_over(log, &batch);
                let after = Duration::from_micros(stage.random.within(0..LONGEST));
                lane.kill_within(batch, after).await?;
            }
        }
    }
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
