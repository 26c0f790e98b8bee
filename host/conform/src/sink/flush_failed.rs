//! A flush that fails says so, and what it covered comes again or is flushed again.

use kennel_sandbox::GuestError;

use crate::scenario::{Scenario, Stage, Step, failed, skipped};
use crate::shell;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "flush-failed",
    proves: "a flush that cannot reach the destination answers an error, and nothing it covered is lost",
    rules: &["D2"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let (Some(cut), Some(restore)) = (&stage.options.cut_off, &stage.options.restore) else {
        return skipped(
            "only the destination can make a flush fail; --cut-off CMD and --restore CMD say how",
        );
    };
    stage.fill();
    let mut lane = stage.assigned_lane().await?;
    stage.deliver_half(&mut lane).await?;
    if !lane.holds() {
        return skipped("the component never holds: every receipt says that it is durable");
    }
    shell::run(cut).await?;
    let answer = lane.try_flush().await;
    shell::run(restore).await?;
    match answer? {
        Ok(positions) if !positions.is_empty() => {
            return failed(format!(
                "flush answered {} positions though the destination was cut off",
                positions.len()
            ));
        }
        Ok(_) => return failed("flush answered success though the destination was cut off"),
        // The host tries the same instance again.
        Err(GuestError::Unavailable(_)) => lane.flush(&mut stage.topic).await?,
        // The host replaces the instance, and what it held comes again.
        Err(error) => {
            stage.notes.push(format!("the failed flush answered: {error}"));
            lane.kill();
            lane = stage.assigned_lane().await?;
        }
    }
    stage.deliver_rest(&mut lane).await?;
    lane.leave(&mut stage.topic).await
}
