//! The destination is away for a while, and that is not a message's fault.

use std::time::Duration;

use crate::scenario::{Scenario, Stage, Step, skipped};
use crate::shell;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "destination-unavailable",
    proves: "an outage of the destination is answered as one: no message is rejected for it or lost",
    rules: &["D2", "D4"],
    play: |stage| Box::pin(play(stage)),
};

/// How long it is away, while messages are handed over again and again.
const OUTAGE: Duration = Duration::from_secs(1);

async fn play(stage: &mut Stage<'_>) -> Step {
    let (Some(cut), Some(restore)) = (&stage.options.cut_off, &stage.options.restore) else {
        return skipped(
            "only the operator can cut the destination off; --cut-off CMD and --restore CMD say how",
        );
    };
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    shell::run(cut).await?;
    let delivering = async {
        stage.deliver_rest(&mut lane).await?;
        lane.flush(&mut stage.topic).await
    };
    let restoring = async {
        tokio::time::sleep(OUTAGE).await;
        shell::run(restore).await
    };
    let (delivered, restored) = tokio::join!(delivering, restoring);
    restored?;
    delivered?;
    lane.leave(&mut stage.topic).await
}
