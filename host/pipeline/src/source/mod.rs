//! From another system to Iggy.
//!
//! D6: the broker confirms, then the cursor is saved, then the guest may have its side effects. The
//! guest reads on while its previous messages are on the way to the broker.

mod outbox;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kennel_broker::{BrokerConfig, Target};
use kennel_sandbox::capability::state::StagedWrites;
use kennel_sandbox::{GuestError, Limit, Origin, Produced, Progress, Source};
use kennel_state::{Commit, ConnectorState};
use tokio_util::sync::CancellationToken;

use crate::chain::{Chain, ChainError};
use crate::checkpoint::{commit, keyspaces};
use crate::fail_point::fail_point;
use crate::live::{Live, timed};
use crate::settle::{Settlement, Settler};
use crate::stage::Stage;
use crate::{Backoff, Breaker, Guest, PipelineError, Stats, TransformSpec};
use outbox::Outbox;

/// Polls in a row without a message, though there was to be more, after which the source is taken to have
/// nothing now. Each costs a durable write of its cursor, which all connectors share.
const EMPTY_POLLS: u32 = 8;

/// What a source is made from.
#[derive(Clone)]
pub struct SourceSpec {
    /// Key of the connector.
    pub connector: String,
    /// The broker.
    pub broker: BrokerConfig,
    /// Output topics by route; never empty. They exist.
    pub targets: Vec<Target>,
    /// Which partition a message goes to.
    pub partition_by: PartitionBy,
    /// Most messages of one poll.
    pub batch_messages: u32,
    /// Most bytes of one poll.
    pub batch_bytes: u64,
    /// How long a guest may wait for something to read, and the pause after it found nothing.
    pub poll_interval: Duration,
    /// Transforms in order.
    pub transforms: Vec<TransformSpec>,
    /// The source.
    pub source: Guest,
    /// What becomes of failures.
    pub settlement: Settlement,
}

/// Which partition a message goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionBy {
    /// One batch to each in turn.
    Balanced,
    /// By the hash of the message's key; without a key, in turn.
    Key,
    /// Always this one.
    Partition(u32),
}

/// How a source ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceEnd {
    /// It said that there will never be more, and all of it is in Iggy.
    Finished,
    /// It was asked to stop.
    Stopped,
}

/// One source with its own connection.
pub struct SourceLoop {
    spec: SourceSpec,
    source: Live<Source>,
    chain: Chain,
    settler: Settler,
    state: ConnectorState,
    stats: Arc<Stats>,
    breaker: Arc<Breaker>,
    stop: CancellationToken,
    outbox: Outbox,
    /// Numbers the messages since this start; transforms see it as their offset.
    next: u64,
}

/// What a source's loop shares with its connector.
pub struct SourceContext {
    /// The connector's state.
    pub state: ConnectorState,
    /// The connector's counters.
    pub stats: Arc<Stats>,
    /// The connector's breaker.
    pub breaker: Arc<Breaker>,
    /// Ends the loop at a batch boundary.
    pub stop: CancellationToken,
}

/// What one poll returned, with the state written on the way.
struct Polled {
    produced: Produced,
    writes: StagedWrites,
}

impl Polled {
    /// Whether the source said that there will never be more.
    fn is_last(&self) -> bool {
        self.produced.progress == Progress::Finished
    }
}

impl SourceLoop {
    /// Opens the guests, goes on after the saved cursor, and works until `stop` is cancelled or the
    /// source has finished.
    ///
    /// # Errors
    /// Why it cannot go on. What was read and not confirmed is read again after the next start.
    pub async fn run(spec: SourceSpec, context: SourceContext) -> Result<SourceEnd, PipelineError> {
        let SourceContext { state, stats, breaker, stop } = context;
        let chain = Chain::open(&spec.transforms, spec.targets.len(), &stats).await?;
        let source = Live::open(&spec.source, crate::SOURCE_ROLE.to_owned(), &stats).await?;
        let shared = Arc::clone(&stats);
        let settler = Settler::new(&spec.connector, &spec.settlement, &spec.broker, &state, shared);
        let mut this = Self {
            source,
            spec,
            chain,
            settler,
            state,
            stats,
            breaker,
            stop,
            outbox: Outbox::new(),
            next: 0,
        };
        let ended = Box::pin(this.work()).await;
        this.retire().await;
        ended
    }

    async fn retire(&mut self) {
        self.source.retire().await;
        self.chain.retire().await;
    }

    /// Goes on after the saved cursor.
    async fn begin(&mut self) -> Result<(), PipelineError> {
        let cursor = self.state.cursor()?.map(Bytes::from);
        let begun = self.source.call(|source| source.start(cursor.clone())).await?;
        begun.map_err(|source| self.refused(source))?;
        if let Some(cursor) = cursor {
            // Repeated after every start: the host may have died between saving and confirming.
            self.confirm(cursor).await?;
        }
        Ok(())
    }

    /// Puts fresh instances in the place of worn ones.
    async fn replace_worn(&mut self) -> Result<(), PipelineError> {
        self.retire().await;
        self.chain.revive().await?;
        self.source.revive().await?;
        self.begin().await
    }

