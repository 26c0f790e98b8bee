//! One lane: what its poller read goes through its guests, is settled and checkpointed, in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kennel_broker::{BrokerError, StartPosition};
use kennel_sandbox::{Origin, Position, Sink};
use kennel_state::{Commit, ConnectorState};
use tokio::sync::{Barrier, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::SinkSpec;
use super::deliver::{Delivered, Guests, Outcome, unavailable};
use super::poller::{Event, PREFETCH, Poller, Request};
use super::progress::{Held, Partition};
use crate::chain::Chain;
use crate::checkpoint::{commit, keyspaces};
use crate::live::Live;
use crate::settle::Settler;
use crate::stage::Stage;
use crate::stats::LaneActivity;
use crate::{Backoff, PipelineError, Stats};

/// Offsets are stored at most this often, and whenever the lane comes to rest.
const STORE_INTERVAL: Duration = Duration::from_millis(200);
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
    held: Held,
    last_store: Instant,
    last_call: Instant,
    requests: mpsc::Sender<Request>,
}

/// What a lane shares with its connector.
pub struct LaneContext {
    /// The connector's state.
    pub state: ConnectorState,
    /// The connector's counters.
    pub stats: Arc<Stats>,
    /// Ends the lane at a batch boundary.
    pub stop: CancellationToken,
    /// Where lanes that begin together wait for each other before they ask for partitions.
    pub together: Option<Arc<Barrier>>,
}

impl Lane {
    /// Opens the guests, joins the group and works until it is stopped; then drains.
    ///
    /// # Errors
    /// Why the lane cannot go on. Nothing is lost: offsets were stored only as far as messages were
    /// settled.
    pub async fn run(spec: SinkSpec, context: LaneContext) -> Result<(), PipelineError> {
        let LaneContext { state, stats, stop, together } = context;
        let name = spec.sink.component.description().name.clone();
        let chain = Chain::open(&spec.transforms, 1, &stats).await?;
        let sink = Sink::open(&spec.sink.component, &spec.sink.spec).await.map_err(|source| {
            PipelineError::Start { component: name.clone(), source: Box::new(source) }
        })?;
        let (events_sender, mut events) = mpsc::channel(PREFETCH);
        let (requests, requests_receiver) = mpsc::channel(8);
        let poller = Poller::join(&spec, events_sender, requests_receiver).await?;
        if let Some(together) = together {
            // A lane that cannot join does not keep the others waiting.
            drop(tokio::time::timeout(TOGETHER, together.wait()).await);
        }
        let poller = tokio::spawn(poller.run());
        let mut lane = Lane {
            guests: Guests {
                chain,
                sink: Live::new(name.into(), sink, Arc::clone(&stats)),
                stats: Arc::clone(&stats),
                stop: stop.clone(),
                attempts: spec.settlement.attempts,
            },
            settler: Settler::new(
                &spec.connector,
                &spec.settlement,
                &spec.broker,
                Arc::clone(&stats),
            ),
            state,
            activity: stats.lane(),
            stats,
            partitions: BTreeMap::new(),
            held: Held::default(),
            last_store: Instant::now(),
            last_call: Instant::now(),
            requests,
            spec,
        };
        let worked = lane.work(&mut events, &stop).await;
        let ended = match worked {
            Ok(()) => lane.drain().await,
            Err(error) => {
                lane.save_what_is_settled().await;
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
                () = tokio::time::sleep_until(due.into()) => {
                    self.keep_time().await?;
                    continue;
                }
                event = events.recv() => event,
            };
            match event {
                Some(Event::Batch { partition, polled }) => {
                    let next = self.partitions.get(&partition).map(|partition| partition.consumed);
                    // Fenced while the poller went on: only joining again shows what is ours.
                    let Some(begin) = next else { return Err(self.fenced(partition)) };
                    let end = polled.current_offset.saturating_add(1);
                    let origin = self.origin(partition);
                    let stage = Stage::polled(polled, origin, self.spec.format.clone(), begin);
                    if let Outcome::Stopped = self.process(partition, stage, end).await? {
                        return Ok(());
                    }
                }
                Some(Event::Gained { partition, next, stored }) => {
                    self.gain(partition, next, stored).await?;
                }
                Some(Event::Lost { partition }) => self.lose(partition).await?,
                Some(Event::Idle) => self.rest().await?,
                Some(Event::Failed(error)) => return Err(error.into()),
                None => return Err(PipelineError::Internal("the poller is gone".into())),
            }
        }
    }

