//! A scenario, the stage it plays on, and how it may end early.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use kennel_sandbox::{Fault, GuestError};

use crate::lane::Lane;
use crate::memory_state::MemoryState;
use crate::random::Random;
use crate::report::{Counts, Seen};
use crate::source::Baseline;
use crate::topic::Topic;
use crate::{ConformError, Options, Processes, Subject};

/// One scenario. Its name, once published, stays.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) proves: &'static str,
    pub(crate) rules: &'static [&'static str],
    pub(crate) play: for<'a> fn(&'a mut Stage<'_>) -> LocalBoxFuture<'a, Step>,
}

/// Why a scenario ends before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The component broke the contract.
    Failed(String),
    /// The component answered an error that is not about an outage. A failure too, unless the scenario expects it.
    Answered(&'static str, GuestError),
    /// The scenario cannot be judged with this component or these options.
    Skipped(String),
    /// The suite itself cannot go on.
    Broken(ConformError),
}

/// What a step of a scenario answers.
pub(crate) type Step<T = ()> = Result<T, Stop>;

/// A contract that was broken, in words.
pub(crate) fn failed<T>(detail: impl Into<String>) -> Step<T> {
    Err(Stop::Failed(detail.into()))
}

/// Nothing to judge, and why.
pub(crate) fn skipped<T>(detail: impl Into<String>) -> Step<T> {
    Err(Stop::Skipped(detail.into()))
}

impl From<ConformError> for Stop {
    fn from(error: ConformError) -> Self {
        Self::Broken(error)
    }
}

impl From<kennel_broker::BrokerError> for Stop {
    fn from(error: kennel_broker::BrokerError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.to_string())
    }
}

/// What a scenario plays with.
pub(crate) struct Stage<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) options: &'a Options,
    pub(crate) random: Random,
    /// The component's durable state.
    pub(crate) state: MemoryState,
    /// The messages, and what became of each.
    pub(crate) topic: Topic,
    /// What the source was found to hold; empty for a sink.
    pub(crate) baseline: Rc<Baseline>,
    /// Whether an earlier scenario has confirmed records, and nothing has put them back.
    pub(crate) confirmed: bool,
    /// What the verdict stands on.
    pub(crate) seen: Seen,
    /// Counts that the topic's account does not know.
    pub(crate) counts: Counts,
    /// What is worth telling though it breaks nothing.
    pub(crate) notes: Vec<String>,
}

impl Stage<'_> {
    /// A fresh instance of the sink, without partitions.
    pub(crate) async fn lane(&self) -> Step<Lane> {
        Lane::open(self.subject, &self.state).await
    }

    /// A fresh instance that has taken every partition.
    pub(crate) async fn assigned_lane(&mut self) -> Step<Lane> {
        let mut lane = self.lane().await?;
        lane.assign_all(&mut self.topic).await?;
        Ok(lane)
    }

    /// Fills three partitions with messages, the scenario's whole number of them.
    pub(crate) fn fill(&mut self) {
        const PARTITIONS: u64 = 3;
        for partition in 0..PARTITIONS {
            let log = self.topic.add_log(partition as u32, 0);
            let part = self.options.messages / PARTITIONS;
            self.topic.append(log, part);
        }
    }

    /// Where batches of each log end, from what was consumed to `end_of`: pairs of log and end, the
    /// logs in turn, as a host with several partitions works.
    pub(crate) fn batches(
        &mut self,
        from: impl Fn(&Topic, usize) -> u64,
        to: impl Fn(&Topic, usize) -> u64,
    ) -> Vec<(usize, u64)> {
        let mut batches = Vec::new();
        for log in 0..self.topic.logs.len() {
            let range = from(&self.topic, log)..to(&self.topic, log);
            for (round, end) in self.random.cuts(range, 4).into_iter().enumerate() {
                batches.push((round, log, end));
            }
        }
        batches.sort_unstable();
        batches.into_iter().map(|(_, log, end)| (log, end)).collect()
    }

    /// Hands over everything that `lane` has not consumed yet.
    pub(crate) async fn deliver_rest(&mut self, lane: &mut Lane) -> Step {
        let batches = self.batches(|_, log| lane.consumed(log), |topic, log| topic.logs[log].end);
        for (log, end) in batches {
            lane.deliver(&mut self.topic, log, end).await?;
        }
        Ok(())
    }

    /// Hands over about half of every partition.
    pub(crate) async fn deliver_half(&mut self, lane: &mut Lane) -> Step {
        let batches =
            self.batches(|_, log| lane.consumed(log), |topic, log| topic.logs[log].end / 2);
        for (log, end) in batches {
            lane.deliver(&mut self.topic, log, end).await?;
        }
        Ok(())
    }

    /// How to start real processes.
    pub(crate) fn processes(&self) -> Step<Processes> {
        match &self.subject.processes {
            Some(processes) => Ok(processes.clone()),
            None => skipped("scenarios with real processes are switched off"),
        }
    }
}
