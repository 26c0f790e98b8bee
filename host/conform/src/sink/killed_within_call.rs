//! The host dies while the component writes.

use kennel_sandbox::Sink;

use crate::scenario::{Scenario, Stage, Step, skipped};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "killed-within-a-call",
    proves: "a batch whose call was cut off at any moment comes again and is whole afterwards",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(play(stage)),
};

/// Crashes, each at another moment, by turns while a batch is taken and while what is held is flushed.
const KILLS: u64 = 16;
/// Most answers of the outer world that a call gets before it is cut off.
const MOST_WAITS: u64 = 6;

async fn play(stage: &mut Stage<'_>) -> Step {
    stage.fill();
    // Calls that end before they are cut off show how long the next ones may be left alone.
    let mut most = [MOST_WAITS; 2];
    for kill in 0..KILLS {
        let mut lane = stage.assigned_lane().await?;
        let log = (kill % stage.topic.logs.len() as u64) as usize;
        let (begin, end) = (lane.consumed(log), stage.topic.logs[log].end);
        if begin + 2 >= end {
            continue;
        }
        // First some that go well.
        let middle = stage.random.within(begin + 1..end - 1);
        lane.deliver(&mut stage.topic, log, middle).await?;
        let in_flush = kill % 2 == 1 && lane.holds();
        let most = &mut most[usize::from(in_flush)];
        let waits = stage.random.within(0..*most);
        let was_cut = if in_flush {
            lane.kill_within(waits, Sink::flush).await?
        } else {
            let last = stage.random.within(middle + 1..end + 1);
            let Some(batch) = stage.topic.batch(log, middle, last) else { continue };
            stage.topic.hand_over(log, &batch);
            let columns = stage.topic.columns(log, &batch);
            lane.kill_within(waits, |sink| sink.consume(batch, Some(columns))).await?
        };
        match was_cut {
            true => stage.counts.kills += 1,
            false => *most = waits.max(1),
        }
    }
    let cut = stage.counts.kills;
    stage.notes.push(format!("{cut} of {KILLS} calls were cut off, the others had ended before"));
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await?;
    match cut {
        0 => skipped("no call could be cut off: each ended before it waited for anything"),
        _ => Ok(()),
    }
}