    /// Poll, transform, consume, settle; the checkpoint follows when it is due.
    async fn process(
        &mut self,
        partition: u32,
        root: Stage,
        end: u64,
    ) -> Result<Outcome<()>, PipelineError> {
        let next = root.batch.end;
        self.activity.busy();
        self.stats.read(root.batch.len() as u64, root.batch.bytes());
        let delivered = self.guests.deliver(root.clone()).await?;
        let Outcome::Done(mut delivered) = delivered else { return Ok(Outcome::Stopped) };
        self.last_call = Instant::now();
        // D1, D3: failures are settled before the offset may pass them.
        self.settler.settle(&root, &mut delivered.failed).await?;
        self.take(partition, next, &delivered);
        self.stats.progress(&self.spec.target, partition, next, end);
        if self.held.is_due(&self.spec.flush) {
            return self.flush().await;
        }
        if self.last_store.elapsed() >= STORE_INTERVAL {
            self.checkpoint().await?;
        }
        Ok(Outcome::Done(()))
    }

    /// Books what a batch led to.
    fn take(&mut self, partition: u32, next: u64, delivered: &Delivered) {
        let Some(known) = self.partitions.get_mut(&partition) else { return };
        known.consumed = next;
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

    /// Makes what is held durable.
    async fn flush(&mut self) -> Result<Outcome<()>, PipelineError> {
        let mut backoff = Backoff::default();
        while self.held.since.is_some() {
            match self.guests.sink.call(Sink::flush).await? {
                Ok(positions) => {
                    if self.settle_held(&positions) {
                        continue;
                    }
                    let detail = "flush left a part of what is held".to_owned();
                    let error = unavailable(detail);
                    if self.guests.wait_for_sink(&mut backoff, &error).await.is_stopped() {
                        return Ok(Outcome::Stopped);
                    }
                }
                Err(error) => {
                    let error = self.guests.unavailable(error)?;
                    if self.guests.wait_for_sink(&mut backoff, &error).await.is_stopped() {
                        return Ok(Outcome::Stopped);
                    }
                }
            }
        }
        self.last_call = Instant::now();
        self.checkpoint().await?;
        Ok(Outcome::Done(()))
    }

    /// D2: what the destination has is settled, and no more; false: a part is still held. A sink that
    /// names no position of a partition says by its success that all of it is durable.
    fn settle_held(&mut self, positions: &[Position]) -> bool {
        let topic = self.spec.target.topic.as_str();
        let mut complete = true;
        for (partition, known) in &mut self.partitions {
            let named = positions
                .iter()
                .find(|position| position.partition == *partition && position.topic == topic);
            let reached = named.map_or(known.consumed, |position| position.next);
            known.settled = known.settled.max(reached.min(known.consumed));
            complete &= known.settled == known.consumed;
        }
        if complete {
            let held = std::mem::take(&mut self.held);
            self.stats.delivered(held.messages, held.bytes);
        }
        complete
    }

    /// D5: state first, then the offset. A crash between the two repeats messages, never loses them.
    async fn checkpoint(&mut self) -> Result<(), PipelineError> {
        if self.held.since.is_none() {
            let sink = self.guests.sink.guest().map(Sink::take_writes).unwrap_or_default();
            let mut writes = keyspaces(crate::SINK_ROLE, sink);
            writes.extend(self.guests.chain.take_writes());
            commit(&self.state, Commit { cursor: None, writes }).await?;
        }
        self.store_settled().await
    }

    /// Stores the offset of every partition that moved.
    async fn store_settled(&mut self) -> Result<(), PipelineError> {
        self.last_store = Instant::now();
        let moved: Vec<(u32, u64)> = self
            .partitions
            .iter()
            .filter(|(_, known)| known.settled > known.stored.unwrap_or(0))
            .map(|(partition, known)| (*partition, known.settled))
            .collect();
        for (partition, next) in moved {
            let (done, stored) = oneshot::channel();
            let request = Request::Store { partition, offset: next - 1, done };
            let gone = || PipelineError::Internal("the poller is gone".into());
            self.requests.send(request).await.map_err(|_| gone())?;
            match stored.await.map_err(|_| gone())? {
                Ok(()) => {
                    if let Some(known) = self.partitions.get_mut(&partition) {
                        known.stored = Some(next);
                    }
                }
                // The partition is another member's now; it begins at what was stored before.
                Err(error @ BrokerError::Fenced { .. }) => {
                    tracing::info!(connector = self.spec.connector, "{error}");
                    self.partitions.remove(&partition);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// After a failure: what was settled before need not come again. D5: with state that is only so
    /// when the state is there too, and a guest that is gone took its last writes along.
    async fn save_what_is_settled(&mut self) {
        let guests = self.spec.transforms.iter().chain([&self.spec.sink]);
        if guests.into_iter().any(|guest| guest.spec.grants.state_bytes.is_some()) {
            return;
        }
        if let Err(error) = self.store_settled().await {
            tracing::debug!(connector = self.spec.connector, "offsets not stored: {error}");
        }
    }

    async fn gain(
        &mut self,
        partition: u32,
        next: u64,
        stored: Option<u64>,
    ) -> Result<(), PipelineError> {
        let origin = self.origin(partition);
        tracing::info!(connector = self.spec.connector, next, "assigned {origin}");
        let saved = stored.map(|offset| offset.saturating_add(1));
        let answer = self.guests.sink.call(|sink| sink.assign(origin, saved)).await?;
        // The position a destination reports is used once transactional sinks are accepted.
        if let Err(source) = answer {
            let component = self.guests.sink.name().to_string();
            return Err(PipelineError::Guest { component, source });
        }
        // Where "latest" was is stored at once, or messages that come while we are down would be
        // passed over. Every other start gives the same offset again.
        let stored = match self.spec.start {
            StartPosition::Latest => saved,
            _ => saved.or(Some(next)),
        };
        let known = Partition { consumed: next, settled: next, stored };
        self.partitions.insert(partition, known);
        self.stats.progress(&self.spec.target, partition, next, next);
        Ok(())
    }

    /// The broker leaves us the commit of what we polled, so there is time to finish.
    async fn lose(&mut self, partition: u32) -> Result<(), PipelineError> {
        let origin = self.origin(partition);
        tracing::info!(connector = self.spec.connector, "giving up {origin}");
        if self.flush().await?.is_stopped() {
            return Ok(());
        }
        self.partitions.remove(&partition);
        self.stats.forget(&self.spec.target, partition);
        if let Err(error) = self.guests.sink.call(|sink| sink.revoke(origin, false)).await? {
            tracing::warn!(connector = self.spec.connector, "revoke: {error}");
        }
        Ok(())
    }

    /// Nothing new anywhere: a good moment for the checkpoint.
    async fn rest(&mut self) -> Result<(), PipelineError> {
        self.checkpoint().await?;
        if self.held.since.is_none() {
            self.activity.idle();
        }
        Ok(())
    }

    fn fenced(&self, partition: u32) -> PipelineError {
        BrokerError::Fenced { name: self.spec.target.to_string(), partition }.into()
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

    async fn keep_time(&mut self) -> Result<(), PipelineError> {
        if self.held.since.is_some_and(|since| since.elapsed() >= self.spec.flush.age) {
            self.flush().await?;
        }
        if self.heartbeat().is_some_and(|heartbeat| self.last_call.elapsed() >= heartbeat) {
            self.last_call = Instant::now();
            if let Err(error) = self.guests.sink.call(Sink::tick).await? {
                self.guests.unavailable(error)?;
            }
        }
        Ok(())
    }

    /// D7: ends at a batch boundary with everything settled stored.
    async fn drain(&mut self) -> Result<(), PipelineError> {
        // A stop must not be waited out by an outage: one try, and what stays held comes again.
        if self.held.since.is_some() {
            self.flush().await?;
        }
        self.checkpoint().await?;
        for partition in self.partitions.keys().copied().collect::<Vec<_>>() {
            let origin = self.origin(partition);
            if let Err(error) = self.guests.sink.call(|sink| sink.revoke(origin, false)).await? {
                tracing::warn!(connector = self.spec.connector, "revoke: {error}");
            }
            self.stats.forget(&self.spec.target, partition);
        }
        Ok(())
    }

    /// Best effort: a member that does not say goodbye is missed by the broker all the same.
    async fn leave(self) {
        let (done, left) = oneshot::channel();
        if self.requests.send(Request::Leave { done }).await.is_ok() {
            drop(left.await);
        }
        if let Some(sink) = self.guests.sink.into_guest() {
            sink.close().await;
        }
        self.guests.chain.close().await;
    }

    fn origin(&self, partition: u32) -> Origin {
        Origin {
            stream: self.spec.target.stream.as_str().into(),
            topic: self.spec.target.topic.as_str().into(),
            partition,
            epoch: 0,
        }
    }
}
