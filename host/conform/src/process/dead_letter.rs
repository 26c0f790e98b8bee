//! A message is rejected, and its dead letter has nowhere to go.

use std::time::Duration;

use bytes::Bytes;
use kennel_broker::GroupOffset;

use super::broker::Broker;
use super::feed::Feed;
use super::installation::{Additions, Installation};
use super::program::last_line;
use super::proxy::Proxy;
use crate::scenario::{Scenario, Stage, Step, Stop, failed, skipped};
use crate::sink::undecodable_payloads;
use crate::topic::Topic;
use crate::{ConformError, Options};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "dead-letter-unavailable",
    proves: "while the topic for dead letters is out of reach, the offset does not pass a rejected \
             message; once it is back, the letter arrives and everything behind it",
    rules: &["D1", "D3"],
    play: |stage| Box::pin(play(stage)),
};

/// How long the host may try in vain.
const IN_VAIN: Duration = Duration::from_secs(3);
/// How long it may take to finish.
const PATIENCE: Duration = Duration::from_secs(60);

async fn play(stage: &mut Stage<'_>) -> Step {
    let processes = stage.processes()?;
    let Some((kind, bad)) = rejected_payload(stage).await? else {
        return skipped("the component rejects none of the payloads that were tried");
    };
    stage.notes.push(format!("the rejected message was {kind}"));
    let mut installation = Installation::new(processes)?;
    let broker = Broker::start(installation.program(), installation.folder()).await?;
    let feed = Feed::connect(&broker.config(), &stage.topic, 1).await?;
    let log = stage.topic.add_log(0, 0);
    let half = stage.options.messages / 2;
    stage.topic.append(log, half);
    let offset = stage.topic.append_unsound(log, bad).offset;
    stage.topic.append(log, half);
    stage.topic.hand_over_all();
    feed.send(&stage.topic, &mut Vec::new()).await?;

    let letters = format!("{}.dlq", stage.topic.name());
    let additions = Additions {
        target: (stage.topic.stream(), stage.topic.name()),
        batch: (half / 4).max(1),
        dead_letters: Some(&letters),
        flush: true,
        exactly_once: stage.subject.is_exactly_once(),
        ..Additions::default()
    };
    let proxy = Proxy::without(broker.address(), &letters).await?;
    installation.configure(proxy.address(), &additions)?;
    let host = installation.run(&[])?;
    tokio::time::sleep(IN_VAIN).await;
    let passed = |it: &GroupOffset| it.next.is_some_and(|next| next > offset);
    if feed.progress().await?.iter().any(passed) {
        return failed(format!(
            "the offset passed message {offset}, which was rejected and whose dead letter nobody has"
        ));
    }
    host.kill().await?;
    stage.counts.kills += 1;

    proxy.open();
    let host = installation.run(&["--once"])?;
    let output = host.log().to_owned();
    match host.wait(PATIENCE).await {
        Ok(true) => {}
        Ok(false) => return failed(format!("the host failed: {}", last_line(&output))),
        Err(ConformError::Process { program, detail }) => {
            return failed(format!("{program} {detail}"));
        }
        Err(error) => return Err(error.into()),
    }
    match feed.messages(&letters).await? {
        Some(1..) => Ok(()),
        _ => failed("the host ended, and the dead letter is not in its topic"),
    }
}

/// A payload that the component rejects, if there is one.
async fn rejected_payload(stage: &mut Stage<'_>) -> Step<Option<(&'static str, Bytes)>> {
    let Options { template, .. } = stage.options;
    let format = stage.subject.format.clone();
    // Never observed, because nothing in it follows the template.
    let names = (stage.topic.stream(), "payloads-tried");
    let mut topic = Topic::new(names, template.clone(), format, 0);
    for (partition, (kind, payload)) in (0..).zip(undecodable_payloads()) {
        let log = topic.add_log(partition, 0);
        let identity = topic.append_unsound(log, payload.clone()).identity;
        let mut lane = stage.lane().await?;
        lane.assign(&mut topic, log).await?;
        match lane.deliver(&mut topic, log, 1).await {
            Ok(()) if topic.is_rejected(identity) => {
                lane.kill();
                return Ok(Some((kind, payload)));
            }
            // What does not reject is judged by another scenario.
            Ok(()) | Err(Stop::Failed(_) | Stop::Answered(..)) => lane.kill(),
            Err(stop) => return Err(stop),
        }
    }
    Ok(None)
}
