//! Kills a real host again and again while it delivers, and counts at the destination.

mod destination;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::broker::free_port;
use crate::client::{Access, Client, runtime};
use crate::{BrokerProcess, Connector, Process, Target, World};
use destination::Destination;

/// Longer than the rest of any run takes.
const PATIENCE: Duration = Duration::from_secs(600);
const PARTITIONS: u32 = 4;

/// Where the messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SinkKind {
    /// An HTTP server that keeps what it is sent.
    Http,
    /// A folder.
    File,
}

/// What the sink has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Guarantee {
    /// Every message, some of them again.
    AtLeastOnce,
    /// Every message once.
    ExactlyOnce,
}

/// When the host dies.
#[derive(Debug, Clone)]
pub enum Kills {
    /// So many times, each after its share of the messages has arrived.
    Spread(u32),
    /// As often as it takes, each after this time.
    Every(Duration),
    /// Each time it passes a named place of its code for the so-manyth time; see `fail_point.rs`.
    At {
        /// Its name.
        point: &'static str,
        /// One run for each of these.
        passes: Vec<u32>,
    },
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the messages go.
    pub sink: SinkKind,
    /// What the sink has to keep.
    pub guarantee: Guarantee,
    /// Messages in the topic before the first run.
    pub messages: u64,
    /// When the host dies.
    pub kills: Kills,
}

/// What was found, counted at the destination.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Messages in the topic.
    pub sent: u64,
    /// Messages at the destination, repetitions included.
    pub delivered: u64,
    /// Different messages at the destination.
    pub unique: u64,
    /// Messages that are neither there nor dead-lettered.
    pub missing: u64,
    /// Messages that are there more than once.
    pub doubled: u64,
    /// Dead letters.
    pub dead_lettered: u64,
    /// Times that the host was killed while messages were on their way.
    pub kills: u32,
}

impl Report {
    /// What breaks the contract, in words.
    ///
    /// # Errors
    /// Those words.
    pub fn judge(&self, guarantee: Guarantee) -> Result<(), String> {
        if self.missing > 0 {
            return Err(format!("{} messages are missing", self.missing));
        }
        if guarantee == Guarantee::ExactlyOnce && self.doubled > 0 {
            return Err(format!("{} messages are there more than once", self.doubled));
        }
        Ok(())
    }
}

impl Plan {
    /// Runs it with real processes: a broker, and a host that is killed and started again.
    ///
    /// # Panics
    /// When something did not happen that the scenario stands on, for example a kill that came too late.
    #[must_use]
    pub fn run(&self) -> Report {
        let target = Target::unique("numbers");
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let world = World::new(&address);
        let broker = BrokerProcess::start(port, &world.path("iggy"));
        fill(&address, &target, self.messages);
        let client = Client::connect(Access::root(&address), runtime());
        let destination = Destination::start(self.sink, &world);
        let sink =
            destination.connector(&target).stream("parallelism = 2").dead_letters("crash.dlq");
        let sink = match self.guarantee {
            Guarantee::AtLeastOnce => sink,
            Guarantee::ExactlyOnce => sink.delivery("guarantee = \"exactly-once\""),
        };
        world.connector("crash", sink);
        let stored = || -> u64 {
            (0..PARTITIONS)
                .filter_map(|partition| client.stored_offset(&target, "kennel-crash", partition))
                .map(|offset| offset + 1)
                .sum()
        };
        let kills = match &self.kills {
            Kills::Spread(kills) => {
                for kill in 1..=u64::from(*kills) {
                    let share = self.messages * kill / (u64::from(*kills) + 1);
                    let mut host = world.run(&[]);
                    host.until("its share has arrived", || destination.progress() >= share);
                    host.kill();
                    assert!(stored() < self.messages, "kill {kill} came when all was done");
                }
                *kills
            }
            Kills::Every(time) => self.kill_every(*time, &world, &stored),
            Kills::At { point, passes } => {
                for pass in passes {
                    let ended = world.run_dying_at(&format!("{point}@{pass}")).wait();
                    assert_eq!(
                        ended.code, None,
                        "{point} was not passed {pass} times:\n{}",
                        ended.log
                    );
                    assert!(stored() < self.messages, "{point}@{pass} came when all was done");
                }
                passes.len() as u32
            }
        };
        world.run(&["--once"]).wait_for(PATIENCE).with_code(0);
        let dead_lettered = match client.partitions(&target.topic("crash.dlq")) {
            Some(_) => client.read(&target.topic("crash.dlq"), 0).len() as u64,
            None => 0,
        };
        drop(broker);
        self.count(destination.numbers(), dead_lettered, kills)
    }

    fn kill_every(&self, time: Duration, world: &World, stored: &dyn Fn() -> u64) -> u32 {
        let mut kills = 0;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut host: Process = world.run(&[]);
            let began = Instant::now();
            host.until("its time is over", || began.elapsed() >= time);
            host.kill();
            if stored() >= self.messages {
                return kills;
            }
            kills += 1;
            assert!(Instant::now() < deadline, "after {kills} kills it is still not done");
        }
    }

    fn count(&self, mut numbers: Vec<u64>, dead_lettered: u64, kills: u32) -> Report {
        let delivered = numbers.len() as u64;
        numbers.sort_unstable();
        let doubled =
            numbers.chunk_by(|left, right| left == right).filter(|it| it.len() > 1).count();
        numbers.dedup();
        let unique = numbers.iter().filter(|number| **number < self.messages).count() as u64;
        Report {
            sent: self.messages,
            delivered,
            unique,
            missing: (self.messages - unique).saturating_sub(dead_lettered),
            doubled: doubled as u64,
            dead_lettered,
            kills,
        }
    }
}

/// Puts so many numbered messages into the topic.
fn fill(address: &str, target: &Target, messages: u64) {
    let world = World::new(address);
    let numbers = Connector::numbers(target, messages).create(PARTITIONS).config("size = 200");
    world.connector("numbers", numbers);
    world.run(&["--once"]).wait_for(PATIENCE).with_code(0);
}
