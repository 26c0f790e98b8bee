//! One connector: its topics awaited, its lanes or its loop run and run again.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kennel_broker::{BrokerConfig, Target};
use kennel_pipeline::sink::{Lane, LaneContext, SinkSpec};
use kennel_pipeline::source::{SourceContext, SourceEnd, SourceLoop, SourceSpec};
use kennel_pipeline::{Breaker, PipelineError, Remedy, Stats};
use kennel_state::ConnectorState;
use tokio::sync::{Barrier, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::restart::{RestartPolicy, Restarts, Verdict};
use crate::status::{State, Status};
use crate::topics::{self, Found};

/// How often a missing topic is looked for.
const TOPIC_INTERVAL: Duration = Duration::from_secs(1);

/// What to run.
pub struct ConnectorSpec {
    /// Its key.
    pub key: String,
    /// The broker.
    pub broker: BrokerConfig,
    /// Sink or source.
    pub work: Work,
    /// When to give up.
    pub restart: RestartPolicy,
}

/// Sink or source.
pub enum Work {
    /// One entry per topic.
    Sink(Vec<SinkTopic>),
    /// One loop.
    Source(Box<SourceTopics>),
}

/// A topic a sink reads.
pub struct SinkTopic {
    /// What each of its lanes is made from.
    pub spec: SinkSpec,
    /// Most lanes.
    pub parallelism: u32,
    /// Partitions to create a missing topic with; `None` waits for it.
    pub create: Option<u32>,
}

/// What a source writes to.
pub struct SourceTopics {
    /// What its loop is made from.
    pub spec: SourceSpec,
    /// Partitions to create missing topics with; `None` waits for them.
    pub create: Option<u32>,
}

/// A connector that was started.
pub struct Handle {
    /// Its key.
    pub key: String,
    /// Whether it is a source.
    pub is_source: bool,
    /// What it reads from Iggy: nothing, if it is a source.
    pub inputs: Vec<Input>,
    /// What it counts.
    pub stats: Arc<Stats>,
    /// Whether its other system can be reached.
    pub breaker: Arc<Breaker>,
    /// What it does.
    pub status: watch::Receiver<Status>,
    /// Ends after it has stopped, finished or failed.
    pub task: JoinHandle<()>,
}

/// A topic a sink reads, and the consumer group that holds its offsets.
#[derive(Debug, Clone)]
pub struct Input {
    /// The topic.
    pub target: Target,
    /// The group.
    pub group: String,
}

impl Input {
    fn of(topic: &SinkTopic) -> Self {
        Self { target: topic.spec.target.clone(), group: topic.spec.group.clone() }
    }
}

/// Starts a connector; it ends some time after `stop` is cancelled.
#[must_use]
pub fn start(spec: ConnectorSpec, state: ConnectorState, stop: &CancellationToken) -> Handle {
    let (status_sender, status) = watch::channel(Status { state: State::Starting, restarts: 0 });
    let stats = Arc::new(Stats::default());
    let breaker = Arc::new(Breaker::default());
    let supervised = Arc::new(Supervised {
        breaker: Arc::clone(&breaker),
        key: spec.key.clone(),
        broker: spec.broker,
        policy: spec.restart,
        state,
        stats: Arc::clone(&stats),
        // A connector that fails stops its own lanes, not its neighbours.
        stop: stop.child_token(),
        board: Board { lanes: Mutex::default(), status: status_sender },
    });
    let (is_source, inputs) = match &spec.work {
        Work::Sink(topics) => (false, topics.iter().map(Input::of).collect()),
        Work::Source(_) => (true, Vec::new()),
    };
    let task = tokio::spawn(async move {
        match spec.work {
            Work::Sink(topics) => supervised.run_sink(topics).await,
            Work::Source(topics) => Box::pin(supervised.run_source(*topics)).await,
        }
    });
    Handle { key: spec.key, is_source, inputs, stats, breaker, status, task }
}

struct Supervised {
    key: String,
    broker: BrokerConfig,
    policy: RestartPolicy,
    state: ConnectorState,
    stats: Arc<Stats>,
    breaker: Arc<Breaker>,
    stop: CancellationToken,
    board: Board,
}

/// The states of all lanes and what they add up to.
struct Board {
    lanes: Mutex<Vec<State>>,
    status: watch::Sender<Status>,
}

impl Board {
    fn add(&self) -> usize {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.push(State::Starting);
        lanes.len() - 1
    }

    fn get(&self, lane: usize) -> State {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)[lane].clone()
    }

    fn set(&self, lane: usize, state: State, restarted: bool) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes[lane] = state;
        // The order of the variants is the order of attention.
        let most = lanes.iter().max().cloned().unwrap_or(State::Starting);
        self.status.send_modify(|status| {
            status.state = most;
            status.restarts += u32::from(restarted);
        });
    }
}

impl Supervised {
    async fn run_sink(self: Arc<Self>, topics: Vec<SinkTopic>) {
        let mut tasks = JoinSet::new();
        for topic in topics {
            let this = Arc::clone(&self);
            tasks.spawn(async move { this.run_topic(topic).await });
        }
        self.join_all(tasks).await;
    }

