//! A real host with the sink, killed itself or left without its broker.

use std::time::Duration;

use kennel_broker::GroupOffset;

use super::broker::Broker;
use super::feed::Feed;
use super::installation::{Additions, Installation};
use super::program::{Program, last_line};
use super::proxy::Proxy;
use crate::ConformError;
use crate::scenario::{Scenario, Stage, Step, failed, skipped};

pub(crate) const HOST_KILLED: Scenario = Scenario {
    name: "host-killed",
    proves: "a host that is killed by SIGKILL while messages are on their way loses none of them",
    rules: &["D1", "D2", "D9"],
    play: |stage| Box::pin(host_killed(stage)),
};

pub(crate) const BROKER_KILLED: Scenario = Scenario {
    name: "broker-killed-and-restarted",
    proves: "a broker that dies and comes back costs nothing",
    rules: &["D1", "D2"],
    play: |stage| Box::pin(broker_killed(stage)),
};

pub(crate) const BROKER_SLOW: Scenario = Scenario {
    name: "broker-slow",
    proves: "a broker behind a slow connection costs nothing but time",
    rules: &["D1", "D2"],
    play: |stage| Box::pin(broker_slow(stage)),
};

const PARTITIONS: u32 = 3;
/// Processes killed in a scenario.
const KILLS: u64 = 3;
/// How long a host may take to get on.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long every piece of bytes waits on a slow connection.
const SLOW: Duration = Duration::from_millis(25);
/// A little slower than without: a host that is done at once has nothing on its way when it is killed.
const DELAYED: Duration = Duration::from_millis(8);

/// A broker, the host's files, and messages sent so far.
struct Scene {
    installation: Installation,
    broker: Broker,
    feed: Feed,
    sent: Vec<usize>,
    /// Messages of every partition in one portion.
    portion: u64,
}

impl Scene {
    async fn set(stage: &mut Stage<'_>, portions: u64) -> Step<Self> {
        let installation = Installation::new(stage.processes()?)?;
        let broker = Broker::start(installation.program(), installation.folder()).await?;
        let feed = Feed::connect(&broker.config(), &stage.topic, PARTITIONS).await?;
        for partition in 0..PARTITIONS {
            stage.topic.add_log(partition, 0);
        }
        let portion = (stage.options.messages / u64::from(PARTITIONS) / portions).max(2);
        let scene = Self { installation, broker, feed, sent: Vec::new(), portion };
        let address = scene.broker.address().to_owned();
        scene.configure(stage, &address)?;
        Ok(scene)
    }

    fn configure(&self, stage: &Stage<'_>, address: &str) -> Result<(), ConformError> {
        let additions = Additions {
            target: (stage.topic.stream(), stage.topic.name()),
            batch: self.portion,
            flush: true,
            exactly_once: stage.subject.is_exactly_once(),
            ..Additions::default()
        };
        self.installation.configure(address, &additions)
    }

    /// Sends another portion.
    async fn feed(&mut self, stage: &mut Stage<'_>) -> Result<(), ConformError> {
        for log in 0..stage.topic.logs.len() {
            stage.topic.append(log, self.portion);
        }
        stage.topic.hand_over_all();
        self.feed.send(&stage.topic, &mut self.sent).await
    }

    /// Waits until the host has stored more than `before`.
    async fn gets_on(&self, host: &mut Program, before: u64) -> Result<(), ConformError> {
        host.until("it stored an offset", PATIENCE, async |_| {
            Ok((stored(&self.feed.progress().await?) > before).then_some(()))
        })
        .await
    }

    async fn catches_up(&self, host: &mut Program) -> Result<(), ConformError> {
        host.until("all was delivered", PATIENCE, async |_| {
            Ok(self.feed.is_caught_up().await?.then_some(()))
        })
        .await
    }
}

fn stored(progress: &[GroupOffset]) -> u64 {
    progress.iter().filter_map(|partition| partition.next).sum()
}

/// What went wrong with the host is the component's failure here, and the log says what.
fn judged(outcome: Result<(), ConformError>) -> Step {
    match outcome {
        Err(ConformError::Process { program, detail }) => failed(format!("{program} {detail}")),
        other => Ok(other?),
    }
}

async fn host_killed(stage: &mut Stage<'_>) -> Step {
    let mut scene = Scene::set(stage, 2 * KILLS + 1).await?;
    let proxy = Proxy::slow(scene.broker.address(), DELAYED).await?;
    scene.configure(stage, proxy.address())?;
    for _ in 0..KILLS {
        let before = stored(&scene.feed.progress().await?);
        let mut host = scene.installation.run(&[])?;
        scene.feed(stage).await?;
        judged(scene.gets_on(&mut host, before).await)?;
        scene.feed(stage).await?;
        let moment = Duration::from_millis(stage.random.within(0..60));
        tokio::time::sleep(moment).await;
        host.kill().await?;
        // A kill counts only if something was on its way.
        let under_way = !scene.feed.is_caught_up().await?;
        stage.counts.kills += u64::from(under_way);
    }
    if stage.counts.kills == 0 {
        return skipped("the host was idle at every kill; more --messages keep it busy");
    }
    scene.feed(stage).await?;
    drain(&mut scene).await
}

/// Runs the host until nothing is left.
async fn drain(scene: &mut Scene) -> Step {
    let host = scene.installation.run(&["--once"])?;
    let log = host.log().to_owned();
    let well = match host.wait(PATIENCE).await {
        Err(ConformError::Process { program, detail }) => {
            return failed(format!("{program} {detail}"));
        }
        other => other?,
    };
    if !well {
        return failed(format!("the host ended with a failed connector: {}", last_line(&log)));
    }
    if !scene.feed.is_caught_up().await? {
        return failed("the host ended, and has not stored the end of every partition");
    }
    Ok(())
}

async fn broker_killed(stage: &mut Stage<'_>) -> Step {
    let mut scene = Scene::set(stage, KILLS + 1).await?;
    let mut host = scene.installation.run(&[])?;
    for kill in 0..KILLS {
        let before = stored(&scene.feed.progress().await?);
        scene.feed(stage).await?;
        if kill == 0 {
            judged(scene.gets_on(&mut host, before).await)?;
        } else {
            tokio::time::sleep(Duration::from_millis(stage.random.within(0..100))).await;
        }
        let outage = Duration::from_millis(stage.random.within(50..1_000));
        scene.broker = scene.broker.kill_and_restart(outage).await?;
        scene.feed = Feed::connect(&scene.broker.config(), &stage.topic, PARTITIONS).await?;
        stage.counts.kills += 1;
    }
    scene.feed(stage).await?;
    judged(scene.catches_up(&mut host).await)?;
    host.kill().await?;
    Ok(())
}

async fn broker_slow(stage: &mut Stage<'_>) -> Step {
    let mut scene = Scene::set(stage, 1).await?;
    let proxy = Proxy::slow(scene.broker.address(), SLOW).await?;
    scene.configure(stage, proxy.address())?;
    scene.feed(stage).await?;
    drain(&mut scene).await
}
