//! One lane: what its poller read goes through its guests, is settled and checkpointed, in order.

mod assignment;
mod checkpoint;
mod recovery;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kennel_broker::BrokerError;
use kennel_sandbox::Sink;
use kennel_state::ConnectorState;
use tokio::sync::{Barrier, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::SinkSpec;
use super::deliver::{Delivered, Guests, Outcome};
use super::poller::{Event, PREFETCH, Poller, Request};
use super::progress::{Held, Partition};
use super::quarantine::Quarantine;
use crate::chain::Chain;
use crate::fail_point::fail_point;
use crate::live::Live;
use crate::settle::Settler;
use crate::stage::Stage;
use crate::stats::LaneActivity;
use crate::{Breaker, PipelineError, Stats};
use recovery::Recoveries;

/// How long a lane waits for those that begin with it.
const TOGETHER: Duration = Duration::from_secs(1);

/// One connection, one group member, one instance of each guest.
pub struct Lane {
    spec: SinkSpec,
    guests: Guests,
    settler: Settler,
    state: ConnectorState,
    stats: Arc<Stats>,
    activity: Arc<LaneActivity>,
    partitions: BTreeMap<u32, Partition>,
    quarantines: BTreeMap<u32, Quarantine>,
    recoveries: Recoveries,
    held: Held,
    /// The sink was given a batch whose failures are not settled. It must not be flushed then: its
    /// position would pass them.
    unsettled: bool,
    last_store: Instant,
    last_call: Instant,
    requests: mpsc::Sender<Request>,
    /// When the topic was created; part of the epoch.
    topic_created_at: u64,
}

/// What a lane shares with its connector.
pub struct LaneContext {
    /// The connector's state.
    pub state: ConnectorState,
    /// The connector's counters.
    pub stats: Arc<Stats>,
    /// The connector's breaker.
    pub breaker: Arc<Breaker>,
    /// Ends the lane at a batch boundary.
    pub stop: CancellationToken,
    /// Where lanes that begin together wait for each other before they ask for partitions.
    pub together: Option<Arc<Barrier>>,
}

/// Whether the lane goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    /// Stopped while waiting; what is in hand comes again after the next start.
    Stop,
}

impl Lane {
    /// Opens the guests, joins the group and works until it is stopped; then drains.
    ///
    /// # Errors
    /// Why the lane cannot go on. Nothing is lost: offsets were stored only as far as messages were
    /// settled.
    pub async fn run(spec: SinkSpec, context: LaneContext) -> Result<(), PipelineError> {
        let LaneContext { state, stats, breaker, stop, together } = context;
        let chain = Chain::open(&spec.transforms, 1, &stats).await?;
        let sink = Live::open(&spec.sink, crate::SINK_ROLE.to_owned(), &stats).await?;
        let (events_sender, mut events) = mpsc::channel(PREFETCH);
        let (requests, requests_receiver) = mpsc::channel(8);
        let poller = Poller::join(&spec, events_sender, requests_receiver).await?;
        if let Some(together) = together {
            // A lane that cannot join does not keep the others waiting.
            drop(tokio::time::timeout(TOGETHER, together.wait()).await);
        }
        let topic_created_at = poller.created_at();
        let poller = tokio::spawn(poller.run());
        let (settlement, shared) = (&spec.settlement, Arc::clone(&stats));
        let settler = Settler::new(&spec.connector, settlement, &spec.broker, &state, shared);
        let attempts = settlement.attempts;
        let mut lane = Lane {
            settler,
            state,
            activity: stats.lane(),
            partitions: BTreeMap::new(),
            quarantines: BTreeMap::new(),
            recoveries: Recoveries::new(settlement.restarts),
            held: Held::default(),
            unsettled: false,
            last_store: Instant::now(),
            last_call: Instant::now(),
            requests,
            topic_created_at,
            guests: Guests {
                accounts_for_all: spec.is_transactional()
                    && (chain.has_state() || sink.has_state()),
                chain,
                sink,
                breaker,
                stats: Arc::clone(&stats),
                stop: stop.clone(),
                attempts,
            },
            stats,
            spec,
        };
        let worked = lane.work(&mut events, &stop).await;
        let ended = match worked {
            Ok(()) => lane.drain().await,
            Err(error) => {
                // What came before a message that somebody has to decide about need not wait for it.
                if error.is_about_messages() && !lane.unsettled {
                    drop(lane.drain().await);
                } else {
                    lane.save_what_is_settled().await;
                }
                Err(error)
            }
        };
        lane.leave().await;
        // A poller that waits to hand over an event ends when nobody can take it.
        drop(events);
        poller.await.map_err(|error| PipelineError::Internal(error.to_string()))?;
        ended
    }

