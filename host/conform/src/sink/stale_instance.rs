//! An old instance does not know yet that it has lost its partition, and completes what it holds.

use kennel_sandbox::GuestError;

use crate::lane::Lane;
use crate::scenario::{Scenario, Stage, Step, Stop};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "stale-instance",
    proves: "an old instance that flushes and writes after a new one has taken the partition loses \
             nothing, and a transactional sink is fenced or doubles nothing",
    rules: &["D2", "D9"],
    play: |stage| Box::pin(play(stage)),
};

async fn play(stage: &mut Stage<'_>) -> Step {
    let log = stage.topic.add_log(0, 0);
    stage.topic.append(log, stage.options.messages);
    let end = stage.topic.logs[log].end;
    let mut old = stage.assigned_lane().await?;
    old.deliver(&mut stage.topic, log, end / 4).await?;
    let mut new = stage.assigned_lane().await?;
    // Before the new instance has done anything.
    let mut fenced = late_completion(stage, &mut old, log, None).await?;
    go_on(stage, &mut new, log, end / 2).await?;
    new.flush(&mut stage.topic).await?;
    // After it, and with more.
    fenced |= late_completion(stage, &mut old, log, Some(end * 3 / 4)).await?;
    go_on(stage, &mut new, log, end).await?;
    new.leave(&mut stage.topic).await?;
    let saw =
        if fenced { "the old instance was fenced" } else { "the old instance was not fenced" };
    stage.notes.push(saw.to_owned());
    Ok(())
}

/// What the old instance does late; whether it was fenced. Its answers move no checkpoint, because the
/// partition is not its own any more.
async fn late_completion(
    stage: &mut Stage<'_>,
    old: &mut Lane,
    log: usize,
    end: Option<u64>,
) -> Step<bool> {
    let durable = stage.topic.logs[log].durable;
    let completed = async {
        if let Some(end) = end {
            old.deliver(&mut stage.topic, log, end).await?;
        }
        old.try_flush().await
    };
    let fenced = match completed.await {
        Ok(Ok(_)) => Ok(false),
        Ok(Err(GuestError::Fenced(_) | GuestError::Broken(_))) => Ok(true),
        Ok(Err(error)) => Err(Stop::Answered("flush", error)),
        Err(Stop::Answered(_, GuestError::Fenced(_) | GuestError::Broken(_))) => Ok(true),
        Err(stop) => Err(stop),
    };
    stage.topic.logs[log].durable = durable;
    fenced
}

/// The new instance goes on. If it is fenced in turn, because the old one got in between, it takes the
/// partition again, as a host does.
async fn go_on(stage: &mut Stage<'_>, new: &mut Lane, log: usize, end: u64) -> Step {
    for _ in 0..3 {
        let delivered = async {
            new.deliver(&mut stage.topic, log, end).await?;
            new.flush(&mut stage.topic).await
        };
        match delivered.await {
            Err(Stop::Answered(_, GuestError::Fenced(_))) => {
                *new = stage.assigned_lane().await?;
            }
            other => return other,
        }
    }
    Err(Stop::Failed("the only living owner of the partition is fenced again and again".to_owned()))
}
