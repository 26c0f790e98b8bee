//! The host dies while the component writes.

use std::time::{Duration, Instant};

use crate::scenario::{Scenario, Stage, Step};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "killed-within-a-call",
    proves: "a batch whose call was cut off at any moment comes again and is whole afterwards",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage)),
};

/// Crashes, each at another moment.
const KILLS: u64 = 12;

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    for kill in 0..KILLS {
        let mut lane = stage.assigned_lane().await?;
        let log = (kill % stage.topic.logs.len() as u64) as usize;
        let (begin, end) = (lane.consumed(log), stage.topic.logs[log].end);
        if begin + 2 >= end {
            continue;
        }
        // First some that go well, which also shows how long a call takes, then those that do not.
        let middle = stage.random.within(begin + 1..end - 1);
        let began = Instant::now();
        lane.deliver(&mut stage.topic, log, middle).await?;
        let usual = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let last = stage.random.within(middle + 1..end + 1);
        if let Some(batch) = stage.topic.batch(log, middle, last) {
            stage.topic.hand_over(log, &batch);
            let after = Duration::from_micros(stage.random.within(0..usual.max(1)));
            let columns = stage.topic.columns(log, &batch);
            stage.counts.kills += u64::from(lane.kill_within((batch, columns), after).await?);
        }
    }
    let cut = stage.counts.kills;
    stage.notes.push(format!("{cut} of {KILLS} calls were cut off, the others were faster"));
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