    async fn work(
        &mut self,
        events: &mut mpsc::Receiver<Event>,
        stop: &CancellationToken,
    ) -> Result<(), PipelineError> {
        loop {
            let due = self.next_deadline();
            let event = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(due.into()) => None,
                event = events.recv() => {
                    Some(event.ok_or_else(|| PipelineError::Internal("the poller is gone".into()))?)
                }
            };
            let flow = match event {
                None => self.keep_time().await?,
                Some(Event::Batch { partition, polled, seeks }) => {
                    // Fenced while the poller went on: only joining again shows what is ours.
                    let known = self.partitions.get(&partition).ok_or_else(|| {
                        let name = self.spec.target.to_string();
                        BrokerError::Fenced { name, partition }
                    })?;
                    if known.seeks != seeks {
                        continue;
                    }
                    let end = polled.current_offset.saturating_add(1);
                    let (origin, given) = (known.origin.clone(), known.given);
                    let stage = Stage::polled(polled, origin, self.spec.format.clone(), given);
                    self.process(partition, stage, end).await?
                }
                Some(Event::Gained(gained)) => self.gain(gained).await?,
                Some(Event::Lost { partition }) => self.lose(partition).await?,
                Some(Event::Idle) => self.rest().await?,
                Some(Event::Failed(error)) => return Err(error.into()),
            };
            if flow == Flow::Stop {
                return Ok(());
            }
        }
    }

    /// Poll, transform, consume, settle; the checkpoint follows when it is due.
    async fn process(
        &mut self,
        partition: u32,
        root: Stage,
        end: u64,
    ) -> Result<Flow, PipelineError> {
        fail_point("after_poll");
        self.activity.busy();
        self.stats.read(root.batch.len() as u64, root.batch.bytes());
        let quarantine = self.quarantines.entry(partition).or_default();
        for mut part in quarantine.cut(&root) {
            // The sink's batches follow one another without a gap, whatever was not for it in between.
            if let Some(known) = self.partitions.get(&partition) {
                part.stage.batch.begin = known.given;
            }
            let messages = part.stage.batch.len() + part.guilty.len();
            let nothing = part.stage.batch.is_empty() && !self.guests.accounts_for_all;
            let delivered = match nothing {
                true => Delivered::nothing(),
                false => match self.guests.deliver(part.stage.clone()).await? {
                    Outcome::Done(delivered) => delivered,
                    Outcome::Stopped => return Ok(Flow::Stop),
                    Outcome::Ended(fault) => {
                        return self.recover(Some((partition, &root, &part.stage)), fault).await;
                    }
                },
            };
            fail_point("after_consume");
            self.last_call = Instant::now();
            self.unsettled = delivered.given;
            // D1, D3: failures are settled before the offset may pass them.
            let mut failed = part.guilty;
            failed.extend_from_slice(&delivered.failed);
            self.settler.settle(&root, messages, &mut failed).await?;
            self.take(partition, part.end, &delivered);
            self.unsettled = false;
            self.stats.progress(&self.spec.target, partition, part.end, end);
        }
        if self.held.is_due(&self.spec.flush) {
            return self.flush().await;
        }
        self.checkpoint_if_due().await
    }

    /// Books what a batch led to.
    fn take(&mut self, partition: u32, next: u64, delivered: &Delivered) {
        let Some(known) = self.partitions.get_mut(&partition) else { return };
        known.consumed = next;
        if delivered.given {
            known.given = next;
        }
        if delivered.held {
            self.held.messages += delivered.messages;
            self.held.bytes += delivered.bytes;
            self.held.since.get_or_insert_with(Instant::now);
        } else {
            self.stats.delivered(delivered.messages, delivered.bytes);
        }
        // D2: what follows something held is not settled either, or the offset would pass it.
        if self.held.since.is_none() {
            known.settled = next;
        }
    }

    /// Nothing new anywhere: a good moment for the checkpoint.
    async fn rest(&mut self) -> Result<Flow, PipelineError> {
        self.checkpoint().await?;
        if self.held.since.is_none() {
            self.activity.idle();
        }
        self.replace_worn().await
    }

    fn heartbeat(&self) -> Option<Duration> {
        let millis = self.spec.sink.component.description().heartbeat_ms;
        (millis > 0).then(|| Duration::from_millis(millis))
    }

    fn next_deadline(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(60);
        let flush = self.held.since.map(|since| since + self.spec.flush.age);
        let tick = self.heartbeat().map(|heartbeat| self.last_call + heartbeat);
        [flush, tick].into_iter().flatten().fold(far, Instant::min)
    }

    async fn keep_time(&mut self) -> Result<Flow, PipelineError> {
        if self.held.since.is_some_and(|since| since.elapsed() >= self.spec.flush.age)
            && self.flush().await? == Flow::Stop
        {
            return Ok(Flow::Stop);
        }
        if self.heartbeat().is_some_and(|heartbeat| self.last_call.elapsed() >= heartbeat) {
            self.last_call = Instant::now();
            return match self.guests.call_sink(Sink::tick, |_| Vec::new()).await? {
                Outcome::Done(_) => Ok(Flow::Continue),
                Outcome::Stopped => Ok(Flow::Stop),
                Outcome::Ended(fault) => self.recover(None, fault).await,
            };
        }
        Ok(Flow::Continue)
    }

    /// Best effort: a member that does not say goodbye is missed by the broker all the same.
    async fn leave(mut self) {
        let (done, left) = oneshot::channel();
        if self.requests.send(Request::Leave { done }).await.is_ok() {
            drop(left.await);
        }
        self.guests.sink.retire().await;
        self.guests.chain.retire().await;
    }
}