    async fn run_topic(self: Arc<Self>, topic: SinkTopic) {
        let SinkTopic { spec, parallelism, create } = topic;
        let first = self.board.add();
        let Some(partitions) =
            self.await_topics(first, std::slice::from_ref(&spec.target), create).await
        else {
            return;
        };
        let lanes = parallelism.min(partitions.first().copied().unwrap_or(1)).max(1);
        let mut tasks = JoinSet::new();
        // Lanes that begin together share the partitions out once, instead of once per lane.
        let together = Arc::new(Barrier::new(lanes as usize));
        for number in 0..lanes {
            let this = Arc::clone(&self);
            let mut spec = spec.clone();
            spec.sink.spec.attributes.lane = number;
            let lane = if number == 0 { first } else { self.board.add() };
            let together = Arc::clone(&together);
            tasks.spawn(async move {
                let first_run = AtomicBool::new(true);
                this.keep_running(lane, || async {
                    let context = LaneContext {
                        state: this.state.clone(),
                        stats: Arc::clone(&this.stats),
                        breaker: Arc::clone(&this.breaker),
                        stop: this.stop.clone(),
                        together: first_run.swap(false, Relaxed).then(|| Arc::clone(&together)),
                    };
                    Box::pin(Lane::run(spec.clone(), context)).await.map(|()| State::Stopped)
                })
                .await;
            });
        }
        self.join_all(tasks).await;
    }

    async fn run_source(self: Arc<Self>, topics: SourceTopics) {
        let SourceTopics { spec, create } = topics;
        let lane = self.board.add();
        if self.await_topics(lane, &spec.targets, create).await.is_none() {
            return;
        }
        self.keep_running(lane, || async {
            let context = SourceContext {
                state: self.state.clone(),
                stats: Arc::clone(&self.stats),
                breaker: Arc::clone(&self.breaker),
                stop: self.stop.clone(),
            };
            let ran = Box::pin(SourceLoop::run(spec.clone(), context)).await;
            ran.map(|end| match end {
                SourceEnd::Finished => State::Finished,
                SourceEnd::Stopped => State::Stopped,
            })
        })
        .await;
    }

    /// Partitions of the targets, as soon as all of them exist; `None`: stopped before.
    async fn await_topics(
        &self,
        lane: usize,
        targets: &[Target],
        create: Option<u32>,
    ) -> Option<Vec<u32>> {
        let mut restarts = Restarts::new(self.policy);
        loop {
            let began = Instant::now();
            let found = tokio::select! {
                found = topics::find(&self.broker, targets, create) => found,
                () = self.stop.cancelled() => {
                    self.board.set(lane, State::Stopped, false);
                    return None;
                }
            };
            let (reason, wait) = match found {
                Ok(Found::All(partitions)) => return Some(partitions),
                Ok(Found::Missing(target)) => (
                    format!(
                        "topic {target} does not exist; create it, or set create = true in [[streams]]"
                    ),
                    TOPIC_INTERVAL,
                ),
                Err(error) => {
                    let error = PipelineError::from(error);
                    match restarts.judge(&error, began, Instant::now()) {
                        Verdict::RetryAfter(wait) => (error.explain(), wait),
                        Verdict::Fail(reason) => {
                            self.fail(lane, reason);
                            return None;
                        }
                    }
                }
            };
            self.pause(lane, reason, wait, false).await?;
        }
    }

    /// Runs `run` until it ends well or is not worth another try.
    async fn keep_running<F>(&self, lane: usize, run: impl Fn() -> F)
    where
        F: Future<Output = Result<State, PipelineError>>,
    {
        let mut restarts = Restarts::new(self.policy);
        loop {
            let began = Instant::now();
            self.board.set(lane, State::Running, false);
            let error = match run().await {
                Ok(state) => return self.board.set(lane, state, false),
                Err(error) => error,
            };
            if let PipelineError::Fault { fault, .. } = &error
                && let Some(backtrace) = &fault.backtrace
            {
                tracing::debug!(connector = self.key, "{backtrace}");
            }
            match restarts.judge(&error, began, Instant::now()) {
                Verdict::Fail(reason) => return self.fail(lane, reason),
                Verdict::RetryAfter(wait) => {
                    let restarted = error.remedy() == Remedy::Replace;
                    if self.pause(lane, error.explain(), wait, restarted).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// A defect of the host must not leave a connector that looks as if it ran.
    async fn join_all(&self, mut tasks: JoinSet<()>) {
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                let lane = self.board.add();
                self.fail(lane, format!("a task of the host ended unexpectedly: {error}"));
            }
        }
    }

    fn fail(&self, lane: usize, reason: String) {
        tracing::error!(connector = self.key, "failed: {reason}");
        self.board.set(lane, State::Failed(reason), true);
        self.stop.cancel();
    }

    /// Shows `reason` and waits; `None`: stopped meanwhile.
    async fn pause(
        &self,
        lane: usize,
        reason: String,
        wait: Duration,
        restarted: bool,
    ) -> Option<()> {
        let waiting = State::Waiting(reason);
        // What lasts is said once, not with every try.
        if self.board.get(lane) != waiting {
            let reason = waiting.reason().unwrap_or_default();
            tracing::warn!(connector = self.key, "{reason}; next try in {wait:.1?}");
        }
        self.board.set(lane, waiting, restarted);
        tokio::select! {
            () = tokio::time::sleep(wait) => Some(()),
            () = self.stop.cancelled() => {
                self.board.set(lane, State::Stopped, false);
                None
            }
        }
    }
}