    async fn work(&mut self) -> Result<SourceEnd, PipelineError> {
        self.begin().await?;
        let mut pending: Option<Polled> = None;
        let mut empty_polls: u32 = 0;
        loop {
            if self.source.is_worn() || self.chain.is_worn() {
                // What was read is delivered first: a fresh instance begins after the saved cursor.
                if let Some(polled) = pending.take_if(|polled| !polled.is_last()) {
                    self.deliver(polled).await?;
                }
                if pending.is_none() {
                    self.replace_worn().await?;
                }
            }
            let finished = pending.as_ref().is_some_and(Polled::is_last);
            if finished || self.stop.is_cancelled() {
                if let Some(polled) = pending.take() {
                    self.deliver(polled).await?;
                }
                return Ok(if finished { SourceEnd::Finished } else { SourceEnd::Stopped });
            }
            let limit = Limit::new(
                self.spec.batch_messages,
                self.spec.batch_bytes,
                self.spec.poll_interval.max(Duration::from_millis(1)),
            );
            let routes = self.spec.targets.len();
            let source = self.source.take()?;
            let (breaker, stop) = (Arc::clone(&self.breaker), self.stop.clone());
            let reading = async {
                match breaker.admit(&stop).await {
                    Some(permit) => Ok((permit, timed(source.poll(limit, routes)).await)),
                    None => Err(source),
                }
            };
            let delivering = async {
                match pending.take() {
                    Some(polled) => self.deliver_unconfirmed(polled).await,
                    None => Ok(None),
                }
            };
            let (delivered, read) = tokio::join!(delivering, reading);
            let answer = match read {
                Ok((permit, (called, time))) => Some((permit, self.source.give_back(called, time))),
                Err(source) => {
                    self.source.put_back(source);
                    None
                }
            };
            let delivered = delivered?;
            // Stopped while the breaker was open: the loop ends above.
            let Some((permit, answer)) = answer else {
                if let Some(cursor) = delivered {
                    self.confirm(cursor).await?;
                }
                continue;
            };
            // After a fault there is nobody to confirm to; the next start repeats it.
            let answer = answer?;
            if let Some(cursor) = delivered {
                self.confirm(cursor).await?;
            }
            match answer {
                Ok(produced) => {
                    permit.succeeded();
                    empty_polls = match produced.messages.is_empty() {
                        true => empty_polls.saturating_add(1),
                        false => 0,
                    };
                    let idle = match produced.progress {
                        Progress::Idle => empty_polls > 0,
                        Progress::More => empty_polls > EMPTY_POLLS,
                        Progress::Finished => false,
                    };
                    let writes = self.source.take_writes();
                    pending = Some(Polled { produced, writes });
                    if idle {
                        pause(&self.stop, self.spec.poll_interval).await;
                    }
                }
                Err(error) => {
                    let Some(asked) = crate::error::waits(&error) else {
                        return Err(self.refused(error));
                    };
                    self.stats.retried();
                    let wait = permit.failed(&error.to_string(), asked);
                    let connector = &self.spec.connector;
                    tracing::warn!(connector, "{error}; next try in {wait:.1?}");
                }
            }
        }
    }

    /// Delivers and confirms.
    async fn deliver(&mut self, polled: Polled) -> Result<(), PipelineError> {
        match self.deliver_unconfirmed(polled).await? {
            Some(cursor) => self.confirm(cursor).await,
            None => Ok(()),
        }
    }

    /// Transforms, sends, waits for the broker, saves the cursor. Answers the cursor to confirm.
    async fn deliver_unconfirmed(
        &mut self,
        polled: Polled,
    ) -> Result<Option<Bytes>, PipelineError> {
        let Polled { produced, writes } = polled;
        let ids = produced.ids;
        let origin = Origin {
            stream: self.spec.targets[0].stream.as_str().into(),
            topic: self.spec.targets[0].topic.as_str().into(),
            partition: 0,
            epoch: 0,
        };
        let root = Stage::produced(produced.messages, origin, self.next);
        let count = root.batch.len() as u64;
        if count > 0 {
            self.stats.read(count, root.batch.bytes());
            let mut backoff = Backoff::default();
            let mut chained = loop {
                match self.chain.apply(root.clone()).await {
                    Ok(chained) => break chained,
                    Err(ChainError::Pipeline(error)) => return Err(error),
                    Err(ChainError::Fault(fault)) => return Err(fault.into()),
                    Err(ChainError::Unavailable { component, error }) => {
                        self.stats.retried();
                        let wait = backoff.next_wait(crate::error::waits(&error).flatten());
                        tracing::warn!(component, "{error}; next try in {wait:.1?}");
                        pause(&self.stop, wait).await;
                        if self.stop.is_cancelled() {
                            return Ok(None);
                        }
                    }
                }
            };
            self.stats.filtered(chained.filtered);
            self.settler.settle(&root, root.batch.len(), &mut chained.failed).await?;
            if !self
                .outbox
                .send(&self.spec, &chained.stage, &ids, (&self.stats, &self.stop))
                .await?
            {
                return Ok(None);
            }
            self.next += count;
            let bytes = chained.stage.batch.bytes();
            self.stats.delivered(chained.stage.batch.len() as u64, bytes);
        }
        let mut all = keyspaces(crate::SOURCE_ROLE, writes);
        all.extend(self.chain.take_writes());
        let cursor = produced.cursor;
        let cursor_bytes = Some(cursor.to_vec());
        fail_point("before_cursor");
        commit(&self.state, Commit { cursor: cursor_bytes, writes: all, ..Commit::default() })
            .await?;
        fail_point("after_cursor");
        Ok(Some(cursor))
    }

    async fn confirm(&mut self, cursor: Bytes) -> Result<(), PipelineError> {
        // A confirmation is repeated after every start and with every later cursor, so one that the
        // other system cannot take now is not waited for.
        if let Err(error) = self.source.call(|source| source.confirm(cursor)).await? {
            if crate::error::waits(&error).is_none() {
                return Err(self.refused(error));
            }
            tracing::warn!(connector = self.spec.connector, "confirm: {error}");
        }
        fail_point("after_confirm");
        Ok(())
    }

    fn refused(&self, source: GuestError) -> PipelineError {
        PipelineError::Guest { component: self.source.name().to_owned(), source }
    }
}

async fn pause(stop: &CancellationToken, wait: Duration) {
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = stop.cancelled() => {}
    }
}
