//! A real host with the source, killed itself or left without its broker.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kennel_broker::{BrokerConfig, GroupMember, Poll, Target};

use super::broker::Broker;
use super::feed::Feed;
use super::installation::{Additions, Installation};
use super::program::Program;
use super::proxy::Proxy;
use crate::ConformError;
use crate::report::Seen;
use crate::scenario::{Scenario, Stage, Step, failed, skipped};
use crate::source::{Difference, Record, anonymous};

pub(crate) const HOST_KILLED: Scenario = Scenario {
    name: "host-killed",
    proves: "a host that is killed by SIGKILL while it reads and sends passes over no record",
    rules: &["D6"],
    play: |stage| Box::pin(host_killed(stage)),
};

pub(crate) const BROKER_KILLED: Scenario = Scenario {
    name: "broker-killed-and-restarted",
    proves: "a broker that dies while it is sent to, and comes back, costs no record",
    rules: &["D6"],
    play: |stage| Box::pin(broker_killed(stage)),
};

/// Processes killed in a scenario.
const KILLS: u64 = 3;
/// How long a host may take to get on.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sends are slowed down by so much, or the host would be done before it is killed.
const DELAY: Duration = Duration::from_millis(15);
/// Messages in one poll of the topic.
const POLL: u32 = 1_000;

/// A broker with a slow connection to it, the host's files, and a look at the topic.
struct Scene {
    installation: Installation,
    broker: Broker,
    /// Slows the host down while it lives.
    _proxy: Proxy,
    feed: Feed,
}

impl Scene {
    async fn set(stage: &mut Stage<'_>) -> Step<Self> {
        let processes = stage.processes()?;
        stage.require_all_records().await?;
        stage.confirmed = true;
        stage.seen = Seen::Topic;
        let installation = Installation::new(processes)?;
        let broker = Broker::start(installation.program(), installation.folder()).await?;
        let feed = Feed::connect(&broker.config(), &stage.topic, 1).await?;
        let proxy = Proxy::slow(broker.address(), DELAY).await?;
        let additions = Additions {
            target: (stage.topic.stream(), stage.topic.name()),
            batch: stage.baseline.records.len() as u64 / 20,
            ..Additions::default()
        };
        installation.configure(proxy.address(), &additions)?;
        Ok(Self { installation, broker, _proxy: proxy, feed })
    }

    /// Waits until more than `before` messages are in the topic; answers how many.
    async fn gets_on(&self, topic: &str, host: &mut Program, before: u64) -> Step<u64> {
        let more = host
            .until("it sent something", PATIENCE, async |_| {
                Ok(self.feed.messages(topic).await?.filter(|messages| *messages > before))
            })
            .await;
        match more {
            // A finished source ends nothing, but a host that fails does.
            Err(ConformError::Process { program, detail }) => failed(format!("{program} {detail}")),
            other => Ok(other?),
        }
    }
}

async fn host_killed(stage: &mut Stage<'_>) -> Step {
    let mut scene = Scene::set(stage).await?;
    let (topic, total) = (stage.topic.name().to_owned(), stage.baseline.records.len() as u64);
    let mut before = 0;
    for _ in 0..KILLS {
        let mut host = scene.installation.run(&[])?;
        scene.gets_on(&topic, &mut host, before).await?;
        tokio::time::sleep(Duration::from_millis(stage.random.within(0..40))).await;
        host.kill().await?;
        before = scene.feed.messages(&topic).await?.unwrap_or(0);
        if before >= total {
            break;
        }
        stage.counts.kills += 1;
    }
    if stage.counts.kills == 0 {
        return skipped("the host was done before it could be killed; more --messages help");
    }
    let host = scene.installation.run(&[])?;
    all_arrive(stage, &scene.broker.config(), host).await
}

async fn broker_killed(stage: &mut Stage<'_>) -> Step {
    let mut scene = Scene::set(stage).await?;
    let (topic, total) = (stage.topic.name().to_owned(), stage.baseline.records.len() as u64);
    let mut host = scene.installation.run(&[])?;
    let mut before = 0;
    for _ in 0..KILLS {
        before = scene.gets_on(&topic, &mut host, before).await?;
        if before >= total {
            break;
        }
        let outage = Duration::from_millis(stage.random.within(50..800));
        scene.broker = scene.broker.kill_and_restart(outage).await?;
        scene.feed = Feed::connect(&scene.broker.config(), &stage.topic, 1).await?;
        stage.counts.kills += 1;
        before = scene.feed.messages(&topic).await?.unwrap_or(0);
        if before >= total {
            break;
        }
    }
    all_arrive(stage, &scene.broker.config(), host).await
}

/// Waits until no record is missing in the topic, then judges.
async fn all_arrive(stage: &mut Stage<'_>, config: &BrokerConfig, host: Program) -> Step {
    let deadline = Instant::now() + PATIENCE;
    let target = Target::new(stage.topic.stream(), stage.topic.name());
    let baseline = std::rc::Rc::clone(&stage.baseline);
    let has_ids = baseline.records.iter().any(|record| record.id.is_some());
    // Ids are the broker's after a send; the payload tells records apart.
    let expected = anonymous(&baseline.records);
    let found = loop {
        let found = read(config, &target).await?;
        let difference = Difference::between(&expected, &found);
        if difference.missing == 0 || Instant::now() >= deadline {
            stage.counts.repeated = difference.strange;
            break found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    host.kill().await?;
    if has_ids && stage.counts.repeated > 0 {
        stage.notes.push("a broker that removes duplicates would know the repetitions".to_owned());
    }
    // Repetitions are what at-least-once means; only what is missing counts.
    let repeated = stage.counts.repeated;
    let known: Vec<Record> = found.into_iter().filter(|record| expected.contains(record)).collect();
    let difference = Difference::between(&expected, &known);
    stage.counts.missing = difference.missing;
    match difference.missing {
        0 => Ok(()),
        missing => failed(format!(
            "{missing} of {} records are not in the topic; {repeated} are there more than once",
            expected.len()
        )),
    }
}

/// Every message of the topic's one partition.
async fn read(config: &BrokerConfig, target: &Target) -> Result<Vec<Record>, ConformError> {
    let mut member = GroupMember::join(config, target, "conform-reader").await?;
    let mut records = Vec::new();
    let (mut next, deadline) = (0, Instant::now() + PATIENCE);
    while Instant::now() < deadline {
        match member.poll(0, next, POLL).await? {
            Poll::Messages(batch) => {
                next = batch.next_offset().unwrap_or(next + 1);
                records.extend((0..batch.len()).filter_map(|index| {
                    let payload = Bytes::copy_from_slice(batch.payload(index)?);
                    Some(Record { payload, id: None })
                }));
            }
            Poll::Empty { .. } => break,
            // The group has only us, and gives us the partition in a moment.
            Poll::NotAssigned => {
                member.assignment().await?;
            }
        }
    }
    member.leave().await?;
    Ok(records)
}
